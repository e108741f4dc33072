"""Many events in one mail: by invoice, with what was paid in each asset, and never longer than so much."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from paydaemon.core.money import format_minor
from paydaemon_email.occasions import Json, Occasion

MAX_LISTED = 100
"""The most invoices, and the most others, that a digest lists: more than anybody reads in a mail."""

Told = Sequence[tuple[Occasion, Json]]


def digest_variables(told: Told) -> dict[str, Any]:
    """What stands in a digest of these events, each with its occasion; there is at least one."""
    invoices = list(_invoices(told).values())
    others = [_other(occasion, body) for occasion, body in told if body["invoice_id"] is None]
    return {
        "count": len(told),
        "first_at": told[0][1]["created_at"],
        "last_at": told[-1][1]["created_at"],
        "invoices": invoices[:MAX_LISTED],
        "others": others[:MAX_LISTED],
        "totals": list(_totals(group["invoice"] for group in invoices)),
        "left_out": max(0, len(invoices) - MAX_LISTED) + max(0, len(others) - MAX_LISTED),
    }


def _invoices(told: Told) -> Mapping[str, dict[str, Any]]:
    groups: dict[str, dict[str, Any]] = {}
    for occasion, body in told:
        if body["invoice_id"] is not None:
            group = groups.setdefault(body["invoice_id"], {"told": []})
            group["told"].append({"occasion": occasion.value, "at": body["created_at"]})
            group["invoice"] = body["data"]["invoice"]
    return groups


def _other(occasion: Occasion, body: Json) -> dict[str, Any]:
    data = body["data"]
    return {
        "occasion": occasion.value,
        "at": body["created_at"],
        "payment": data.get("payment"),
        "chain": data["payment"]["chain"] if "payment" in data else data.get("chain", ""),
        "pair": data.get("pair", ""),
        "reason": data.get("reason", ""),
    }


def _totals(invoices: Iterator[Json]) -> Iterator[dict[str, str]]:
    """Sums of integers: no rounding, however much it is."""
    sums: dict[tuple[str, str], tuple[Json, int, int]] = {}
    for invoice in invoices:
        for option in invoice["options"]:
            key = option["chain"], option["asset"]
            _, pending, confirmed = sums.get(key, (option, 0, 0))
            pending += int(option["pending_minor"])
            confirmed += int(option["confirmed_minor"])
            sums[key] = option, pending, confirmed
    for option, pending, confirmed in sums.values():
        decimals = len(option["due"].partition(".")[2])
        if pending or confirmed:
            yield {
                "symbol": option["symbol"],
                "chain": option["chain"],
                "pending": format_minor(pending, decimals),
                "confirmed": format_minor(confirmed, decimals),
            }
