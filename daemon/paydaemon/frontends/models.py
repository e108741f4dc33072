"""What bodies may say, as strict models.

Nothing unknown is taken and nothing is converted. Whatever is wrong comes out as a `Refusal` that names the
field by its path. What a field is for stands beside it: the OpenAPI document is drawn up from these models.
"""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any, Literal, TypeVar
from urllib.parse import urlsplit

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    GetCoreSchemaHandler,
    GetJsonSchemaHandler,
    ValidationError,
    WithJsonSchema,
)
from pydantic_core import CoreSchema, ErrorDetails, PydanticCustomError, core_schema

from paydaemon.core.errors import Refusal, invalid
from paydaemon.core.ids import ID
from paydaemon.core.invoice import LatePolicy, Mark
from paydaemon.engine.orders import InvoiceRequest
from paydaemon.frontends.strictjson import MAX_SAFE_INTEGER, dotted

AMOUNT = r"^(?:0|[1-9][0-9]{0,14})(?:\.[0-9]{1,30})?$"
MAX_NOTE = 1_000
MAX_METADATA_KEYS = 50
MAX_METADATA_KEY = 64
MAX_METADATA_TEXT = 500
MAX_METADATA_BYTES = 8_192
MAX_URL = 2_000
MAX_CHAINS = 20

_EMAIL = re.compile(r'[^\s@<>,;"\\\x00-\x1f\x7f-\x9f]{1,64}@[^\s@<>,;"\\\x00-\x1f\x7f-\x9f]{1,189}')
_LOCALE = re.compile(r"[A-Za-z]{2,8}(?:-[A-Za-z0-9]{1,8}){0,4}", re.ASCII)
_ONE_LINE = re.compile(r"[^\x00-\x1f\x7f-\x9f\u2028\u2029]*")
_URL = re.compile(r"https?://[!-~]+", re.ASCII)

_TYPES = {
    "string_type": "a string",
    "int_type": "a whole number",
    "int_from_float": "a whole number",
    "list_type": "a list",
    "dict_type": "an object",
    "model_type": "an object",
    "model_attributes_type": "an object",
    "bool_type": "true or false",
}

M = TypeVar("M", bound=BaseModel)


def _error(code: str, message: str) -> PydanticCustomError:
    return PydanticCustomError(code, "{message}", {"message": message})


def _decimal_string(value: object) -> object:
    if not isinstance(value, str):
        raise _error("not_a_string", 'must be a decimal string such as "12.50", not a number')
    return value


@dataclass(frozen=True, slots=True)
class Form:
    """The form a text must have: checked here, and told to whoever asks for the model's JSON Schema."""

    pattern: re.Pattern[str]
    message: str

    def check(self, text: str) -> str:
        """The text itself."""
        if self.pattern.fullmatch(text) is None:
            raise _error("invalid_value", self.message)
        return text

    def __get_pydantic_core_schema__(self, source: object, handler: GetCoreSchemaHandler) -> CoreSchema:
        return core_schema.no_info_after_validator_function(self.check, handler(source))

    def __get_pydantic_json_schema__(
        self, schema: CoreSchema, handler: GetJsonSchemaHandler
    ) -> dict[str, Any]:
        return {**handler(schema), "pattern": f"^(?:{self.pattern.pattern})$"}


def plain_url(url: str) -> str:
    """A URL that somebody is sent to, or that something is: it has a host, and holds no password."""
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


Line = Annotated[str, Form(_ONE_LINE, "must not hold line breaks or other control characters")]
Name = Annotated[Line, Field(min_length=1, max_length=200)]
Id = Annotated[str, Field(min_length=1, max_length=64)]
MetadataValue = Annotated[
    Any,
    WithJsonSchema(
        {
            "type": ["string", "number", "boolean", "null", "array", "object"],
            "maxLength": MAX_METADATA_TEXT,
            "minimum": -MAX_SAFE_INTEGER,
            "maximum": MAX_SAFE_INTEGER,
        }
    ),
]
MetadataKey = Annotated[str, Field(min_length=1, max_length=MAX_METADATA_KEY)]


class Buyer(Body):
    """Whom the invoice is for. Nothing of it is shown to anybody else but the seller."""

    email: Annotated[str, Form(_EMAIL, "must be an email address")] | None = Field(
        None, description="An email address.", examples=["buyer@example.org"]
    )
    locale: Annotated[str, Form(_LOCALE, "must be a locale: de or de-AT")] | None = Field(
        None, description="A language, and where it is spoken.", examples=["de-AT"]
    )
    name: Name | None = Field(None, description="A name, in one line.", examples=["Ada Example"])


