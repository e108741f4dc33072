"""Whatever happens on two networks and in the office, the ledger says what the networks say.

Hypothesis moves transactions about, lets time pass, takes networks away and restarts the daemon, in any
order; looks are among what happens, so the daemon learns of many things at once, in part or much later. After
each step the books are checked against the networks' own.
"""

from collections import Counter
from collections.abc import Awaitable, Callable
from functools import partial
from typing import ClassVar

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from paydaemon.core.errors import ErrorType, Refusal
from paydaemon.core.invoice import Invoice, LatePolicy, Mark, Option
from paydaemon.core.payment import Observation
from paydaemon.engine.invoices import InvoiceView
from paydaemon.engine.orders import InvoiceDefaults
from paydaemon.engine.totals import totals
from paydaemon.hooks.ports import HealthState
from paydaemon.testing.fakenetwork import Credit, FakeNetwork
from tests.engine.books import (
    Books,
    check_credits,
    check_destinations,
    check_invoice,
    check_journal,
    read_books,
    same_terms,
)
from tests.engine.portal import Portal
from tests.engine.stores import RepeatingStore, StoreInFront
from tests.engine.world import OPERATOR, SHOP, world

DEFAULTS = InvoiceDefaults(expires_in_s=900, monitor_for_s=2_000)
CHAINS = ("bitcoin", "hedera")
STRAY_INDEX = 100_000

looks = st.sampled_from([True, True, False])
"""Whether the daemon looks at once, or learns of it together with what comes after."""


