"""What a client says: a JSON body merged with the query string, and each field of it checked.

As the older system did, a body is read only where it says that it is JSON, the query string goes before it,
of a parameter given twice the last one counts, and fields that are not asked for are left alone. What it did
not look at is looked at here: a number is exact, and whatever is wrong is a `Refusal` that names the field.
"""

import json
import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation

from paydaemon.core.errors import invalid
from paydaemon.hooks.frontend import Request

JSON_TYPES = ("application/json", "application/json-rpc")
"""The bodies that the older system's HTTP library took for JSON."""

MAX_SELLER_ID = 200
MAX_NAME = 64
"""How much of a field's name is told back."""
MAX_EXPONENT = 40
"""How many digits a number may have before its point, or zeros after it, to be written out at all. What an
amount may be is the daemon's to say, which allows far less.
"""

_BAD_TEXT = re.compile("[\0\ud800-\udfff]")

Fields = Mapping[str, object]
SellerId = str | int


@dataclass(frozen=True, slots=True)
class NewPayment:
    """What a payment request is asked for with. `amount` is a decimal string of whole units of `currency`."""

    seller_id: SellerId
    amount: str
    currency: str
    note: str | None


def fields(request: Request) -> Fields:
    """Everything that a request says. Raises `Refusal` for a body that cannot be read, or not in one way."""
    return {**_body(request), **dict(request.query)}


def new_payment(said: Fields) -> NewPayment:
    """What a payment request is asked for with. Raises `Refusal` naming the field."""
    return NewPayment(
        seller_id=_seller_id(said),
        amount=_amount(said),
        currency=text(said, "currency"),
        note=None if said.get("note") is None else text(said, "note"),
    )


def text(said: Fields, name: str) -> str:
    """A field that must be there, and be text."""
    value = _required(said, name)
    if not isinstance(value, str):
        raise invalid(name, "must be a string", "wrong_type")
    if _BAD_TEXT.search(value):
        raise invalid(name, "must hold neither U+0000 nor half of a surrogate pair", "invalid_text")
    return value


def _required(said: Fields, name: str) -> object:
    if name not in said:
        raise invalid(name, "is required, in the query string or in a body of application/json", "missing")
    return said[name]


def _seller_id(said: Fields) -> SellerId:
    value = _required(said, "seller_id")
    if isinstance(value, Decimal) and _is_whole(value):
        return int(value)
    name = text(said, "seller_id")
    if not 0 < len(name) <= MAX_SELLER_ID:
        raise invalid("seller_id", f"must have 1 to {MAX_SELLER_ID} characters")
    return name


def _is_whole(value: Decimal) -> bool:
    """Whether it is a whole number that every reader of JSON takes for the same (RFC 8259, section 6)."""
    return value.adjusted() <= MAX_EXPONENT and value == value.to_integral_value() and abs(value) < 2**53


def _amount(said: Fields) -> str:
    """A number, or a decimal string as everywhere else in the daemon."""
    value = _required(said, "amount_fiat")
    if isinstance(value, Decimal):
        return _plain(value)
    if not isinstance(value, str):
        raise invalid("amount_fiat", "must be a number", "wrong_type")
    return text(said, "amount_fiat")


def _plain(number: Decimal) -> str:
    """A number without exponent, and without zeros at its end, which in a number mean nothing."""
    if abs(number.adjusted()) > MAX_EXPONENT:
        raise invalid("amount_fiat", "is no amount of money", "out_of_range")
    written = format(number, "f")
    return written.rstrip("0").rstrip(".") if "." in written else written


def _body(request: Request) -> Fields:
    media_type = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if media_type not in JSON_TYPES or not request.body:
        return {}
    value = _parsed(request.body)
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise invalid(None, "the body must be a JSON object", "not_an_object")
    return value


def _parsed(body: bytes) -> object:
    try:
        return _DECODER.decode(body.decode("utf-8"))
    except (ValueError, RecursionError, InvalidOperation):
        raise invalid(None, "the body is not JSON", "invalid_json") from None


def _object(members: list[tuple[str, object]]) -> dict[str, object]:
    found = dict(members)
    if len(found) < len(members):
        times = Counter(name for name, _ in members)
        twice, _ = times.most_common(1)[0]
        raise invalid(twice[:MAX_NAME], "is given twice", "duplicate_key")
    return found


def _constant(name: str) -> object:
    raise ValueError(name)


_DECODER = json.JSONDecoder(
    object_pairs_hook=_object, parse_float=Decimal, parse_int=Decimal, parse_constant=_constant
)
