"""What a client is shown of an invoice: the older system's object, field by field and type by type.

Its amounts are JSON numbers. They are written from the daemon's decimal strings as they stand, so that none
ever goes through a float here.
"""

import json
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from paydaemon.core.invoice import Flag, Status
from paydaemon.core.times import parse_rfc3339
from paydaemon_spellbook.ids import payment_request_id
from paydaemon_spellbook.words import Came, Words, words

SELLER_ID = "spellbook_seller_id"
"""Where an invoice's metadata keeps the client's `seller_id`. An invoice without it was made elsewhere."""

Json = Mapping[str, Any]
Value = str | int | Decimal | None


def payment_request(invoice: Json) -> Mapping[str, Value]:
    """An invoice, as the older system showed a payment request."""
    option = invoice["options"][0]
    last = _last_needed(option["payments"], int(option["due_minor"]))
    said = _words(invoice, option, last)
    return {
        "address": option["destination"]["address"],
        "amount_btc": int(option["due_minor"]),
        "amount_fiat": Decimal(invoice["amount"]),
        "confirmations": said.confirmations,
        "currency": invoice["currency"],
        "note": invoice["note"],
        "payment_request_id": payment_request_id(invoice["id"]),
        "price_btc": Decimal(option["rate"]),
        "price_timestamp": parse_rfc3339(option["rate_at"]) // 1000,
        "seller_id": invoice["metadata"][SELLER_ID],
        "status": said.status,
        "txid": last["transaction_id"] if last is not None and said.names_transaction else None,
    }


def encoded(shown: Mapping[str, Value]) -> bytes:
    """As JSON, laid out as the older system did."""
    lines = (f"    {json.dumps(name)}: {_written(shown[name])}" for name in sorted(shown))
    return ("{\n" + ",\n".join(lines) + "\n}").encode("ascii")


def _written(value: Value) -> str:
    return format(value, "f") if isinstance(value, Decimal) else json.dumps(value)


def _words(invoice: Json, option: Json, last: Json | None) -> Words:
    return words(
        Status(invoice["status"]),
        {Flag(flag) for flag in invoice["flags"]},
        _came(invoice, option),
        0 if last is None else last["confirmations"],
        option["confirmations_required"],
    )


def _came(invoice: Json, option: Json) -> Came:
    if Flag.PARTIAL.value in invoice["flags"]:
        return Came.PART
    return Came.ALL if option["remaining_minor"] == "0" else Came.NOTHING


def _last_needed(payments: Sequence[Json], due_minor: int) -> Json | None:
    """The payment that is waited for: the deepest first, the one with which all that is due is there.

    Where not all of it is there, the one that is least deep; None where there is no payment that counts.
    """
    counting = [payment for payment in payments if payment["state"] in ("pending", "confirmed")]
    last, sum_minor = None, 0
    for payment in sorted(counting, key=lambda one: int(one["confirmations"]), reverse=True):
        if sum_minor >= due_minor:
            break
        last, sum_minor = payment, sum_minor + int(payment["amount_minor"])
    return last
