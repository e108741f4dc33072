"""What a template is given: the event's own data, with what was made of it, under names that stay.

The names in capitals are those of Bitcoin Spellbook's payment processor, so that its templates go on
working. They are about one payment, or about the option it was made by; what it never had, `invoice` and
`payments` hold.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from paydaemon_email.digest import digest_variables
from paydaemon_email.occasions import Json, Occasion
from paydaemon_email.text import one_line

EVERYWHERE = {
    "sender": "The name that the mail comes from.",
}
OF_EVENTS = {
    "event_id": "The event's id, the same at every attempt.",
    "event_type": "Its type, such as `invoice.settled`.",
    "at": "When it was written down.",
}
OF_INVOICES = {
    "invoice": "The invoice, as the event has it: see events.md.",
    "seller": "The seller's name, where `receipts` has one, and otherwise its id.",
    "payments": "The payments that count, oldest first: those that are `pending` or `confirmed`.",
    "payment": "The event's payment, or else the oldest one that counts; none where there is none.",
    "option": "The option that `payment` was made by, or else the first one.",
    "checkout_url": "The link to the invoice's page; empty where there is none.",
    "PAYMENT_REQUEST_ID": "The invoice's id.",
    "SELLER_ID": "The seller's id.",
    "AMOUNT_FIAT": "The invoice's amount, such as `12.50`.",
    "CURRENCY": "Its currency, such as `EUR`.",
    "NOTE": "Its note in one line, cut where it is long; empty where there is none.",
    "ADDRESS": "Where `option` wants to be paid.",
    "AMOUNT_BTC": "What is due by `option`, in whole units of its asset, such as `0.00020834`.",
    "PRICE_BTC": "The rate of `option`: what one whole unit costs in the currency.",
    "PRICE_TIMESTAMP": "When that rate was known.",
    "TXID": "The event's transaction, or else those of all `payments` with a comma between them; empty where "
    "there is none.",
}
OF_UNMATCHED = {
    "payment": "The payment: see events.md.",
    "TXID": "Its transaction.",
}
OF_CHAINS = {
    "chain": "The chain's id.",
    "reason": "Why it is stale, in words; empty once it has recovered.",
    "as_of": "Up to when it was seen complete; none where it never was.",
}
OF_RATES = {
    "pair": "The pair, such as `BTC/EUR`.",
    "seller_id": "The seller's id where the seller has rules of its own; otherwise empty.",
    "reason": "Why there is no rate: every source, and what is wrong with it; empty once there is one again.",
    "rate": "The rate there is again; empty while there is none.",
}
OF_DIGESTS = {
    "count": "How many mails it stands for.",
    "first_at": "When the first of the events was written down.",
    "last_at": "When the last one was.",
    "invoices": "One for each invoice, in the order of their first events: `invoice`, as the last event has "
    "it, and `told`, a list of `occasion` and `at`.",
    "others": "What is about no invoice: `occasion`, `at`, `payment` (unmatched), `chain`, `pair` and "
    "`reason`.",
    "totals": "What those invoices have been paid, by asset: `symbol`, `chain`, `pending`, `confirmed`.",
    "left_out": "How many more invoices and others there are than are listed.",
}
OF_TESTS = {
    "server": "The mail server's name and port.",
    "at": "When the test was made.",
}

_OF_INVOICE = {**EVERYWHERE, **OF_EVENTS, **OF_INVOICES}
_OF_CHAIN = {**EVERYWHERE, **OF_EVENTS, **OF_CHAINS}
_OF_RATE = {**EVERYWHERE, **OF_EVENTS, **OF_RATES}

DIGEST = "digest"
TEST = "test"

VARIABLES: Mapping[str, Mapping[str, str]] = {
    Occasion.RECEIVED: _OF_INVOICE,
    Occasion.CONFIRMED: _OF_INVOICE,
    Occasion.LATE: _OF_INVOICE,
    Occasion.REVERSED: _OF_INVOICE,
    Occasion.RECEIPT: _OF_INVOICE,
    Occasion.UNMATCHED: {**EVERYWHERE, **OF_EVENTS, **OF_UNMATCHED},
    Occasion.STALE: _OF_CHAIN,
    Occasion.RECOVERED: _OF_CHAIN,
    Occasion.STOPPED: _OF_RATE,
    Occasion.RESUMED: _OF_RATE,
    DIGEST: {**EVERYWHERE, **OF_DIGESTS},
    TEST: {**EVERYWHERE, **OF_TESTS},
}
"""Every mail there is, by its name, with the meaning of each of its variables."""


def of_event(occasion: Occasion, body: Json, *, sender: str, seller: str | None = None) -> dict[str, Any]:
    """The variables of a mail about one event; `body` is the event as the journal has it."""
    common = {
        "sender": sender,
        "event_id": body["id"],
        "event_type": body["type"],
        "at": body["created_at"],
    }
    return common | _own(occasion, body["data"], seller)


def of_digest(told: Sequence[tuple[Occasion, Json]], *, sender: str) -> dict[str, Any]:
    """The variables of one mail about many events."""
    return {"sender": sender, **digest_variables(told)}


def of_test(server: str, at: str, *, sender: str) -> dict[str, Any]:
    """The variables of a mail that only shows that mails arrive."""
    return {"sender": sender, "server": server, "at": at}


def _own(occasion: Occasion, data: Json, seller: str | None) -> dict[str, Any]:
    match occasion:
        case Occasion.UNMATCHED:
            return {"payment": data["payment"], "TXID": data["payment"]["transaction_id"]}
        case Occasion.STALE | Occasion.RECOVERED:
            return {"chain": data["chain"], "reason": data["reason"], "as_of": data["as_of"]}
        case Occasion.STOPPED | Occasion.RESUMED:
            return {"pair": data["pair"], **{name: data.get(name, "") for name in OF_RATES if name != "pair"}}
        case _:
            return _of_invoice(data["invoice"], data.get("payment"), seller)


def _of_invoice(invoice: Json, told: Json | None, seller: str | None) -> dict[str, Any]:
    payments = list(_counting(invoice))
    payment = told if told is not None else next(iter(payments), None)
    option = _option(invoice, payment)
    of_payments = [told] if told is not None else payments
    return {
        "invoice": invoice,
        "seller": seller or invoice["seller_id"],
        "payments": payments,
        "payment": payment,
        "option": option,
        "checkout_url": invoice.get("checkout_url") or "",
        "PAYMENT_REQUEST_ID": invoice["id"],
        "SELLER_ID": invoice["seller_id"],
        "AMOUNT_FIAT": invoice["amount"],
        "CURRENCY": invoice["currency"],
        "NOTE": one_line(invoice["note"] or ""),
        "ADDRESS": option["destination"]["address"],
        "AMOUNT_BTC": option["due"],
        "PRICE_BTC": option["rate"],
        "PRICE_TIMESTAMP": option["rate_at"],
        "TXID": ", ".join(dict.fromkeys(str(one["transaction_id"]) for one in of_payments)),
    }


def _counting(invoice: Json) -> Iterator[Json]:
    found = [payment for option in invoice["options"] for payment in option["payments"]]
    for payment in sorted(found, key=lambda payment: str(payment["seen_at"])):
        if payment["state"] in ("pending", "confirmed"):
            yield payment


def _option(invoice: Json, payment: Json | None) -> Json:
    options: Sequence[Json] = invoice["options"]
    if payment is None:
        return options[0]
    asset = payment["chain"], payment["asset"]
    return next((one for one in options if (one["chain"], one["asset"]) == asset), options[0])
