"""How things are said on a page: amounts, times and states for people, in words rather than colours alone."""

import json as encoder
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode

from quart import request

from paydaemon.core.errors import ErrorType, Refusal
from paydaemon.core.events import DESCRIPTIONS, Event
from paydaemon.core.invoice import Flag, Status
from paydaemon.core.money import Asset, Currency, format_minor
from paydaemon.core.payment import Payment, confirmations
from paydaemon.core.public import public_percent
from paydaemon.core.times import rfc3339

MINUTE_S, HOUR_S, DAY_S = 60, 3_600, 86_400

STATUSES: Mapping[Status, str] = {
    Status.NEW: "waiting",
    Status.PROCESSING: "paid, not yet final",
    Status.SETTLED: "settled",
    Status.EXPIRED: "expired",
    Status.INVALID: "invalid",
}

FLAGS: Mapping[Flag, str] = {
    Flag.PARTIAL: "paid in part",
    Flag.OVER: "paid too much",
    Flag.LATE: "paid late",
    Flag.REVERSED: "reversed",
    Flag.MARKED: "marked by hand",
}


BROUGHT: Mapping[str, str] = {
    "chains": "Chains",
    "rate_sources": "Rate sources",
    "notifiers": "Notifiers",
    "frontends": "Frontends",
    "sandboxes": "Sandboxes",
    "commands": "Commands",
}
"""What a plugin can bring, in the order that `paydaemon plugins` has it in."""


FIELDS: Mapping[str, str] = {
    "q": "Search",
    "status": "Status",
    "flag": "Flag",
    "seller": "Seller",
    "from": "From",
    "to": "To",
    "days": "Days",
    "after": "Go on after the event",
    "state": "State",
    "target": "Target",
    "invoice_id": "The invoice's id",
    "cursor": "Where the list goes on",
}
"""What forms call what they send."""


def refused(refusal: Refusal) -> str:
    """Why something was not done; of a field that is wrong, which one."""
    if refusal.param is None or refusal.type is not ErrorType.INVALID_REQUEST:
        return refusal.message
    return f"{FIELDS.get(refusal.param, refusal.param)}: {refusal.message}"


def time(at_ms: int | None) -> str:
    """``2026-01-31 12:00:05``, UTC."""
    return "" if at_ms is None else rfc3339(at_ms)[:19].replace("T", " ")


def day(number: int) -> str:
    """``2026-01-31``, by the number of days since the Unix epoch."""
    return rfc3339(number * DAY_S * 1_000)[:10]


def written(text: str | None) -> str:
    """A time of RFC 3339 as `time` says it."""
    return "" if text is None else text[:19].replace("T", " ")


def lasting(seconds: float) -> str:
    """How long something is, roughly: 5 s, 3 min, 2 h, 4 d."""
    for unit_s, name in ((DAY_S, "d"), (HOUR_S, "h"), (MINUTE_S, "min")):
        if seconds >= 2 * unit_s:
            return f"{int(seconds // unit_s)} {name}"
    return f"{max(0, int(seconds))} s"


def money(amount_minor: int, currency: Currency) -> str:
    """``12.50 EUR``, with narrow spaces between thousands."""
    whole, point, part = format_minor(amount_minor, currency.decimals).partition(".")
    return f"{int(whole):,}".replace(",", "\u202f") + f"{point}{part} {currency.code}"


def moneys(amounts_minor: Mapping[Currency, int]) -> list[str]:
    """Each currency on its own, the same one always in the same place."""
    ordered = sorted(amounts_minor.items(), key=lambda one: (one[0].code, one[0].decimals))
    return [money(amount_minor, currency) for currency, amount_minor in ordered]


def share(part: int, whole: int) -> str:
    """``43 %``; a dash where there is nothing to share."""
    return f"{(200 * part + whole) // (2 * whole)} %" if whole else "\u2013"


def told(event: Event) -> str:
    """What an event says beyond its name."""
    return DESCRIPTIONS[event.type]


def details(event: Event) -> list[str]:
    """The numbers of an event that matter."""
    data: Mapping[str, Any] = event.data
    said: list[str] = []
    if "payment" in data:
        said += _of_payment(data["payment"])
    elif "invoice" in data:
        said.append(_standing(data["invoice"]))
    if "relay" in data:
        said += _of_relay(data["relay"])
    return said


def _of_payment(payment: Mapping[str, Any]) -> list[str]:
    depth = f"{payment['confirmations']} of {payment['confirmations_required']} confirmations"
    symbol = payment.get("symbol", payment["asset"])
    return [f"{payment['amount']} {symbol} on {payment['chain']}", payment["state"], depth, payment["ref"]]


def _standing(invoice: Mapping[str, Any]) -> str:
    flags = [FLAGS[Flag(flag)] for flag in invoice["flags"]]
    return ", ".join([f"then {STATUSES[Status(invoice['status'])]}", *flags])


def _of_relay(relay: Mapping[str, Any]) -> list[str]:
    said = [f"{what} {relay[what]}" for what in ("precheck", "receipt", "node", "error") if relay[what]]
    return [relay["transaction_id"], relay["status"], *said]


def amount(minor: int, asset: Asset) -> str:
    """``0.00020834 BTC``."""
    return money(minor, Currency(asset.symbol, asset.decimals))


def depth(payment: Payment, tip: int | None) -> str:
    """``3 of 6 confirmations``, and then only how many."""
    there, required = confirmations(payment, tip), payment.confirmations_required
    return f"{there} of {required} confirmations" if there < required else f"{there} confirmations"


def percent(ppm: int) -> str:
    """Millionths in hundredths."""
    return public_percent(ppm)


def json(content: Mapping[str, object]) -> str:
    """As it was given, in one line."""
    return encoder.dumps(content, ensure_ascii=False)


def query(name: str, value: str) -> str:
    """The current page's query with one parameter changed."""
    given = {key: text for key, text in request.args.items() if text and key != name}
    return urlencode({**given, name: value})
