"""The watch: after each step, what must hold at any moment is looked up wherever anything may have moved.

What moved is known from three sides: what the daemon was told, what it journaled, and whose time has come.
Each invoice that any of them names is read from the store and compared with the account.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from paydaemon.core.events import Event
from paydaemon.core.invoice import Flag, Invoice, Mark, Stage
from paydaemon.core.payment import Payment
from paydaemon.core.public import public_event, public_invoice
from paydaemon.store.port import Reader
from tests.engine.books import same_terms
from tests.simulation.account import Account, Known, Ref
from tests.simulation.deliveries import AT_ONCE_MS, Deliveries
from tests.simulation.relays import Relays
from tests.simulation.standing import expected
from tests.simulation.town import Town
from tests.support.ledgercheck import Json, Told, gaps, terms

PAGE = 500
ORDER = list(Stage)
RECENT = 15
"""How many of the newest invoices most buyers come from."""
KNOWN = ("invoices", "marks", "stories", "by_order", "stages", "paid", "deliveries", "relays")


@dataclass(slots=True)
class Story:
    """What the journal told of one invoice."""

    terms: Json
    last: Json
    types: Counter[str] = field(default_factory=Counter)


@dataclass(slots=True)
class Watch:
    """Everything that was ever promised: what sellers and readers `heard`, and the `marks` of people.

    What is `KNOWN` goes back with the database where a backup is restored. The indexes `given_out`, the
    `event_ids` and how many invoices there `ever` were do not.
    """

    town: Town
    invoices: dict[str, Invoice] = field(default_factory=dict)
    heard: Told = field(default_factory=Told)
    marks: dict[str, Mark] = field(default_factory=dict)
    stories: dict[str, Story] = field(default_factory=dict)
    by_order: dict[str, str] = field(default_factory=dict)
    stages: dict[str, Stage] = field(default_factory=dict)
    paid: set[str] = field(default_factory=set)
    deliveries: Deliveries = field(default_factory=Deliveries)
    relays: Relays = field(default_factory=Relays)
    checks: int = 0
    given_out: set[tuple[str, int]] = field(default_factory=set)
    event_ids: set[str] = field(default_factory=set)
    ever: int = 0
    is_restored: bool = False

    @property
    def journal(self) -> list[Json]:
        """Every event, as it was when it was news."""
        return self.heard.events

    @property
    def account(self) -> Account:
        """What the daemon was told."""
        return self.town.account

    async def check(self) -> None:
        """Nothing that was promised is broken."""
        self.checks += 1
        events = await self._news()
        touched, self.account.touched = self.account.touched, set()
        owners = {self.account.credits[ref].invoice_id for ref in touched}
        named = {event.invoice_id for event in events if event.invoice_id is not None}
        ids = sorted((owners - {None}) | named | set(self._due()))  # type: ignore[type-var]
        homeless = [ref for ref in touched if self.account.credits[ref].invoice_id is None]
        found = await self.town.store.read(lambda reader: _found(reader, ids, homeless))  # type: ignore[arg-type]
        for invoice, payments in found.invoices:
            self._check_invoice(invoice, payments)
        for ref, payment in found.payments.items():
            _check_payment(self.account.credits[ref], payment)
        await self._check_told_and_handed_over()

    async def _check_told_and_handed_over(self) -> None:
        town = self.town
        await self.relays.check(town.nodes, town.store, len(self.journal))
        await self.deliveries.check(town.post, self.journal, town.store)
        before_ms = town.clock() - AT_ONCE_MS
        if town.up_since_ms < before_ms:
            self.deliveries.check_steady(town.post, self.journal, before_ms)

    async def check_all(self) -> None:
        """The same for every invoice and credit there is, whether it moved or not."""
        self.account.touched |= self.account.credits.keys()
        self.stages.clear()
        await self.check()

    def any_invoice(self) -> Invoice | None:
        """One of all, mostly of the newest."""
        dice, ids = self.town.dice, list(self.invoices)
        if not ids:
            return None
        return self.invoices[dice.choice(ids[-RECENT:] if dice.random() < 0.9 else ids)]

    # --- Backups

    def known(self) -> object:
        """What belongs to the database as it is now."""
        return self.heard.acknowledged, self.journal, {name: getattr(self, name) for name in KNOWN}

    def remember(self, known: Any) -> None:
        """What belonged to the database when a backup was made is what belongs to it again."""
        self.heard.acknowledged, self.heard.events, rest = known
        for name, value in rest.items():
            setattr(self, name, value)
        self.is_restored = True

    # --- The journal

    async def _news(self) -> Sequence[Event]:
        """What was journaled since: without a gap, and each event true."""
        news: list[Event] = []
        while page := await self.town.store.read(self._page(len(self.journal) + len(news))):
            news += page
        created = [event.invoice_id for event in news if event.type == "invoice.created"]
        await self._learn(one for one in created if one is not None)
        shown = [public_event(event) for event in news]
        self.journal.extend(shown)
        assert [event.seq for event in news] == list(
            range(len(self.journal) - len(news) + 1, len(self.journal) + 1)
        ), list(gaps(self.journal))
        self._check_epoch(news)
        for event in news:
            self._hear(event)
        return news

    def _check_epoch(self, news: Sequence[Event]) -> None:
        """After a restore the journal says so first, and no id stands for two events."""
        if news and self.is_restored:
            assert news[0].type == "admin.restored", f"a restored journal goes on with {news[0].type}"
            self.is_restored = False
        for event in news:
            assert event.id not in self.event_ids, f"event id {event.id} was given out twice"
            self.event_ids.add(event.id)

    def _page(self, after: int) -> Callable[[Reader], Sequence[Event]]:
        return lambda reader: reader.events(
            after=after, types=(), invoice_id=None, seller_id=None, limit=PAGE
        )

    def _hear(self, event: Event) -> None:
        self.deliveries.hear(event)
        if event.type.value.startswith("relay."):
            self.relays.hear(event)
        if event.type == "payment.confirmed":
            payment = event.data["payment"]
            assert isinstance(payment, dict)
            ref = payment["chain"], payment["ref"]
            assert ref in self.account.ever_confirmed, f"{ref} was called confirmed below its depth"
        if event.invoice_id is not None and "invoice" in event.data:
            invoice = event.data["invoice"]
            assert isinstance(invoice, dict)
            told = self.stories.setdefault(event.invoice_id, Story(terms(invoice), invoice))
            assert told.types or event.type == "invoice.created", (
                f"{event.invoice_id} began with {event.type}"
            )
            assert terms(invoice) == told.terms, f"the terms of {event.invoice_id} changed"
            told.types[event.type.value] += 1
            told.last = invoice
            if event.type == "invoice.settled":
                assert invoice["status"] == "settled"

    async def _learn(self, ids: Iterable[str]) -> None:
        """An invoice came into being: it was ordered, once, and pays to where nobody else does."""
        for id in ids:
            invoice = await self.town.store.read(lambda reader, id=id: reader.invoice(id))  # type: ignore[misc]
            assert invoice is not None, f"{id} was told and is not there"
            order = str(invoice.metadata["order"])
            assert order in self.heard.orders, f"nobody gave order {order}"
            assert order not in self.by_order, f"order {order} has two invoices"
            for option in invoice.options:
                index = option.asset.chain, option.destination.index
                assert index not in self.given_out, f"index {index} was used twice"
                self.given_out.add(index)
            self.invoices[id], self.by_order[order] = invoice, id
            self.account.issue(invoice)
            self.ever += 1

    # --- Invoices and payments

    def _due(self) -> list[str]:
        """Whose time has come by the chains' own word."""
        return [
            id
            for id, invoice in self.invoices.items()
            if self.stages.get(id) is not Stage.CLOSED and self._least(invoice) is not self.stages.get(id)
        ]

    def _least(self, invoice: Invoice) -> Stage:
        """How far an invoice's clock must have run."""
        return _stage(invoice, self.account.complete_ms(invoice, self.account.turned_ms))

    def _most(self, invoice: Invoice) -> Stage:
        """How far it may have run, where the daemon died before it had turned all clocks."""
        return _stage(invoice, self.account.complete_ms(invoice, self.account.as_of_ms))

    def _check_invoice(self, invoice: Invoice, payments: Sequence[Payment]) -> None:
        id, standing = invoice.id, invoice.standing
        assert same_terms(invoice, self.invoices[id]), f"the terms of {id} changed"
        self.stages[id] = standing.stage
        least, most = self._least(invoice), self._most(invoice)
        in_order = ORDER.index(least) <= ORDER.index(standing.stage) <= ORDER.index(most)
        assert in_order, f"{id} is {standing.stage}, and its chains say {least} to {most}"
        assert standing.mark is self.marks.get(id), f"{id} is marked {standing.mark}"
        known = {(one.chain, one.word.ref): one for one in self.account.of_invoice[id]}
        assert {(one.chain, one.ref) for one in payments} == known.keys(), f"{id} has other payments"
        assert len(payments) == len(known), f"a credit counts twice for {id}"
        for payment in payments:
            _check_payment(known[payment.chain, payment.ref], payment)
        self._check_standing(invoice, list(known.values()))
        self._check_told(invoice, payments)

    def _check_standing(self, invoice: Invoice, paid: Sequence[Known]) -> None:
        standing = invoice.standing
        should = expected(invoice, paid, standing.stage, standing.mark)
        flags = frozenset(flag.value for flag in standing.flags - {Flag.REVERSED})
        stands = standing.status.value, flags
        assert stands == (should.status, should.flags), f"{invoice.id} is {stands}, and should be {should}"
        if should.is_paid:
            self.paid.add(invoice.id)
        elif invoice.id in self.paid:
            assert Flag.REVERSED in standing.flags, f"{invoice.id} was paid, and nobody said that it is not"

    def _check_told(self, invoice: Invoice, payments: Sequence[Payment]) -> None:
        """The last event of an invoice shows it as it stands: none was lost, none came too early."""
        told, standing = self.stories[invoice.id], invoice.standing
        stands = standing.status.value, sorted(flag.value for flag in standing.flags)
        told_as = told.last["status"], told.last["flags"]
        assert told_as == stands, f"{invoice.id} is {stands}, and was told {told_as}"
        now = public_invoice(invoice, payments, {})
        assert _sums(told.last) == _sums(now), f"{invoice.id} does not add up to what was told"
        assert told.types["invoice.created"] == 1
        reversed_ = Flag.REVERSED in standing.flags
        assert reversed_ == (told.types["invoice.reversed"] > 0), f"{invoice.id}: reversed is {reversed_}"