class NewInvoice(Body):
    """What is asked for when an invoice is created."""

    amount: Annotated[str, BeforeValidator(_decimal_string), Field(max_length=62)] = Field(
        description="What is asked for, in whole units of the currency: a plain decimal string above zero, "
        "with no more decimals than the currency has and at most 15 digits before the point.",
        examples=["12.50"],
        json_schema_extra={"pattern": AMOUNT},
    )
    currency: Id = Field(
        description="An ISO 4217 code, or an asset by its symbol or on-chain id.", examples=["EUR", "BTC"]
    )
    seller_id: Id | None = Field(
        None,
        description="Whose invoice it is. Required with an operator's key; a seller's need not say it.",
        examples=["shop"],
    )
    note: Annotated[str, Field(max_length=MAX_NOTE)] | None = Field(
        None, description="A note to yourself; the payer does not see it.", examples=["Two coffees"]
    )
    metadata: Annotated[
        dict[MetadataKey, MetadataValue], Field(max_length=MAX_METADATA_KEYS), AfterValidator(_small)
    ] = Field(
        default_factory=dict,
        description=f"A JSON object of your own, returned as it is: keys of {MAX_METADATA_KEY} characters, "
        f"strings of {MAX_METADATA_TEXT}, {MAX_METADATA_BYTES} bytes in all.",
        examples=[{"order": "2026-0117"}],
    )
    chains: Annotated[list[Id], Field(min_length=1, max_length=MAX_CHAINS)] | None = Field(
        None, description="The chains to offer, by their ids; by default all of them.", examples=[["bitcoin"]]
    )
    expires_in_s: Annotated[int, Field(ge=60, le=604_800)] | None = Field(
        None,
        description="Seconds to pay in time; by default 900, or what the operator has set.",
        examples=[900],
    )
    confirmations: Annotated[int, Field(ge=0, le=100)] | None = Field(
        None,
        description="Confirmations required; by default the chain's. 0 only where the operator allows it.",
        examples=[6],
    )
    buyer: Buyer = Field(default_factory=Buyer, description="Whom it is for.")
    return_url: Annotated[str, Field(max_length=MAX_URL), AfterValidator(plain_url)] | None = Field(
        None,
        description="Where the checkout page leads back to: an http or https URL without user and password.",
        examples=["https://shop.example/thanks"],
        json_schema_extra={"format": "uri"},
    )
    late: Literal["hold", "settle"] | None = Field(
        None,
        description="Whether a late payment is held for a mark, or settles the invoice; by default what the "
        "operator has set.",
        examples=["hold"],
    )

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
    """A person's word on an invoice."""

    status: Literal["settled", "invalid"] = Field(
        description="The status that the invoice is to have until the opposite mark.", examples=["settled"]
    )

    def mark(self) -> Mark:
        """The same, as the engine takes it."""
        return Mark(self.status)


class Assignment(Body):
    """Where an unmatched payment belongs."""

    invoice_id: Id = Field(
        description="The invoice it was meant for.", examples=["inv_m4tq7zsv2hx6ydk3lb5wnrpe"]
    )


class NewSeller(Body):
    """A seller to be added."""

    id: Id = Field(
        description="Its id for good: a-z, 0-9, - and _, beginning with a letter or digit.", examples=["cafe"]
    )
    name: Name | None = Field(
        None, description="A name for showing; by default the id.", examples=["Café am Eck"]
    )


SIGNED = "What was signed, in base64, in urlsafe base64 or in hexadecimal, as the chain's wallets give it."


class NewRelay(Body):
    """A signed transaction to be passed on."""

    transaction: Annotated[str, Field(min_length=1)] = Field(
        description=SIGNED, examples=["CqoBKqcBCmMKGQoLCI7ErsYGEAEYABIICAAQABiqCBgAEgYIABAAGAMY"]
    )
    invoice_id: Id | None = Field(
        None,
        description="The invoice that it is to pay: then it must pay exactly what that still asks.",
        examples=["inv_m4tq7zsv2hx6ydk3lb5wnrpe"],
    )


class RelayId(Body):
    """A transaction that was handed in before."""

    transaction_id: Annotated[str, Field(min_length=1, max_length=200)] = Field(
        description="The transaction's id on its chain.", examples=["0.0.1002@1769860860.000000001"]
    )


MAX_MESSAGE_ID = 64


def message_id(id: object) -> object:
    """What a message's answer is known by. Raises `PydanticCustomError` for what it cannot be."""
    if isinstance(id, bool) or not (id is None or isinstance(id, int | str)):
        raise _error("wrong_type", "must be a whole number or a string")
    if isinstance(id, str) and len(id) > MAX_MESSAGE_ID:
        raise _error("too_long", f"must be at most {MAX_MESSAGE_ID} long")
    return id


MessageId = Annotated[
    Any,
    AfterValidator(message_id),
    WithJsonSchema(
        {
            "type": ["integer", "string", "null"],
            "minimum": -MAX_SAFE_INTEGER,
            "maximum": MAX_SAFE_INTEGER,
            "maxLength": MAX_MESSAGE_ID,
        }
    ),
]


class Submission(Body):
    """A message that hands a transaction in."""

    id: MessageId = Field(None, description="Whatever the answer is to be known by.", examples=[1])
    method: Literal["submit"] = Field(description="What is to be done.", examples=["submit"])
    params: NewRelay = Field(description="The transaction.")


class Following(Body):
    """A message that asks for a transaction that was handed in before."""

    id: MessageId = Field(None, description="Whatever the answer is to be known by.", examples=[2])
    method: Literal["follow"] = Field(description="What is to be done.", examples=["follow"])
    params: RelayId = Field(description="The transaction's id.")


class MadeBackup(Body):
    """A backup that was made, and up to which event it reaches."""

    file: Annotated[Line, Field(min_length=1, max_length=4_096)] = Field(
        description="Where it was put.", examples=["/srv/backups/paydaemon.sqlite3"]
    )
    epoch: Annotated[str, Form(ID, "must be an epoch of the journal")] = Field(
        description="The journal's epoch in it.", examples=["9f2c41d7"]
    )
    last_seq: Annotated[int, Field(ge=0, le=10**18)] = Field(
        description="The last event in it.", examples=[1042]
    )


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
        case "literal_error" | "enum":
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