class EngineMachine(RuleBasedStateMachine):
    """Two networks, one daemon, and somebody in the office."""

    front: ClassVar[type[StoreInFront] | None] = None

    def __init__(self) -> None:
        super().__init__()
        self.portal = Portal(partial(world, *CHAINS, defaults=DEFAULTS, front=type(self).front))
        self.daemon = self.portal.value
        self.terms: dict[str, Invoice] = {}
        self.keys: dict[str, tuple[object, str]] = {}
        self.assigned: set[str] = set()
        self.told: dict[str, tuple[int, int | None]] = {}
        self.said: list[list[Observation]] = []
        self.checked_seq = 0

    def teardown(self) -> None:
        try:
            assert self.portal(self.daemon.store.read, totals).disagreements == []
        finally:
            self.portal.close()

    # --- The office

    @initialize()
    def open_the_shop(self) -> None:
        for confirmations in (1, 2):
            self.create(chains=None, confirmations=confirmations, late=None, key=None)

    @rule(
        chains=st.sampled_from([None, ("bitcoin",), ("hedera",)]),
        confirmations=st.sampled_from([1, 1, 2, 3]),
        late=st.sampled_from([None, *LatePolicy]),
        key=st.sampled_from([None, None, "a", "b"]),
    )
    def create(
        self,
        chains: tuple[str, ...] | None,
        confirmations: int,
        late: LatePolicy | None,
        key: str | None,
    ) -> None:
        asked = chains, confirmations, late
        answer = self._ask(
            partial(self.daemon.create, SHOP, key, chains=chains, confirmations=confirmations, late=late)
        )
        if isinstance(answer, Refusal):
            if answer.type is ErrorType.CONFLICT:
                assert key is not None
                assert self.keys[key][0] != asked
            else:
                states = [self.daemon.live_chains[chain].status().state for chain in chains or CHAINS]
                assert answer.code == "nothing_to_offer"
                assert HealthState.HEALTHY not in states
            return
        invoice = answer.invoice
        if key is not None:
            assert self.keys.setdefault(key, (asked, invoice.id)) == (asked, invoice.id)
        self.terms.setdefault(invoice.id, invoice)

    @rule(data=st.data(), mark=st.sampled_from([None, None, None, *Mark]))
    def mark(self, data: st.DataObject, mark: Mark | None) -> None:
        if mark is not None:
            invoice_id = data.draw(st.sampled_from(list(self.terms)))
            self.portal(self.daemon.api.mark_invoice, SHOP, invoice_id, mark)

    @rule(data=st.data())
    def assign(self, data: st.DataObject) -> None:
        unmatched = self.portal(self.daemon.unmatched)
        if unmatched:
            payment = data.draw(st.sampled_from(unmatched))
            invoice = self.terms[data.draw(st.sampled_from(list(self.terms)))]
            answer = self._ask(self.daemon.api.assign_payment, OPERATOR, payment.id, invoice.id)
            assert isinstance(answer, Refusal) == (invoice.option(payment.asset) is None)
            if not isinstance(answer, Refusal):
                self.assigned.add(payment.ref)

    def _ask(self, fn: Callable[..., Awaitable[InvoiceView]], *args: object) -> InvoiceView | Refusal:
        try:
            return self.portal(fn, *args)
        except Refusal as refusal:
            return refusal

    # --- The networks

    @rule(data=st.data())
    def pay_and_bury(self, data: st.DataObject) -> None:
        """As it mostly goes."""
        options = [option for invoice in self.terms.values() for option in invoice.options]
        option = data.draw(st.sampled_from([one for one in options if one.asset.chain == "bitcoin"]))
        self.bitcoin.pay(Credit(option.destination.key, option.due_minor))
        self._look("bitcoin", data.draw(looks))
        self.bitcoin.grow(option.confirmations_required)
        self._look("bitcoin", data.draw(looks))

    @rule(data=st.data(), chain=st.sampled_from(CHAINS), outputs=st.sampled_from([1, 1, 1, 2, 3]), look=looks)
    def pay(self, data: st.DataObject, chain: str, outputs: int, look: bool) -> None:
        self.daemon.networks[chain].pay(*(self._draw_output(data, chain) for _ in range(outputs)))
        self._look(chain, look)

    def _draw_output(self, data: st.DataObject, chain: str) -> Credit:
        """Mostly what an invoice asks for, or near it, and sometimes to nobody."""
        options = [option for invoice in self.terms.values() for option in invoice.options]
        mine = [option for option in options if option.asset.chain == chain]
        option = data.draw(st.sampled_from([*mine[-8:], None])) if mine else None
        if option is None:
            stray = self.daemon.chains[chain].destination_at(STRAY_INDEX + data.draw(st.integers(0, 2)))
            return Credit(stray.key, data.draw(st.integers(0, 9)))
        return Credit(option.destination.key, data.draw(st.sampled_from(amounts(option))))

    @rule(blocks=st.sampled_from([1, 1, 1, 2, 3]), look=looks)
    def grow(self, blocks: int, look: bool) -> None:
        self.bitcoin.grow(blocks)
        self._look("bitcoin", look)

    @rule(data=st.data(), look=looks)
    def grow_by_some(self, data: st.DataObject, look: bool) -> None:
        self.bitcoin.grow(only=[txid for txid in self.bitcoin.mempool if data.draw(st.booleans())])
        self._look("bitcoin", look)

    @precondition(lambda self: self.bitcoin.mempool)
    @rule(data=st.data(), how=st.sampled_from(["replace", "away", "drop", "conflict"]), look=looks)
    def lose(self, data: st.DataObject, how: str, look: bool) -> None:
        txid = data.draw(st.sampled_from(self.bitcoin.mempool))
        match how:
            case "replace":
                self.bitcoin.replace(txid, self._draw_output(data, "bitcoin"))
            case "away":
                self.bitcoin.replace(txid)
            case "drop":
                self.bitcoin.drop(txid)
            case _:
                self.bitcoin.conflict(txid)
        self._look("bitcoin", look)

    @rule(data=st.data())
    def rebroadcast(self, data: st.DataObject) -> None:
        lost = [txid for txid in self.bitcoin.transactions if self.bitcoin.can_enter(txid)]
        if lost:
            assert self.bitcoin.rebroadcast(data.draw(st.sampled_from(lost)))

    @precondition(lambda self: self.bitcoin.height)
    @rule(data=st.data(), lose=st.booleans(), look=looks)
    def reorganise(self, data: st.DataObject, lose: bool, look: bool) -> None:
        assert self.bitcoin.height is not None
        depth = data.draw(st.integers(1, min(4, self.bitcoin.height)))
        undone = [
            txid
            for txid, transaction in self.bitcoin.transactions.items()
            if (transaction.fate.height or 0) > self.bitcoin.height - depth
        ]
        self.bitcoin.reorganise(depth, lost=undone[:1] if lose else (), remine=data.draw(st.booleans()))
        self._look("bitcoin", look)

    @precondition(lambda self: self.bitcoin.height)
    @rule(look=looks)
    def undo(self, look: bool) -> None:
        self.bitcoin.undo(1)
        self._look("bitcoin", look)

    @rule(chain=st.sampled_from(CHAINS))
    def go_away(self, chain: str) -> None:
        self.daemon.networks[chain].away = True

    @rule(chain=st.sampled_from(CHAINS))
    def come_back(self, chain: str) -> None:
        self.daemon.networks[chain].away = False

    # --- Time, looks and restarts

    @rule(seconds=st.sampled_from([0.001, 10, 100, 100, 901, 3_000]), look=looks)
    def time_passes(self, seconds: float, look: bool) -> None:
        self.daemon.turn(seconds)
        self.daemon.publish()
        for chain in CHAINS:
            self._look(chain, look)

    @rule()
    def look_everywhere(self) -> None:
        for chain in CHAINS:
            self._look(chain)

    @precondition(lambda self: self.bitcoin.transactions)
    @rule(data=st.data())
    def glimpse(self, data: st.DataObject) -> None:
        if not self.bitcoin.away:
            txid = data.draw(st.sampled_from(list(self.bitcoin.transactions)))
            self.portal(self.daemon.chains["bitcoin"].tell_only, txid)

    @precondition(lambda self: self.said)
    @rule(data=st.data())
    def hear_an_old_word(self, data: st.DataObject) -> None:
        """What overtook it on its way stands."""
        old = data.draw(st.sampled_from(self.said))
        self.portal(self.daemon.hosts["bitcoin"].observe, old, None, None)

    @rule()
    def restart(self) -> None:
        for network in self.daemon.networks.values():
            network.away = False
        self.look_everywhere()
        before = self.portal(read_books, self.daemon)
        self.portal(self.daemon.restart)
        assert self.portal(read_books, self.daemon) == before

    # --- What must hold

    @invariant()
    def the_books_are_in_order(self) -> None:
        books = self.portal(read_books, self.daemon)
        for invoice in books.invoices:
            check_invoice(invoice, books)
            assert same_terms(invoice, self.terms[invoice.id])
        assert len(books.invoices) == len(self.terms)
        check_destinations(books.invoices)
        check_credits(books.payments)
        check_journal(books.events[self.checked_seq :], after=self.checked_seq)
        self.checked_seq = len(books.events)
        for chain in CHAINS:
            if self.told.get(chain) == where(self.daemon.networks[chain]):
                self._check_sums(chain, books)

    def _check_sums(self, chain: str, books: Books) -> None:
        """The daemon knows all that the chain knows: each destination has what the network gave it."""
        network = self.daemon.networks[chain]
        recorded: Counter[str] = Counter()
        for payment in books.payments:
            if payment.chain == chain and payment.counts:
                recorded[payment.destination_key] += payment.amount_minor
        keys = {credit.key for one in network.transactions.values() for credit in one.credits}
        assert recorded == {key: network.valid_minor(key) for key in keys if network.valid_minor(key)} | {
            key: 0 for key in recorded if not network.valid_minor(key)
        }
        options = [option for invoice in books.invoices for option in invoice.options]
        owners = {option.destination.key: option for option in options if option.asset.chain == chain}
        for payment in books.payments:
            matched = payment.destination_key in owners or payment.ref in self.assigned
            assert payment.chain != chain or matched == (payment.invoice_id is not None)

    @property
    def bitcoin(self) -> FakeNetwork:
        return self.daemon.bitcoin

    def _look(self, chain: str, look: bool = True) -> None:
        network = self.daemon.networks[chain]
        if look and not network.away:
            self.portal(self.daemon.look, chain)
            view, _ = self.told.get(chain, (0, None))
            self.told[chain] = where(network)
            if chain == "bitcoin":
                told = self.daemon.chains[chain].observed
                self.said += [list(told(one)) for one in network.changed_since(view)]


