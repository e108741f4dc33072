"""The check of the long tests can fail: each lie that is told to it is found, and the truth is not."""

from collections.abc import Callable
from copy import deepcopy
from dataclasses import dataclass, replace
from typing import Any

import pytest

from paydaemon.core import ledger
from paydaemon.core.events import Draft
from paydaemon.core.invoice import Destination, Invoice, Option, Quote, Stage
from paydaemon.core.money import Asset, Currency
from paydaemon.core.payment import Observation, ObservedState, Payment, absorb, deepen, first_sight
from paydaemon.core.public import public_invoice, public_payment
from paydaemon.core.times import rfc3339
from tests.support.ledgercheck import Chain, Credit, Json, Ledger, Told, violations

BTC = Asset("bitcoin", "BTC", "BTC", 8)
CREATED_MS = 1_769_860_800_000
HOUR_MS = 3_600_000
REQUIRED = 2
TIP = 110


class Books:
    """An honest daemon in a few lines: it uses the core, and keeps everything in lists."""

    def __init__(self) -> None:
        self.invoices: dict[str, Invoice] = {}
        self.payments: dict[str, Payment] = {}
        self.journal: list[Json] = []

    def order(self, name: str, expires_ms: int = HOUR_MS) -> Invoice:
        destination = Destination(f"address-{name}", len(self.invoices), f"address-{name}", None, "")
        option = Option(BTC, 20_000, Quote("1", "fixed", CREATED_MS), destination, REQUIRED)
        times = (CREATED_MS, CREATED_MS + expires_ms, CREATED_MS + 100 * HOUR_MS)
        metadata = {"order": name}
        invoice = Invoice(
            f"inv_{name}", "shop", 20_000, Currency("BTC", 8), *times, (option,), None, metadata
        )
        self._keep(ledger.create(invoice))
        return invoice

    def see(self, seen: Observation, invoice_id: str | None, tip: int) -> None:
        """Record what the chain says of one credit."""
        id = f"pay_{seen.ref}"
        known = self.payments.get(id)
        now = (
            first_sight(id, "bitcoin", seen, invoice_id, REQUIRED, tip, 0)
            if known is None
            else absorb(known, seen, tip)
        )
        if invoice_id is None:
            self._append([ledger.unmatched(now, {"bitcoin": tip})])
            self.payments[id] = now
        else:
            self.move(invoice_id, {id: now}, tip)

    def move(
        self, invoice_id: str, changed: dict[str, Payment], tip: int, stage: Stage | None = None
    ) -> None:
        before = self.of(invoice_id)
        self.payments |= changed
        step = ledger.advance(
            self.invoices[invoice_id], before, self.of(invoice_id), {"bitcoin": tip}, stage=stage
        )
        self._keep(step)

    def deepen(self, invoice_id: str, tip: int) -> None:
        self.move(invoice_id, {paid.id: deepen(paid, tip) for paid in self.of(invoice_id)}, tip)

    def of(self, invoice_id: str) -> list[Payment]:
        return [paid for paid in self.payments.values() if paid.invoice_id == invoice_id]

    def shown(self, invoice: Invoice) -> Json:
        return {**public_invoice(invoice, self.of(invoice.id), {"bitcoin": TIP}), "checkout_url": "http://x"}

    def _keep(self, step: ledger.Step) -> None:
        self.invoices[step.invoice.id] = step.invoice
        self._append(step.events)

    def _append(self, drafts: Any) -> None:
        for draft in drafts:
            self.journal.append(_event(len(self.journal) + 1, draft))


def _event(seq: int, draft: Draft) -> Json:
    return {
        "seq": seq,
        "id": f"evt_{seq}",
        "type": draft.type.value,
        "created_at": rfc3339(CREATED_MS),
        "invoice_id": draft.invoice_id,
        "data": deepcopy(dict(draft.data)),
    }


