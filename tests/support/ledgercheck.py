"""Does the ledger say what the chain holds and what everybody was told? Pure: three accounts are compared.

The *chain* is what the blocks hold, the *ledger* is what the daemon says of itself, and *told* is what its
clients were told while they used it, cut connections and all. The status of every invoice is worked out here
a second time, from nothing but what lies in blocks, so that a mistake of the daemon's is not repeated.
"""

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

Json = dict[str, Any]

SIGHT_S = 10
"""How many seconds after it was sent a payment is first seen, at most."""

LOST = frozenset({"replaced", "conflicted", "dropped"})
STANDING = ("status", "flags")
SUMS = ("pending_minor", "confirmed_minor")
MOVING = frozenset({*STANDING, "options", "checkout_url"})
MOVING_OF_OPTION = frozenset({*SUMS, "remaining_minor", "payments"})


@dataclass(frozen=True, slots=True)
class Credit:
    """One output in a block of the best chain that pays an address of ours."""

    ref: str
    address: str
    amount_minor: int
    height: int
    block: str


@dataclass(frozen=True, slots=True)
class Chain:
    """Every credit in the best chain, whose newest block is number `tip`. The mempool is empty."""

    tip: int
    credits: Sequence[Credit]


@dataclass(frozen=True, slots=True)
class Ledger:
    """What the daemon says, all of it, in public shape.

    An invoice that ends before `complete_ms` has surely expired if it was not paid; one that ends after
    `as_of_ms` surely has not.
    """

    invoices: Sequence[Json]
    payments: Sequence[Json]
    journal: Sequence[Json]
    complete_ms: int
    as_of_ms: int


@dataclass(slots=True)
class Told:
    """What clients remember.

    `orders` are the idempotency keys that were used, each also in the order's metadata as ``order``;
    `acknowledged` are pairs of such a key and the answer; `events` are those with a `seq` that came by
    websocket; `sent_ms` tells for a transaction's id between which two moments it was sent.
    """

    orders: set[str] = field(default_factory=set)
    acknowledged: list[tuple[str, Json]] = field(default_factory=list)
    events: list[Json] = field(default_factory=list)
    sent_ms: dict[str, tuple[int, int]] = field(default_factory=dict)


def violations(ledger: Ledger, chain: Chain, told: Told) -> list[str]:
    """Every way in which the three accounts disagree, in words; empty where they do not."""
    return [
        *agreement(ledger, told),
        *_credits(ledger, chain),
        *_lost(ledger, chain),
        *_sightings(ledger, told),
        *_invoices(ledger, chain),
    ]


def agreement(ledger: Ledger, told: Told) -> list[str]:
    """Every way in which the ledger disagrees with itself and with what was told, whatever a chain holds."""
    return [
        *gaps(ledger.journal),
        *_events(ledger, told),
        *_orders(ledger, told),
        *_destinations(ledger),
        *_stories(ledger),
    ]


def terms(invoice: Json) -> Json:
    """All of an invoice that never changes."""
    fixed = {name: value for name, value in invoice.items() if name not in MOVING}
    return {**fixed, "options": [_without(option, MOVING_OF_OPTION) for option in invoice["options"]]}


def milliseconds(time: str) -> int:
    """An RFC 3339 time in milliseconds since the Unix epoch."""
    return round(datetime.fromisoformat(time).timestamp() * 1000)


# What was told


def gaps(journal: Sequence[Json]) -> Iterator[str]:
    """`seq` has no gap, and no id comes twice."""
    for expected, event in enumerate(journal, start=1):
        if event["seq"] != expected:
            yield f"the journal has seq {event['seq']} where {expected} belongs"
            break
    for id in _repeated(event["id"] for event in journal):
        yield f"event {id} is in the journal twice"


def _events(ledger: Ledger, told: Told) -> Iterator[str]:
    """Whatever a websocket brought is in the journal, unchanged."""
    journal = {event["seq"]: event for event in ledger.journal}
    for event in told.events:
        kept = journal.get(event["seq"])
        if kept is None:
            yield f"event {event['seq']} was told and is not in the journal"
        elif kept != event:
            yield f"event {event['seq']} was told otherwise: {_difference(event, kept)}"


def _orders(ledger: Ledger, told: Told) -> Iterator[str]:
    """One idempotency key, one invoice; and whatever was acknowledged is there, unchanged."""
    made = Counter(invoice["metadata"].get("order") for invoice in ledger.invoices)
    for order in told.orders:
        if made[order] != 1:
            yield f"order {order} has {made[order]} invoices"
    for order in made.keys() - told.orders:
        yield f"there is an invoice for order {order}, which nobody gave"
    invoices = {invoice["id"]: invoice for invoice in ledger.invoices}
    for order, answer in told.acknowledged:
        kept = invoices.get(answer["id"])
        if kept is None:
            yield f"invoice {answer['id']} was acknowledged for order {order} and is lost"
        elif terms(kept) != terms(answer):
            yield f"invoice {answer['id']} was changed: {_difference(terms(answer), terms(kept))}"


