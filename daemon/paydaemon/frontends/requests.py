"""What requests may say: bodies as strict models, query strings parameter by parameter.

Nothing unknown is taken and nothing is converted. Whatever is wrong comes out as a `Refusal` that names the
field by its path, the query parameter or the header.
"""

import json
import re
from collections.abc import Callable, Mapping
from enum import StrEnum
from typing import Annotated, Any, Literal, TypeVar
from urllib.parse import urlsplit

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, ValidationError
from pydantic_core import ErrorDetails, PydanticCustomError
from werkzeug.datastructures import Headers, MultiDict

from paydaemon.core.errors import Refusal, invalid
from paydaemon.core.invoice import LatePolicy, Mark
from paydaemon.engine.orders import InvoiceRequest
from paydaemon.frontends.strictjson import dotted

MAX_NOTE = 1_000
MAX_METADATA_KEYS = 50
MAX_METADATA_KEY = 64
MAX_METADATA_TEXT = 500
MAX_METADATA_BYTES = 8_192
MAX_URL = 2_000
MAX_CHAINS = 20
MAX_LIMIT = 200
DEFAULT_LIMIT = 50
MAX_QUERY_TEXT = 255
IDEMPOTENCY_KEY = re.compile(r"[!-~]{1,255}", re.ASCII)
ID = re.compile(r"[A-Za-z0-9_-]{1,64}", re.ASCII)

_EMAIL = re.compile(r"[^\s@<>,;\"\\\x00-\x1f\x7f-\x9f]{1,64}@[^\s@<>,;\"\\\x00-\x1f\x7f-\x9f]{1,189}")
_LOCALE = re.compile(r"[A-Za-z]{2,8}(?:-[A-Za-z0-9]{1,8}){0,4}", re.ASCII)
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]")
_URL = re.compile(r"https?://[!-~]+", re.ASCII)
_DIGITS = re.compile(r"[0-9]{1,18}", re.ASCII)

_TYPES = {
    "string_type": "a string",
    "int_type": "a whole number",
    "int_from_float": "a whole number",
    "list_type": "a list",
    "dict_type": "an object",
    "model_type": "an object",
    "model_attributes_type": "an object",
}

M = TypeVar("M", bound=BaseModel)
E = TypeVar("E", bound=StrEnum)


def _error(code: str, message: str) -> PydanticCustomError:
    return PydanticCustomError(code, "{message}", {"message": message})


def _decimal_string(value: object) -> object:
    if not isinstance(value, str):
        raise _error("not_a_string", 'must be a decimal string such as "12.50", not a number')
    return value


def _matching(pattern: re.Pattern[str], message: str) -> Callable[[str], str]:
    def check(text: str) -> str:
        if pattern.fullmatch(text) is None:
            raise _error("invalid_value", message)
        return text

    return check


def _one_line(text: str) -> str:
    if _CONTROL.search(text):
        raise _error("invalid_value", "must not hold line breaks or other control characters")
    return text


def _plain_url(url: str) -> str:
    if _URL.fullmatch(url) is None or not _has_host(url):
        raise _error("not_a_url", 'must be a URL such as "https://shop.example/thanks"')
    if "@" in urlsplit(url).netloc:
        raise _error("not_a_url", "must hold no user and no password")
    return url


def _has_host(url: str) -> bool:
    try:
        parts = urlsplit(url)
        return bool(parts.hostname) and (parts.port is None or parts.port > 0)
    except ValueError:
        return False


def _small(metadata: dict[str, Any]) -> dict[str, Any]:
    size = len(json.dumps(metadata, ensure_ascii=False, separators=(",", ":")).encode())
    if size > MAX_METADATA_BYTES:
        raise _error("too_long", f"must be at most {MAX_METADATA_BYTES} bytes of JSON, is {size}")
    return metadata


