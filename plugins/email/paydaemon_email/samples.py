"""Events as templates are tried with at the start: with all that there can be, and with the least."""

from collections.abc import Iterator, Mapping
from typing import Any

from paydaemon_email import variables
from paydaemon_email.occasions import FOR_BUYERS, FOR_OPERATORS, Json, Occasion

AT = "2026-01-31T12:01:00.412Z"
SENDER = "paydaemon"
_ADDRESS = "bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t4"
_TYPES = {occasion: str(type) for type, occasion in FOR_OPERATORS.items()}

PAYMENT: Json = {
    "id": "pay_sx2mbr4pz6l3nwdk7q5h2vta",
    "chain": "bitcoin",
    "asset": "BTC",
    "symbol": "BTC",
    "ref": "4a5e1e4baab89f3a32518a88c31bc87f618f76673e2cc77ab2127b7afdeda33b:0",
    "transaction_id": "4a5e1e4baab89f3a32518a88c31bc87f618f76673e2cc77ab2127b7afdeda33b",
    "amount": "0.00020834",
    "amount_minor": "20834",
    "destination": _ADDRESS,
    "invoice_id": "inv_m4tq7zsv2hx6ydk3lb5wnrpe",
    "state": "confirmed",
    "confirmations": 6,
    "confirmations_required": 6,
    "replaced_by": None,
    "block": "00000000000000000001a2b3c4d5e6f708192a3b4c5d6e7f8091a2b3c4d5e6f7",
    "seen_at": "2026-01-31T12:01:00.000Z",
}

OPTION: Json = {
    "chain": "bitcoin",
    "asset": "BTC",
    "symbol": "BTC",
    "due": "0.00020834",
    "due_minor": "20834",
    "remaining_minor": "0",
    "rate": "60000.00",
    "rate_source": "fixed",
    "rate_at": "2026-01-31T12:00:00.000Z",
    "destination": {"address": _ADDRESS, "memo": "000042", "uri": f"bitcoin:{_ADDRESS}?amount=0.00020834"},
    "confirmations_required": 6,
    "pending_minor": "0",
    "confirmed_minor": "20834",
    "payments": [PAYMENT],
}

INVOICE: Json = {
    "id": "inv_m4tq7zsv2hx6ydk3lb5wnrpe",
    "status": "settled",
    "flags": ["late", "over"],
    "amount": "12.50",
    "currency": "EUR",
    "seller_id": "shop",
    "note": "Two coffees",
    "metadata": {"order": "2026-0117"},
    "buyer": {"email": "ada@example.org", "locale": "de-AT", "name": "Ada Example"},
    "return_url": "https://shop.example/thanks",
    "created_at": "2026-01-31T12:00:00.000Z",
    "expires_at": "2026-01-31T12:15:00.000Z",
    "monitor_until": "2026-02-07T12:15:00.000Z",
    "checkout_url": "https://pay.example/i/inv_m4tq7zsv2hx6ydk3lb5wnrpe",
    "options": [OPTION],
}

BARE: Json = {
    **INVOICE,
    "id": "inv_x7kd2m5tq4zsvlwb6nyhc3re",
    "flags": [],
    "note": None,
    "metadata": {},
    "buyer": {},
    "return_url": None,
    "checkout_url": None,
    "options": [{**OPTION, "destination": {**OPTION["destination"], "memo": None}}],
}
"""With as little as there can be of what a seller may say."""

MARKED: Json = {
    **BARE,
    "flags": ["marked"],
    "options": [{**OPTION, "confirmed_minor": "0", "payments": []}],
}
"""Settled by a person: nothing was paid."""


def samples(letter: str) -> Iterator[Mapping[str, Any]]:
    """The variables of some mails of this name."""
    if letter == variables.TEST:
        yield variables.of_test("smtp.shop.example:587", AT, sender=SENDER)
    elif letter == variables.DIGEST:
        yield variables.of_digest([one for name in _TYPES for one in _told(name)], sender=SENDER)
        yield variables.of_digest(list(_told(Occasion.STALE)), sender=SENDER)
    else:
        for occasion, body in _told(Occasion(letter)):
            yield variables.of_event(occasion, body, sender=SENDER)


def event(occasion: Occasion, data: Json) -> Json:
    """An event of a kind that brings this about, with this data."""
    return {
        "seq": 1042,
        "id": "evt_9f2c41d7_1042",
        "type": _TYPES.get(occasion, FOR_BUYERS),
        "created_at": AT,
        "invoice_id": data["invoice"]["id"] if "invoice" in data else None,
        "data": data,
    }


def _told(occasion: Occasion) -> Iterator[tuple[Occasion, Json]]:
    for data in _data(occasion):
        yield occasion, event(occasion, data)


def _data(occasion: Occasion) -> Iterator[Json]:
    match occasion:
        case Occasion.UNMATCHED:
            yield {"payment": {**PAYMENT, "invoice_id": None}}
            yield {"payment": {**PAYMENT, "invoice_id": None, "state": "pending", "block": None}}
        case Occasion.STALE:
            yield {"chain": "bitcoin", "reason": "the node does not answer in time", "as_of": AT}
            yield {"chain": "bitcoin", "reason": "the node does not answer in time", "as_of": None}
        case Occasion.RECOVERED:
            yield {"chain": "bitcoin", "reason": "", "as_of": AT}
        case Occasion.STOPPED:
            reason = "BTC/EUR: 1 of 2 sources needed: kraken 61000.00; coinbase: HTTP 429"
            yield {"pair": "BTC/EUR", "reason": reason}
            yield {"pair": "BTC/EUR", "reason": reason, "seller_id": "shop"}
        case Occasion.RESUMED:
            yield {"pair": "BTC/EUR", "rate": "61000.00"}
            yield {"pair": "BTC/EUR", "rate": "61000.00", "seller_id": "shop"}
        case Occasion.RECEIVED:
            yield {"invoice": INVOICE, "payment": PAYMENT}
            yield {"invoice": BARE, "payment": PAYMENT}
        case _:
            yield {"invoice": INVOICE}
            yield {"invoice": BARE}
            yield {"invoice": MARKED}