@dataclass(frozen=True, slots=True)
class Found:
    """What the store holds of everything that was asked for."""

    invoices: Sequence[tuple[Invoice, Sequence[Payment]]]
    payments: Mapping[Ref, Payment | None]


def _found(reader: Reader, ids: Sequence[str], refs: Sequence[Ref]) -> Found:
    invoices = []
    for id in ids:
        invoice = reader.invoice(id)
        assert invoice is not None, f"{id} is not there"
        invoices.append((invoice, reader.payments_of(id)))
    return Found(invoices, {ref: reader.payment_by_ref(*ref) for ref in refs})


def _check_payment(known: Known, payment: Payment | None) -> None:
    """The ledger's row is what was last told of the credit, to the last field."""
    assert payment is not None, f"{known.word.ref} was told and is not there"
    word = known.word
    holds = {
        "amount_minor": (payment.amount_minor, word.amount_minor),
        "asset": (payment.asset, word.asset),
        "destination": (payment.destination_key, word.destination_key),
        "invoice": (payment.invoice_id, known.invoice_id),
        "state": (payment.state.value, known.state),
        "required": (payment.confirmations_required, known.required),
        "position": (payment.position, word.position),
        "block": ((payment.height, payment.block), (word.height, word.block)),
        "seen_at": (payment.seen_at_ms, known.seen_at_ms),
        "replaced_by": (payment.replaced_by, word.replaced_by),
    }
    wrong = {name: both for name, both in holds.items() if both[0] != both[1]}
    assert not wrong, f"{word.ref} on {known.chain} is held (first) otherwise than it was told: {wrong}"


def _stage(invoice: Invoice, complete_ms: int) -> Stage:
    if complete_ms > invoice.monitor_until_ms:
        return Stage.CLOSED
    return Stage.EXPIRED if complete_ms > invoice.expires_at_ms else Stage.OPEN


def _sums(invoice: Json) -> list[tuple[object, object]]:
    options = invoice["options"]
    assert isinstance(options, list)
    return [(option["pending_minor"], option["confirmed_minor"]) for option in options]