class Body(BaseModel):
    """Base of every request's body."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


class Buyer(Body):
    """Whom the invoice is for."""

    email: Annotated[str, AfterValidator(_matching(_EMAIL, "must be an email address"))] | None = None
    locale: Annotated[str, AfterValidator(_matching(_LOCALE, "must be a locale: de or de-AT"))] | None = None
    name: Annotated[str, Field(min_length=1, max_length=200), AfterValidator(_one_line)] | None = None


class NewInvoice(Body):
    """``POST /v1/invoices``."""

    amount: Annotated[str, BeforeValidator(_decimal_string), Field(max_length=62)]
    currency: Annotated[str, Field(min_length=1, max_length=64)]
    seller_id: Annotated[str, Field(min_length=1, max_length=64)] | None = None
    note: Annotated[str, Field(max_length=MAX_NOTE)] | None = None
    metadata: Annotated[
        dict[Annotated[str, Field(min_length=1, max_length=MAX_METADATA_KEY)], Any],
        Field(max_length=MAX_METADATA_KEYS),
        AfterValidator(_small),
    ] = Field(default_factory=dict)
    chains: (
        Annotated[
            list[Annotated[str, Field(min_length=1, max_length=64)]],
            Field(min_length=1, max_length=MAX_CHAINS),
        ]
        | None
    ) = None
    expires_in_s: Annotated[int, Field(ge=60, le=604_800)] | None = None
    confirmations: Annotated[int, Field(ge=0, le=100)] | None = None
    buyer: Buyer = Field(default_factory=Buyer)
    return_url: Annotated[str, Field(max_length=MAX_URL), AfterValidator(_plain_url)] | None = None
    late: Literal["hold", "settle"] | None = None

    def order(self) -> InvoiceRequest:
        """The same, as the engine takes it."""
        return InvoiceRequest(
            amount=self.amount,
            currency=self.currency,
            seller_id=self.seller_id,
            note=self.note,
            metadata=self.metadata,
            chains=None if self.chains is None else tuple(self.chains),
            expires_in_s=self.expires_in_s,
            confirmations=self.confirmations,
            buyer=self.buyer.model_dump(exclude_none=True),
            return_url=self.return_url,
            late=None if self.late is None else LatePolicy(self.late),
        )


class NewMark(Body):
    """``POST /v1/invoices/{id}/mark``."""

    status: Literal["settled", "invalid"]

    def mark(self) -> Mark:
        """The same, as the engine takes it."""
        return Mark(self.status)


class Assignment(Body):
    """``POST /v1/payments/{id}/assign``."""

    invoice_id: Annotated[str, Field(min_length=1, max_length=64)]


class NewSeller(Body):
    """``POST /admin/v1/sellers``."""

    id: Annotated[str, Field(min_length=1, max_length=64)]
    name: Annotated[str, Field(min_length=1, max_length=200), AfterValidator(_one_line)] | None = None


class MadeBackup(Body):
    """``POST /admin/v1/backups``: where a backup was put, and up to which event it reaches."""

    file: Annotated[str, Field(min_length=1, max_length=4_096), AfterValidator(_one_line)]
    epoch: Annotated[str, AfterValidator(_matching(ID, "must be an epoch of the journal"))]
    last_seq: Annotated[int, Field(ge=0, le=10**18)]


def check(model: type[M], value: Mapping[str, object]) -> M:
    """The body as its model. Raises `Refusal` naming the field; an unknown field is told before any other."""
    try:
        found = model.model_validate(value)
    except ValidationError as error:
        errors = error.errors(include_url=False, include_input=False)
        raise _refusal(min(errors, key=lambda one: one["type"] != "extra_forbidden")) from None
    _check_metadata(getattr(found, "metadata", {}), ("metadata",))
    return found


def _refusal(error: ErrorDetails) -> Refusal:
    param = dotted([step for step in error["loc"] if step != "[key]"])
    bounds = error.get("ctx", {})
    match error["type"]:
        case "missing":
            return invalid(param, "is required", "missing")
        case "extra_forbidden":
            return invalid(param, "is not a field of this request", "unknown_field")
        case "string_too_long" | "too_long":
            return invalid(param, f"must be at most {bounds.get('max_length')} long", "too_long")
        case "string_too_short" | "too_short":
            return invalid(param, "must not be empty", "too_short")
        case "greater_than_equal":
            return invalid(param, f"must be at least {bounds.get('ge')}", "out_of_range")
        case "less_than_equal":
            return invalid(param, f"must be at most {bounds.get('le')}", "out_of_range")
        case "literal_error":
            return invalid(param, f"must be {bounds.get('expected')}", "invalid_value")
        case code if "message" in bounds:
            return invalid(param, str(bounds["message"]), code)
        case code:
            return invalid(param, f"must be {_TYPES.get(code, 'of another type')}", "wrong_type")


def _check_metadata(value: object, path: tuple[str, ...]) -> None:
    """Metadata is the seller's own JSON; its texts and keys are bounded here, its depth and size before."""
    match value:
        case str() if len(value) > MAX_METADATA_TEXT:
            raise invalid(dotted(path), f"must be at most {MAX_METADATA_TEXT} long", "too_long")
        case list():
            for index, item in enumerate(value):
                _check_metadata(item, (*path, str(index)))
        case dict():
            for key, item in value.items():
                if len(key) > MAX_METADATA_KEY:
                    raise invalid(dotted((*path, key)), f"is longer than {MAX_METADATA_KEY}", "too_long")
                _check_metadata(item, (*path, key))
        case _:
            pass


