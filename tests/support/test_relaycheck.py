"""The check of the long tests of relays can fail: each lie told to it is found, and the truth is not."""

from collections.abc import Callable
from copy import deepcopy
from dataclasses import dataclass, replace
from typing import Any

import pytest

from paydaemon.core.times import rfc3339
from tests.support.ledgercheck import Json
from tests.support.relaycheck import Executed, Handed, Ledger, Network, Told, disagreements

BEGAN_MS = 1_769_860_800_000
HOUR_MS = 3_600_000
PAYEE = "0.0.1001"
DUE = 20_000
PAID, REFUSED, NEVER, DIRECT = "0.0.2@1.1", "0.0.2@1.2", "0.0.2@1.3", "0.0.2@1.4"


@dataclass
class World:
    """Three accounts that agree, until a test tampers with one."""

    relays: dict[str, Json]
    invoices: list[Json]
    payments: list[Json]
    journal: list[Json]
    handed: list[Handed]
    executed: list[Executed]
    told: Told

    def disagreements(self) -> list[str]:
        ledger = Ledger(self.relays, self.invoices, self.payments, self.journal)
        return disagreements(ledger, Network(PAYEE, self.handed, self.executed), self.told)

    def events(self, id: str) -> list[Json]:
        return [event for event in self.journal if event["data"]["relay"]["transaction_id"] == id]


def relay(id: str, status: str, receipt: str | None = None) -> Json:
    return {
        "id": f"rly_{id}",
        "transaction_id": id,
        "status": status,
        "receipt": receipt,
        "invoice_id": "inv_a",
    }


def event(seq: int, told: Json) -> Json:
    at_ms = BEGAN_MS + 1_000 * seq
    return {
        "seq": seq,
        "id": f"evt_{seq}",
        "type": f"relay.{told['status']}",
        "created_at": rfc3339(at_ms),
        "data": {"relay": told},
    }


def invoice(memo: str, paid_minor: int) -> Json:
    where = {"address": PAYEE, "memo": memo}
    option = {"asset": "HBAR", "due_minor": str(DUE), "confirmed_minor": str(paid_minor)}
    status = "settled" if paid_minor >= DUE else "new"
    end = rfc3339(BEGAN_MS + HOUR_MS)
    return {
        "id": f"inv_{memo}",
        "status": status,
        "expires_at": end,
        "options": [{**option, "destination": where}],
    }


def paid(id: str, memo: str, code: str = "SUCCESS") -> Executed:
    gained = {"HBAR": DUE} if code == "SUCCESS" else {}
    return Executed(id, code, BEGAN_MS + 10_000, memo, gained)


def handed(id: str, after_s: int, *, was_taken: bool = True) -> Handed:
    return Handed(id, id.encode(), BEGAN_MS + 1_000 * after_s, was_taken)


@pytest.fixture
def world() -> World:
    """One relay came through, one was refused by consensus, one never arrived; one was paid past us."""
    states = [
        relay(PAID, "received"),
        relay(PAID, "unknown"),
        relay(PAID, "succeeded", "SUCCESS"),
        relay(REFUSED, "received"),
        relay(REFUSED, "accepted"),
        relay(REFUSED, "failed", "INVALID_SIGNATURE"),
        relay(NEVER, "received"),
        relay(NEVER, "failed"),
        relay(NEVER, "received"),
        relay(NEVER, "failed"),
    ]
    signed = {id: frozenset([id.encode()]) for id in (PAID, REFUSED, NEVER)}
    told = Told(signed, [deepcopy(states[2]), {**states[5], "invoice_id": None}], {DIRECT})
    payments = [{"ref": f"{id}:{PAYEE}:HBAR", "amount_minor": str(DUE)} for id in (PAID, DIRECT)]
    return World(
        relays={one["transaction_id"]: deepcopy(one) for one in states},
        invoices=[invoice("a", DUE), invoice("b", DUE), invoice("c", 0)],
        payments=payments,
        journal=[event(seq, one) for seq, one in enumerate(states, start=1)],
        handed=[handed(PAID, 2), handed(REFUSED, 5), handed(NEVER, 8, was_taken=False), handed(DIRECT, 0)],
        executed=[paid(PAID, "a"), paid(REFUSED, "a", "INVALID_SIGNATURE"), paid(DIRECT, "b")],
        told=told,
    )


def test_the_truth_is_taken(world: World) -> None:
    assert world.disagreements() == []
    world.executed.append(paid(PAID, "a", "DUPLICATE_TRANSACTION"))
    assert world.disagreements() == [], "it moved nothing"