def _destinations(ledger: Ledger) -> Iterator[str]:
    """No address was ever issued twice under one memo, whoever heard of it."""
    created = [event["data"]["invoice"] for event in ledger.journal if event["type"] == "invoice.created"]
    for where, invoices in (("the journal", created), ("the ledger", ledger.invoices)):
        for place in _repeated(_place(option) for invoice in invoices for option in invoice["options"]):
            yield f"address {place} was issued twice, by {where}"


# Money


def _credits(ledger: Ledger, chain: Chain) -> Iterator[str]:
    """Each credit on the chain is exactly one payment, with its amount, its block and its invoice."""
    payments = _grouped(ledger.payments, "ref")
    owners = {_address(option): (invoice, option) for invoice, option in _options(ledger)}
    for credit in chain.credits:
        found = payments.get(credit.ref, [])
        if len(found) != 1:
            yield f"{credit.ref} is on the chain and {len(found)} times among the payments"
            continue
        invoice, option = owners.get(credit.address, (None, None))
        required = found[0]["confirmations_required"] if option is None else option["confirmations_required"]
        expected = {
            "amount_minor": str(credit.amount_minor),
            "destination": credit.address,
            "invoice_id": None if invoice is None else invoice["id"],
            "state": "confirmed" if _depth(credit, chain) >= required else "pending",
            "confirmations": _depth(credit, chain),
            "confirmations_required": required,
            "block": credit.block,
        }
        if difference := _difference(expected, {name: found[0][name] for name in expected}):
            yield f"payment {credit.ref} is not what the chain holds: {difference}"


def _lost(ledger: Ledger, chain: Chain) -> Iterator[str]:
    """What is not on the chain counts nowhere; and no reference comes twice."""
    on_chain = {credit.ref for credit in chain.credits}
    for payment in ledger.payments:
        if payment["ref"] not in on_chain and payment["state"] not in LOST:
            yield f"payment {payment['ref']} is {payment['state']} and not on the chain"
    for ref in _repeated(payment["ref"] for payment in ledger.payments):
        yield f"payment {ref} is recorded twice"


def _sightings(ledger: Ledger, told: Told) -> Iterator[str]:
    """Payments are seen when they are sent, in whole seconds, whatever else went on."""
    for payment in ledger.payments:
        sent = told.sent_ms.get(payment["transaction_id"])
        seen_ms = milliseconds(payment["seen_at"])
        if sent is not None and not sent[0] // 1000 * 1000 <= seen_ms <= sent[1] + SIGHT_S * 1000:
            yield f"payment {payment['ref']} was sent at {sent[1]} ms and seen at {seen_ms} ms"


def _invoices(ledger: Ledger, chain: Chain) -> Iterator[str]:
    """The sums of every option are those of the chain, and the status follows from them."""
    paid = defaultdict(list)
    for credit in chain.credits:
        paid[credit.address].append(credit)
    seen_ms = {payment["ref"]: milliseconds(payment["seen_at"]) for payment in ledger.payments}
    reversed_ = {event["invoice_id"] for event in ledger.journal if event["type"] == "invoice.reversed"}
    listed = _grouped(ledger.payments, "invoice_id")
    for invoice in ledger.invoices:
        (option,) = invoice["options"]
        mine = paid[_address(option)]
        yield from _sums(invoice, option, mine, chain)
        stage_known = not ledger.complete_ms <= milliseconds(invoice["expires_at"]) <= ledger.as_of_ms
        if stage_known and all(credit.ref in seen_ms for credit in mine):
            yield from _status(invoice, option, _Paid.of(mine, seen_ms, invoice, chain), ledger)
        if ("reversed" in invoice["flags"]) != (invoice["id"] in reversed_):
            yield f"invoice {invoice['id']} and the journal disagree on whether it was reversed"
        if {one["id"] for one in option["payments"]} != {one["id"] for one in listed.get(invoice["id"], [])}:
            yield f"invoice {invoice['id']} does not list the payments that are recorded for it"


def _sums(invoice: Json, option: Json, mine: Sequence[Credit], chain: Chain) -> Iterator[str]:
    deep = [credit for credit in mine if _depth(credit, chain) >= option["confirmations_required"]]
    confirmed_minor = sum(credit.amount_minor for credit in deep)
    pending_minor = sum(credit.amount_minor for credit in mine) - confirmed_minor
    expected = {"confirmed_minor": str(confirmed_minor), "pending_minor": str(pending_minor)}
    if difference := _difference(expected, {name: option[name] for name in expected}):
        yield f"invoice {invoice['id']} does not add up: {difference}"