@dataclass
class World:
    """Three accounts that agree, until a test tampers with one."""

    invoices: list[Json]
    payments: list[Json]
    journal: list[Json]
    credits: list[Credit]
    told: Told

    def violations(self) -> list[str]:
        now_ms = CREATED_MS + 2 * HOUR_MS
        stated = Ledger(self.invoices, self.payments, self.journal, now_ms, now_ms)
        return violations(stated, Chain(TIP, self.credits), self.told)

    def invoice(self, name: str) -> Json:
        return next(invoice for invoice in self.invoices if invoice["id"] == f"inv_{name}")

    def payment(self, ref: str) -> Json:
        return next(payment for payment in self.payments if payment["ref"] == ref)

    def event(self, type: str) -> Json:
        return next(event for event in self.journal if event["type"] == type)


def credit(ref: str, name: str, amount_minor: int, height: int) -> Credit:
    return Credit(ref, f"address-{name}", amount_minor, height, f"block-{height}")


def observed(
    paid: Credit, *, seen_ms: int = 60_000, state: ObservedState = ObservedState.SEEN
) -> Observation:
    lost = state is not ObservedState.SEEN
    return Observation(
        ref=paid.ref,
        transaction_id=paid.ref.partition(":")[0],
        asset=BTC,
        amount_minor=paid.amount_minor,
        destination_key=paid.address,
        state=state,
        seen_at_ms=CREATED_MS + seen_ms,
        position=1,
        height=None if lost else paid.height,
        block=None if lost else paid.block,
    )


@pytest.fixture
def world() -> World:
    """One paid invoice, one paid over in two parts, one never paid, one paid late; and a stray credit."""
    books = Books()
    paid, parts, unpaid, late = (books.order(name) for name in ("paid", "parts", "unpaid", "late"))
    told = Told(orders={"paid", "parts", "unpaid", "late"})
    told.acknowledged = [("paid", books.shown(paid)), ("unpaid", books.shown(unpaid))]
    on_chain = [
        credit("a:0", "paid", 20_000, 101),
        credit("b:0", "parts", 15_000, 101),
        credit("b:1", "parts", 6_000, 101),
        credit("c:0", "late", 20_000, 105),
        credit("d:0", "nobody", 5_000, 101),
    ]
    books.see(observed(on_chain[0]), paid.id, 101)
    books.see(observed(on_chain[1]), parts.id, 101)
    books.see(observed(on_chain[2]), parts.id, 101)
    books.see(observed(on_chain[4]), None, 105)
    books.deepen(paid.id, 102)
    books.deepen(parts.id, 102)
    away = credit("e:0", "unpaid", 20_000, 101)
    books.see(observed(away), unpaid.id, 101)
    books.see(replace(observed(away, state=ObservedState.REPLACED), position=2), unpaid.id, 102)
    for invoice in (unpaid, late):
        books.move(invoice.id, {}, 104, Stage.EXPIRED)
    books.see(observed(on_chain[3], seen_ms=HOUR_MS + 1), late.id, 105)
    books.deepen(late.id, 106)
    told.events = deepcopy(books.journal[:-1])
    told.sent_ms = {"a": (CREATED_MS + 60_123, CREATED_MS + 60_200)}
    return World(
        invoices=[books.shown(invoice) for invoice in books.invoices.values()],
        payments=[public_payment(payment, {"bitcoin": TIP}) for payment in books.payments.values()],
        journal=books.journal,
        credits=on_chain,
        told=told,
    )


def test_the_truth_is_taken(world: World) -> None:
    assert world.violations() == []
    statuses = {invoice["id"]: (invoice["status"], invoice["flags"]) for invoice in world.invoices}
    assert statuses == {
        "inv_paid": ("settled", []),
        "inv_parts": ("settled", ["over"]),
        "inv_unpaid": ("expired", []),
        "inv_late": ("expired", ["late"]),
    }


Lie = Callable[[World], object]