def set_relay(world: World, id: str, **fields: Any) -> None:
    """In the ledger and in the last event."""
    world.relays[id].update(fields)
    world.events(id)[-1]["data"]["relay"].update(fields)


def retell(world: World, transaction_id: str, place: int, **fields: Any) -> None:
    world.events(transaction_id)[place]["data"]["relay"].update(fields)


Lie = Callable[[World], object]

LIES: dict[str, tuple[Lie, str]] = {
    "a gap in the journal": (lambda w: w.journal.pop(1), "has seq 3 where 2 belongs"),
    "an answer that is gone": (lambda w: w.relays.pop(PAID), "was told as succeeded and is lost"),
    "an answer that was never journaled": (
        lambda w: w.told.relays.append(relay(PAID, "accepted")),
        "was told as accepted and was never journaled so",
    ),
    "an answer about another invoice": (
        lambda w: w.told.relays[0].update(invoice_id="inv_b"),
        "was told as succeeded and was never journaled so",
    ),
    "what nobody has signed": (lambda w: w.told.signed.pop(NEVER), "that nobody has signed"),
    "a second relay of the same": (
        lambda w: retell(w, PAID, 0, id="rly_other"),
        "is known as several relays",
    ),
    "one relay of two": (lambda w: w.relays[NEVER].update(id=f"rly_{PAID}"), "stands for 2 transactions"),
    "no beginning": (lambda w: retell(w, PAID, 0, status="accepted"), "begins as accepted"),
    "a way back": (lambda w: retell(w, REFUSED, 1, status="succeeded"), "was succeeded and then failed"),
    "failed, and then not": (
        lambda w: retell(w, NEVER, 1, receipt="BUSY"),
        "moved on after consensus had refused it",
    ),
    "moved on in silence": (
        lambda w: w.relays[REFUSED].update(receipt="BUSY"),
        "is not what was told of it last",
    ),
    "other bytes": (
        lambda w: w.handed.append(replace(w.handed[0], raw=b"other")),
        "other bytes than were signed",
    ),
    "another id": (
        lambda w: w.handed.append(handed("0.0.2@9.9", 9)),
        "other bytes than were signed as 0.0.2@9.9",
    ),
    "handed over unrecorded": (
        lambda w: w.told.__init__({DIRECT: frozenset([DIRECT.encode()])}),  # type: ignore[misc]
        "was handed to a node and is no relay",
    ),
    "handed over too soon": (
        lambda w: w.handed.append(handed(PAID, 0)),
        "was handed to a node before it was journaled",
    ),
    "twice at consensus": (lambda w: w.executed.append(paid(PAID, "c")), "was carried out 2 times"),
    "a duplicate that moved something": (
        lambda w: w.executed.append(replace(paid(NEVER, "c"), code="DUPLICATE_TRANSACTION")),
        "was carried out 0 times",
    ),
    "no end": (lambda w: set_relay(w, NEVER, status="unknown"), "is unknown by None"),
    "failed by us alone": (
        lambda w: set_relay(w, PAID, status="failed", receipt=None),
        "is failed by None, and the network says ('succeeded', 'SUCCESS')",
    ),
    "succeeded by us alone": (lambda w: w.executed.pop(0), "the network says ('failed', None)"),
    "failed while it was taken": (
        lambda w: w.handed.append(handed(NEVER, 7)),
        "was told to have failed after a node had taken it",
    ),
    "a credit that is not recorded": (lambda w: w.payments.pop(), "moved ['20000'] and is recorded as []"),
    "a credit that is recorded twice": (
        lambda w: w.payments.append(dict(w.payments[0])),
        "is recorded as ['20000', '20000']",
    ),
    "another amount": (
        lambda w: w.payments[0].update(amount_minor="1"),
        "moved ['20000'] and is recorded as ['1']",
    ),
    "a payment of nothing": (
        lambda w: w.payments.append({"ref": "x", "amount_minor": "1"}),
        "x moved [] and is recorded as ['1']",
    ),
    "two relays for one invoice": (
        lambda w: w.executed.append(paid("0.0.2@1.5", "a")),
        "invoice inv_a was brought 40000 of 20000 by relays",
    ),
    "a sum that is wrong": (
        lambda w: w.invoices[2]["options"][0].update(confirmed_minor="7"),
        "invoice inv_c has 7 instead of 0",
    ),
    "paid and not settled": (
        lambda w: w.invoices[1].update(status="expired"),
        "invoice inv_b was paid in time and is expired",
    ),
}


@pytest.mark.parametrize(("lie", "said"), LIES.values(), ids=LIES)
def test_every_lie_is_found(world: World, lie: Lie, said: str) -> None:
    lie(world)
    found = world.disagreements()
    assert any(said in one for one in found), found
