"""The API: everything a frontend can ask for, under a named principal.

Frontends parse, call one method here, and word the answer. What a principal may not see is told as if it were
not there.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Generic, TypeVar

import trio
from structlog.contextvars import bind_contextvars

from paydaemon.core.access import Principal, Seller
from paydaemon.core.delivery import Backlog
from paydaemon.core.errors import unknown_cursor
from paydaemon.core.events import Draft
from paydaemon.core.invoice import Invoice, Mark, Status
from paydaemon.core.payment import Payment
from paydaemon.core.policy import RelayPolicy
from paydaemon.core.raterules import Pair
from paydaemon.engine.accounts import Accounts
from paydaemon.engine.chains import ChainStatus, LiveChain
from paydaemon.engine.clock import Clock, system_clock
from paydaemon.engine.deliveries import Deliveries, Endpoints, Records
from paydaemon.engine.desk import Desk
from paydaemon.engine.exports import Exports
from paydaemon.engine.inquiries import Inquiries
from paydaemon.engine.invoices import Invoices, InvoiceView, existing, find, view
from paydaemon.engine.limits import EngineLimits
from paydaemon.engine.live import LiveHub
from paydaemon.engine.measures import RateMeasures
from paydaemon.engine.orders import InvoiceRequest
from paydaemon.engine.preparations import Preparations
from paydaemon.engine.ratehistory import RateHistory, Span
from paydaemon.engine.rates import Look, Published, RateBook
from paydaemon.engine.relays import Relays
from paydaemon.engine.sessions import Sessions
from paydaemon.engine.sheet import TipsOf
from paydaemon.journal import Journal
from paydaemon.store.port import Reader, Store
from paydaemon.store.rateport import KeptRate

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Page(Generic[T]):
    """One page of a list, newest first. `next_cursor` asks for the page after it; None on the last."""

    items: Sequence[T]
    next_cursor: str | None


@dataclass(frozen=True, slots=True)
class PaymentView:
    """A payment with the height its confirmations are counted from."""

    payment: Payment
    tip: int | None


@dataclass(frozen=True, slots=True)
class Counted:
    """What is counted in the database."""

    invoices: Mapping[Status, int]
    unmatched: int
    backlogs: Mapping[str, Backlog] = field(default_factory=dict)


class Api:
    """One daemon's operations. Methods raise `Refusal` for what they do not do.

    `absent` are the chains that invoices wait on and that are not configured, as they were found at start.
    """

    def __init__(
        self,
        store: Store,
        accounts: Accounts,
        invoices: Invoices,
        journal: Journal,
        live: LiveHub,
        rates: RateBook,
        chains: Mapping[str, LiveChain],
        relays: Relays,
        clock: Clock = system_clock,
        deliveries: Deliveries | None = None,
        rate_history: RateHistory | None = None,
        inquiries: Inquiries | None = None,
        sessions: Sessions | None = None,
        preparations: Preparations | None = None,
    ) -> None:
        self._clock = clock
        self._store = store
        self._invoices = invoices
        self._rates = rates
        self._chains = chains
        self.absent: Sequence[ChainStatus] = ()
        self.accounts = accounts
        self.journal = journal
        self.live = live
        self.relays = relays
        self.rate_history = rate_history or RateHistory(store, rates, clock)
        self.inquiries = inquiries or Inquiries(chains, RelayPolicy.PAYEES, EngineLimits())
        self.preparations = preparations or Preparations(store, chains, relays, clock)
        self.deliveries = deliveries or Deliveries(store, {}, clock)
        self.sessions = sessions or Sessions(store, accounts, clock)
        self.desk = Desk(store, clock)
        self.exports = Exports(store)
        self.webhooks = Endpoints(store, self.deliveries, clock)
        self.records = Records(store, self.deliveries, clock)

    async def create_invoice(
        self, principal: Principal, request: InvoiceRequest, idempotency_key: str | None
    ) -> InvoiceView:
        """Create an invoice; with a key used before, return the one it stands for."""
        return _noted(await self._invoices.create(principal, request, idempotency_key))

    async def mark_invoice(self, principal: Principal, id: str, mark: Mark) -> InvoiceView:
        """Put a person's word over what the amounts say."""
        return _noted(await self._invoices.mark(principal, id, mark))

    async def invoice(self, principal: Principal, id: str) -> InvoiceView:
        """One invoice as it stands."""
        return _noted(await self._store.read(lambda reader: find(reader, principal, id)))

    async def checkout(self, id: str) -> tuple[InvoiceView, Seller]:
        """One invoice for whoever has its link, which nobody can guess, and whose it is.

        What to show is the page's affair.
        """
        view, seller = await self._store.read(lambda reader: _with_seller(reader, existing(reader, id)))
        return _noted(view), seller

    async def payers_view(self, id: str) -> tuple[InvoiceView, int]:
        """The same, and the `seq` of the last event that is part of it: what comes after it is news."""
        view, last_seq = await self._store.read(lambda reader: (existing(reader, id), reader.last_seq()))
        return _noted(view), last_seq

    async def invoices(
        self,
        principal: Principal,
        *,
        seller_id: str | None,
        status: Status | None,
        cursor: str | None,
        limit: int,
    ) -> Page[InvoiceView]:
        """Invoices, newest first. An operator may ask for one seller's; a seller gets its own."""
        owner = principal.seller_id or seller_id

        def query(reader: Reader) -> list[InvoiceView]:
            if cursor is not None:
                _check_cursor(cursor, reader.invoice(cursor), owner)
            rows = reader.invoices(seller_id=owner, status=status, before=cursor, limit=limit + 1)
            return [view(reader, invoice) for invoice in rows]

        found = await self._store.read(query)
        return _page(found, limit, found[limit - 1].invoice.id if len(found) > limit else None)

    async def payments(
        self, principal: Principal, *, unmatched: bool, cursor: str | None, limit: int
    ) -> Page[PaymentView]:
        """Payments, newest first. Unmatched ones belong to nobody yet, so only an operator sees them."""
        if unmatched:
            principal.require_operator()

        def query(reader: Reader) -> list[PaymentView]:
            tips = TipsOf(reader)
            if cursor is not None and reader.payment(cursor) is None:
                raise unknown_cursor(cursor)
            rows = reader.payments(
                seller_id=principal.seller_id, unmatched=unmatched, before=cursor, limit=limit + 1
            )
            return [PaymentView(payment, tips[payment.chain]) for payment in rows]

        found = await self._store.read(query)
        return _page(found, limit, found[limit - 1].payment.id if len(found) > limit else None)

    async def assign_payment(self, principal: Principal, payment_id: str, invoice_id: str) -> InvoiceView:
        """Give an unmatched payment to an invoice."""
        return _noted(await self._invoices.assign(principal, payment_id, invoice_id))

    async def note(self, draft: Draft) -> None:
        """Journal what was done outside of the daemon: a backup, a configuration that was read again."""
        await self._store.transact(lambda tx: tx.append(draft, self._clock()))

    async def may_follow(self, principal: Principal, invoice_id: str | None) -> None:
        """Raises `Refusal` where a stream is asked for one invoice that the principal may not see."""
        if invoice_id is not None:
            _noted(await self._store.read(lambda reader: find(reader, principal, invoice_id, "invoice_id")))

    def store_fault(self) -> str | None:
        """Why nothing can be recorded at present; None where that is not known to be so."""
        return self._store.fault

    def rates(self) -> Sequence[Published]:
        """What every source last said."""
        return self._rates.all()

    async def rates_now(
        self, principal: Principal, *, after: Pair | None, limit: int
    ) -> tuple[Sequence[Look], Pair | None]:
        """What every known pair costs now, by pair; and after which one the next page begins.

        With a seller's key it goes by that seller's own rules. Finding a rate takes its time: others have
        their turn between two.
        """
        pairs = [pair for pair in self._rates.pairs() if after is None or pair > after]
        looks = []
        for pair in pairs[:limit]:
            await trio.lowlevel.checkpoint()
            looks.append(self.rate_now(principal, pair))
        return looks, pairs[limit - 1] if len(pairs) > limit else None

    def rate_now(self, principal: Principal, pair: Pair) -> Look:
        """What one pair costs now, be it known or not."""
        return self._rates.look(*pair, principal.seller_id)

    async def kept_rates(self, span: Span, *, cursor: str | None, limit: int) -> Page[KeptRate]:
        """What a pair has cost, newest first."""
        return Page(*await self.rate_history.span(span, cursor=cursor, limit=limit))

    @property
    def rate_measures(self) -> RateMeasures:
        """What was counted of rates since the start."""
        return self._rates.measures

    async def counted(self) -> Counted:
        """How many invoices are in which status, how many payments belong to none, who is how far behind."""
        return await self._store.read(
            lambda reader: Counted(
                reader.invoices_by_status(), reader.count_unmatched(), self.records.backlogs(reader)
            )
        )

    def chains(self) -> Sequence[ChainStatus]:
        """Every configured chain's health."""
        return [chain.status() for chain in self._chains.values()]

    def look_now(self, chain: str) -> None:
        """Have a chain look at its network at once, where it can be told to; any other looks soon enough."""
        if chain in self._chains:
            self._chains[chain].look_now()

    def watches(self, chain: str) -> bool:
        """Whether what is paid on this chain is seen here: it is configured."""
        return chain in self._chains


def _noted(found: InvoiceView) -> InvoiceView:
    """Have the log's lines that this request still writes name the invoice.

    Not before it is found: what is asked for by mistake may be anything, a key as well.
    """
    bind_contextvars(invoice_id=found.invoice.id)
    return found


def _check_cursor(cursor: str, last: Invoice | None, owner: str | None) -> None:
    """The last invoice of a page is one of the list's own; another seller's is told as if there were none."""
    if last is None or owner not in (None, last.seller_id):
        raise unknown_cursor(cursor)


def _page(found: Sequence[T], limit: int, next_cursor: str | None) -> Page[T]:
    return Page(found[:limit], next_cursor)


def _with_seller(reader: Reader, view: InvoiceView) -> tuple[InvoiceView, Seller]:
    seller = reader.seller(view.invoice.seller_id)
    assert seller is not None, "no invoice is without its seller"
    return view, seller