@dataclass(frozen=True, slots=True)
class _Paid:
    """What the chain holds for one invoice, in minor units."""

    in_time_minor: int
    in_time_deep_minor: int
    total_minor: int

    @classmethod
    def of(cls, mine: Sequence[Credit], seen_ms: Mapping[str, int], invoice: Json, chain: Chain) -> "_Paid":
        required = invoice["options"][0]["confirmations_required"]
        expires_ms, until_ms = milliseconds(invoice["expires_at"]), milliseconds(invoice["monitor_until"])
        in_time = [credit for credit in mine if seen_ms[credit.ref] <= expires_ms]
        deep = [credit for credit in in_time if _depth(credit, chain) >= required]
        monitored = [credit for credit in mine if seen_ms[credit.ref] <= until_ms]
        return cls(*(sum(credit.amount_minor for credit in some) for some in (in_time, deep, monitored)))


def _status(invoice: Json, option: Json, paid: _Paid, ledger: Ledger) -> Iterator[str]:
    due_minor = int(option["due_minor"])
    expected = {
        "partial": 0 < paid.total_minor < due_minor,
        "over": paid.total_minor > due_minor,
        "late": paid.total_minor > paid.in_time_minor,
        "reversed": "reversed" in invoice["flags"],
    }
    flags = sorted(flag for flag, is_true in expected.items() if is_true)
    if flags != invoice["flags"]:
        yield f"invoice {invoice['id']} has the flags {invoice['flags']}, and its amounts say {flags}"
    if paid.in_time_deep_minor >= due_minor:
        status = "settled"
    elif paid.in_time_minor >= due_minor:
        status = "processing"
    else:
        status = "expired" if milliseconds(invoice["expires_at"]) < ledger.complete_ms else "new"
    if status != invoice["status"]:
        yield f"invoice {invoice['id']} is {invoice['status']}, and its amounts say {status}: {paid}"


# The journal tells what became of everything


def _stories(ledger: Ledger) -> Iterator[str]:
    """The journal tells of every invoice and payment up to where it stands now."""
    showing = (event for event in ledger.journal if event["invoice_id"] and "invoice" in event["data"])
    of_invoice = _grouped(showing, "invoice_id")
    invoices = {invoice["id"]: invoice for invoice in ledger.invoices}
    for id in of_invoice.keys() - invoices.keys():
        yield f"the journal tells of invoice {id}, which there is not"
    for id, invoice in invoices.items():
        yield from _story(invoice, of_invoice.get(id, []))
    yield from _payment_stories(ledger)


def _story(invoice: Json, events: Sequence[Json]) -> Iterator[str]:
    created = [event for event in events if event["type"] == "invoice.created"]
    if len(created) != 1 or events[0] is not created[0]:
        yield f"invoice {invoice['id']} does not begin with being created, once"
    for event in events:
        if terms(event["data"]["invoice"]) != terms(invoice):
            yield f"event {event['seq']} has other terms for invoice {invoice['id']}"
    if events and _standing(events[-1]["data"]["invoice"]) != _standing(invoice):
        yield f"invoice {invoice['id']} has moved on since its last event, {events[-1]['seq']}"


def _payment_stories(ledger: Ledger) -> Iterator[str]:
    last: dict[str, Json] = {}
    for event in ledger.journal:
        payment = event["data"].get("payment")
        if payment is not None:
            last[payment["id"]] = payment
            if event["type"] == "payment.confirmed" and not _is_deep(payment):
                yield f"event {event['seq']} confirms a payment with {payment['confirmations']} confirmations"
    payments = {payment["id"]: payment for payment in ledger.payments}
    for id in last.keys() ^ payments.keys():
        yield f"payment {id} is not in both the journal and the ledger"
    for id in last.keys() & payments.keys():
        if last[id]["state"] != payments[id]["state"]:
            yield f"payment {id} is {payments[id]['state']} and was last told {last[id]['state']}"


def _standing(invoice: Json) -> Json:
    sums = [{name: option[name] for name in SUMS} for option in invoice["options"]]
    return {**{name: invoice[name] for name in STANDING}, "options": sums}


def _is_deep(payment: Json) -> bool:
    return bool(payment["confirmations"] >= payment["confirmations_required"])


# Small tools


def _depth(credit: Credit, chain: Chain) -> int:
    return chain.tip - credit.height + 1


def _address(option: Json) -> str:
    return str(option["destination"]["address"])


def _place(option: Json) -> str:
    """The address, with the memo where one belongs to it."""
    memo = option["destination"]["memo"]
    return _address(option) if memo is None else f"{_address(option)} with memo {memo}"


def _options(ledger: Ledger) -> Iterator[tuple[Json, Json]]:
    for invoice in ledger.invoices:
        for option in invoice["options"]:
            yield invoice, option


def _without(row: Json, names: frozenset[str]) -> Json:
    return {name: value for name, value in row.items() if name not in names}


def _repeated(values: Iterator[str]) -> list[str]:
    return [value for value, count in Counter(values).items() if count > 1]


def _grouped(rows: Any, name: str) -> dict[Any, list[Json]]:
    groups = defaultdict(list)
    for row in rows:
        groups[row[name]].append(row)
    return dict(groups)


def _difference(expected: Json, found: Json) -> str:
    names = [name for name in {**expected, **found} if expected.get(name) != found.get(name)]
    return "; ".join(f"{name} {found.get(name)!r} instead of {expected.get(name)!r}" for name in names)