def idempotency_key(headers: Headers) -> str | None:
    """The ``Idempotency-Key`` header. Raises `Refusal` where it is unusable or given twice."""
    given = headers.getlist("Idempotency-Key")
    if not given:
        return None
    if len(given) > 1 or IDEMPOTENCY_KEY.fullmatch(given[0]) is None:
        raise invalid("Idempotency-Key", "must be one value of 1 to 255 visible ASCII characters")
    return given[0]


class Query:
    """A query string. Parameters that are not `known`, or are given twice without need, are refused."""

    def __init__(self, args: MultiDict[str, str], known: tuple[str, ...]) -> None:
        for name in args:
            if name not in known:
                raise invalid(dotted([name]), "is not a parameter of this request", "unknown_parameter")
        self._args = args

    def text(self, name: str) -> str | None:
        """A parameter as it stands, or None."""
        given = self._args.getlist(name)
        if len(given) > 1:
            raise invalid(name, "is given twice", "duplicate_parameter")
        if given and (not given[0] or len(given[0]) > MAX_QUERY_TEXT or _CONTROL.search(given[0])):
            raise invalid(name, f"must be 1 to {MAX_QUERY_TEXT} printable characters")
        return given[0] if given else None

    def integer(self, name: str, least: int, most: int) -> int | None:
        """A parameter as a whole number of ASCII digits, or None."""
        text = self.text(name)
        if text is None:
            return None
        if _DIGITS.fullmatch(text) is None or not least <= int(text) <= most:
            raise invalid(name, f"must be a whole number from {least} to {most}", "out_of_range")
        return int(text)

    def limit(self, most: int = MAX_LIMIT) -> int:
        """``limit``: how many items a page holds at most; never more than the operator's `most`."""
        return min(self.integer("limit", 1, MAX_LIMIT) or DEFAULT_LIMIT, most)

    def id(self, name: str) -> str | None:
        """A parameter that is an identifier, or None."""
        text = self.text(name)
        if text is not None and ID.fullmatch(text) is None:
            raise invalid(name, "is not an identifier")
        return text

    def one_of(self, name: str, kinds: type[E]) -> E | None:
        """A parameter that is a member of an enumeration, or None."""
        text = self.text(name)
        return None if text is None else member(name, text, kinds)

    def flag(self, name: str) -> bool:
        """``true`` or ``false``; false where it is not given."""
        text = self.text(name)
        if text not in (None, "true", "false"):
            raise invalid(name, "must be true or false")
        return text == "true"

    def each(self, name: str) -> list[str]:
        """A parameter that may be repeated, each time with several values between commas."""
        return [value for given in self._args.getlist(name) for value in given.split(",")]


def member(name: str, text: str, kinds: type[E]) -> E:
    """The member of an enumeration that `text` names. Raises `Refusal`."""
    try:
        return kinds(text)
    except ValueError:
        known = ", ".join(kind.value for kind in kinds)
        raise invalid(name, f"must be one of {known}") from None