def where(network: FakeNetwork) -> tuple[int, int | None]:
    """What tells one state of a network from every other."""
    return network.view, network.height


def amounts(option: Option) -> list[int]:
    """What buyers pay: all of it, nearly, a half, or a little."""
    due = option.due_minor
    return [due, due, due, due - 1, due + 1, due // 2, -(-due // 2), 1, 0]


CHECKS = [HealthCheck.too_slow, HealthCheck.filter_too_much, HealthCheck.data_too_large]


def test_any_forty_steps() -> None:
    run_state_machine_as_test(
        EngineMachine,
        settings=settings(max_examples=40, stateful_step_count=40, suppress_health_check=CHECKS),
    )


class RepeatingMachine(EngineMachine):
    """The same on a store that runs every transaction twice: the first time leaves no trace."""

    front = RepeatingStore


def test_any_forty_steps_with_every_transaction_run_twice() -> None:
    run_state_machine_as_test(
        RepeatingMachine,
        settings=settings(max_examples=20, stateful_step_count=40, suppress_health_check=CHECKS),
    )


@pytest.mark.soak
def test_a_hundred_steps_again_and_again() -> None:
    run_state_machine_as_test(
        EngineMachine,
        settings=settings(max_examples=200, stateful_step_count=100, suppress_health_check=CHECKS),
    )
