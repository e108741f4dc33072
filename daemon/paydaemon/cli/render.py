"""How invoices and events look in a terminal."""

from collections.abc import Iterator
from typing import Any

from paydaemon.core.unseen import visible

Json = dict[str, Any]


def invoice_text(invoice: Json) -> str:
    """An invoice as a person reads it."""
    return "\n".join(map(visible, _invoice_lines(invoice)))


def event_line(event: Json) -> str:
    """One event on one line: when, what, and the numbers that matter."""
    at = str(event.get("created_at", ""))[11:19] or " " * 8
    return f"{at}  {event['type']:<24} {_detail(event)}".rstrip()


def _invoice_lines(invoice: Json) -> Iterator[str]:
    flags = f" ({', '.join(invoice['flags'])})" if invoice["flags"] else ""
    yield f"{invoice['id']}  {invoice['amount']} {invoice['currency']}  {invoice['status']}{flags}"
    yield f"  seller {invoice['seller_id']}, expires {invoice['expires_at']}"
    for option in invoice["options"]:
        yield f"  {option['due']} {_symbol(option)} on {option['chain']}, {_needed(option)}"
        yield f"    to   {option['destination']['address']}"
        if option["destination"]["memo"] is not None:
            yield f"    memo {option['destination']['memo']}"
        yield f"    rate {option['rate']} {invoice['currency']} by {option['rate_source']}"
        for payment in option["payments"]:
            yield f"    paid {_payment(payment)}"


def _needed(option: Json) -> str:
    number = option["confirmations_required"]
    return f"{number} confirmation{'' if number == 1 else 's'} required"


def _detail(event: Json) -> str:
    data = event.get("data", {})
    payment, invoice, relay = data.get("payment"), data.get("invoice"), data.get("relay")
    if payment is not None:
        return _payment(payment)
    if invoice is not None:
        flags = f" ({', '.join(invoice['flags'])})" if invoice["flags"] else ""
        return f"{invoice['amount']} {invoice['currency']}, {invoice['status']}{flags}"
    if relay is not None:
        return _relay(relay)
    told = {key: value for key, value in data.items() if value is not None}
    return ", ".join(f"{key}: {_who(value) if key == 'by' else _plain(value)}" for key, value in told.items())


def _plain(value: object) -> str:
    """A value of an event; lists without Python's brackets and quotes."""
    return ", ".join(map(str, value)) if isinstance(value, list) else str(value)


def _who(by: Json) -> str:
    """Who did something: a key, or a user through the Unix socket."""
    return str(by["key_id"] or ("the daemon's operator" if by["uid"] is None else f"uid {by['uid']}"))


def _payment(payment: Json) -> str:
    depth = f"{payment['confirmations']} of {payment['confirmations_required']}"
    return f"{payment['amount']} {_symbol(payment)}, {payment['state']}, {depth}  {payment['ref']}"


def _relay(relay: Json) -> str:
    said = [f"{what} {relay[what]}" for what in ("precheck", "receipt", "error") if relay[what] is not None]
    return ", ".join([relay["transaction_id"], *said])


def _symbol(thing: Json) -> str:
    """What an asset is called. Events of earlier releases have only its code."""
    return str(thing.get("symbol", thing["asset"]))