LIES: dict[str, tuple[Lie, str]] = {
    "a gap in the journal": (lambda w: w.journal.pop(3), "has seq 5 where 4 belongs"),
    "an id twice": (lambda w: w.journal[1].update(id="evt_1"), "event evt_1 is in the journal twice"),
    "a told event that is gone": (
        lambda w: w.told.events.append({**w.journal[-1], "seq": 99}),
        "event 99 was told and is not",
    ),
    "a told event that was changed": (
        lambda w: w.told.events[2].update(type="invoice.settled"),
        "event 3 was told otherwise",
    ),
    "an acknowledged invoice that is lost": (
        lambda w: w.invoices.remove(w.invoice("unpaid")),
        "inv_unpaid was acknowledged for order unpaid and is lost",
    ),
    "an order without an invoice": (lambda w: w.told.orders.add("more"), "order more has 0 invoices"),
    "an order with two invoices": (
        lambda w: w.invoices.append({**w.invoice("paid"), "id": "inv_again"}),
        "order paid has 2 invoices",
    ),
    "an invoice that nobody ordered": (
        lambda w: w.told.orders.remove("late"),
        "an invoice for order late, which nobody gave",
    ),
    "an amount due that changed": (
        lambda w: w.invoice("paid")["options"][0].update(due_minor="20001"),
        "inv_paid was changed",
    ),
    "a destination that changed": (
        lambda w: w.invoice("unpaid")["options"][0]["destination"].update(address="address-new"),
        "inv_unpaid was changed",
    ),
    "an address issued twice": (
        lambda w: w.event("invoice.created")["data"]["invoice"]["options"][0]["destination"].update(
            address="address-late"
        ),
        "address address-late was issued twice, by the journal",
    ),
    "a credit that is not recorded": (
        lambda w: w.payments.remove(w.payment("a:0")),
        "a:0 is on the chain and 0 times among the payments",
    ),
    "an unmatched credit that is not recorded": (
        lambda w: w.payments.remove(w.payment("d:0")),
        "d:0 is on the chain and 0 times",
    ),
    "a credit recorded twice": (
        lambda w: w.payments.append({**w.payment("a:0"), "id": "pay_again"}),
        "payment a:0 is recorded twice",
    ),
    "another amount": (
        lambda w: w.payment("a:0").update(amount_minor="20001"),
        "payment a:0 is not what the chain holds: amount_minor",
    ),
    "another invoice's credit": (
        lambda w: w.payment("a:0").update(invoice_id="inv_late"),
        "payment a:0 is not what the chain holds: invoice_id",
    ),
    "a lost payment that counts": (
        lambda w: w.payment("e:0").update(state="confirmed"),
        "payment e:0 is confirmed and not on the chain",
    ),
    "a credit that the chain has lost": (
        lambda w: w.credits.pop(0),
        "payment a:0 is confirmed and not on the chain",
    ),
    "a sum that is not the chain's": (
        lambda w: w.invoice("parts")["options"][0].update(confirmed_minor="15000"),
        "inv_parts does not add up",
    ),
    "a status that does not follow": (
        lambda w: w.invoice("late").update(status="settled"),
        "inv_late is settled, and its amounts say expired",
    ),
    "an unpaid invoice that settled": (
        lambda w: w.invoice("unpaid").update(status="settled"),
        "inv_unpaid is settled, and its amounts say expired",
    ),
    "a flag that does not follow": (
        lambda w: w.invoice("parts").update(flags=[]),
        "inv_parts has the flags [], and its amounts say ['over']",
    ),
    "a reversal without an event": (
        lambda w: w.invoice("paid").update(flags=["reversed"]),
        "inv_paid and the journal disagree on whether it was reversed",
    ),
    "a payment that is not listed": (
        lambda w: w.invoice("parts")["options"][0]["payments"].pop(),
        "inv_parts does not list the payments",
    ),
    "an event too few": (lambda w: w.journal.pop(), "inv_late has moved on since its last event"),
    "a confirmation too early": (
        lambda w: w.event("payment.confirmed")["data"]["payment"].update(confirmations=1),
        "confirms a payment with 1 confirmations",
    ),
    "an invoice created twice": (
        lambda w: w.journal.append({**w.journal[0], "seq": len(w.journal) + 1, "id": "evt_more"}),
        "inv_paid does not begin with being created, once",
    ),
    "a payment seen long after it was sent": (
        lambda w: w.told.sent_ms.update(a=(CREATED_MS, CREATED_MS)),
        "payment a:0 was sent at",
    ),
}


@pytest.mark.parametrize(("lie", "found"), LIES.values(), ids=LIES.keys())
def test_each_lie_is_found(world: World, lie: Lie, found: str) -> None:
    lie(world)
    told = world.violations()
    assert any(found in violation for violation in told), told
