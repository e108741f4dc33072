"""The store against a model: whatever is done in whatever order, sums and events are what plain dicts say."""

from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field
from operator import methodcaller

import pytest
import trio
from hypothesis import given
from hypothesis import strategies as st

from paydaemon.core.events import EventType
from paydaemon.store.port import Duplicate, Reader, Store, Transaction
from paydaemon.store.sqlite import open_store
from paydaemon.testing.samples import SELLER, draft, invoice, payment

INVOICES = 3
BIG = 10**78

Operation = tuple[str, int, int]
"""What is done, to which of a few things, with which amount."""

operations = st.tuples(
    st.sampled_from(["pay", "pay again", "append", "reserve", "assign"]),
    st.integers(0, INVOICES - 1),
    st.integers(0, BIG),
)
steps = st.lists(st.tuples(st.lists(operations, max_size=5), st.booleans()), max_size=12)
"""Transactions: what each does, and whether it raises in the end."""


class Refused(Exception):
    """How a transaction ends that is to leave no trace."""


@dataclass
class Model:
    """What there should be."""

    paid: dict[str, int] = field(default_factory=lambda: defaultdict(int))
    refs: dict[str, tuple[str | None, int]] = field(default_factory=dict)
    events: list[str | None] = field(default_factory=list)
    next_index: int = 0

    def copy(self) -> "Model":
        return Model(defaultdict(int, self.paid), dict(self.refs), list(self.events), self.next_index)


def apply(tx: Transaction, model: Model, operation: Operation) -> None:
    """Do the same to both, and compare what they say at once."""
    what, number, amount = operation
    owner = f"inv_{number}"
    match what:
        case "pay":
            count = len(model.refs)
            tx.add_payment(payment(count, invoice_id=owner, amount_minor=amount))
            model.refs[payment(count).ref] = (owner, amount)
            model.paid[owner] += amount
        case "pay again" if model.refs:
            ref = list(model.refs)[amount % len(model.refs)]
            with pytest.raises(Duplicate, match="payment"):
                tx.add_payment(payment(10_000 + amount % 97, ref=ref, amount_minor=amount))
        case "append":
            event = tx.append(draft(EventType.INVOICE_SETTLED, invoice_id=owner), amount % 1_000)
            model.events.append(owner)
            assert event.seq == len(model.events)
        case "reserve":
            assert tx.reserve_indexes("bitcoin", 1 + number) == model.next_index
            model.next_index += 1 + number
        case "assign":
            count = len(model.refs)
            tx.add_payment(payment(count, amount_minor=amount))
            tx.set_payment(payment(count, invoice_id=owner, amount_minor=amount))
            model.refs[payment(count).ref] = (owner, amount)
            model.paid[owner] += amount
        case _:
            assert (what, model.refs) == ("pay again", {})


async def run(store: Store, model: Model, todo: list[Operation], raises: bool) -> Model:
    """One transaction; returns the model as it should now be."""

    def work(tx: Transaction) -> Model:
        after = model.copy()
        for operation in todo:
            apply(tx, after, operation)
        if raises:
            raise Refused
        return after

    try:
        return await store.transact(work)
    except Refused:
        return model


def compare(model: Model) -> Callable[[Reader], None]:
    def check(reader: Reader) -> None:
        for number in range(INVOICES):
            owner = f"inv_{number}"
            payments = reader.payments_of(owner)
            assert sum(one.amount_minor for one in payments) == model.paid[owner]
            assert {one.ref for one in payments} == {
                ref for ref, (of, _) in model.refs.items() if of == owner
            }
        events = reader.events(after=0, types=(), invoice_id=None, seller_id=None, limit=1_000)
        assert [event.invoice_id for event in events] == model.events
        assert [event.seq for event in events] == list(range(1, len(events) + 1))
        assert reader.last_seq() == len(events)
        assert reader.chain("bitcoin").next_index == model.next_index

    return check


@given(steps)
def test_the_store_agrees_with_the_model(todo: list[tuple[list[Operation], bool]]) -> None:
    async def main() -> None:
        model = Model()
        async with open_store(":memory:", executor="inline") as store:
            await store.transact(lambda tx: tx.add_seller(SELLER))
            for number in range(INVOICES):
                await store.transact(methodcaller("add_invoice", invoice(number)))
            for operations, raises in todo:
                model = await run(store, model, operations, raises)
                await store.read(compare(model))
            assert store.last_seq == len(model.events)

    trio.run(main)
