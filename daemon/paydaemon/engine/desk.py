"""What people look up at the desk: invoices by what they remember of them, sums by day, and one invoice
whole.

Everything is asked for under a principal: a seller sees its own, and is told of all else that it is not
there. Whatever can be searched for is found by an index of the database; the rest is not offered.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import trio

from paydaemon.core.access import Principal, Seller
from paydaemon.core.errors import not_found, unknown_cursor
from paydaemon.core.events import Event
from paydaemon.core.invoice import Invoice, Status
from paydaemon.core.money import Currency
from paydaemon.core.payment import Payment
from paydaemon.engine.clock import Clock
from paydaemon.engine.deliveries import DeliveryView
from paydaemon.engine.invoices import InvoiceView, find
from paydaemon.engine.sheet import TipsOf
from paydaemon.store.deskport import DaySum, InvoiceFilter
from paydaemon.store.port import Reader, Store

DAY_MS = 86_400_000

MOST_FOUND = 50
"""How many invoices, and payments, an id, an address or a transaction leads to at most."""

MOST_WORDS = 8
EVENTS_SHOWN = 200
DELIVERIES_SHOWN = 50


@dataclass(frozen=True, slots=True)
class Found:
    """A page of invoices, newest first; `next_cursor` asks for the next one and is None on the last.

    `strays` are payments of nobody that were asked for by their id or transaction.
    """

    invoices: Sequence[Invoice]
    next_cursor: str | None = None
    strays: Sequence[Payment] = ()


@dataclass(frozen=True, slots=True)
class Course:
    """An invoice with all that became of it. `more` is the `seq` to go on after, where there are more
    events.
    """

    view: InvoiceView
    events: Sequence[Event]
    more: int | None
    deliveries: Sequence[DeliveryView]


@dataclass(frozen=True, slots=True)
class Credit:
    """A payment, with the height its confirmations are counted from, and its invoice where it has one."""

    payment: Payment
    tip: int | None
    invoice: Invoice | None


@dataclass(slots=True)
class Money:
    """So many invoices, and what they ask for, currency by currency: different ones are never added."""

    invoices: int = 0
    amounts_minor: dict[Currency, int] = field(default_factory=lambda: defaultdict(int))

    def add(self, sums: DaySum) -> None:
        """Take these in."""
        self.invoices += sums.invoices
        self.amounts_minor[sums.currency] += sums.amount_minor

    def join(self, other: "Money") -> None:
        """Take in what another holds."""
        self.invoices += other.invoices
        for currency, amount_minor in other.amounts_minor.items():
            self.amounts_minor[currency] += amount_minor


@dataclass(frozen=True, slots=True)
class Day:
    """The invoices that were created on a day (UTC, as `DaySum.day`), by how they stand now."""

    day: int
    by_status: Mapping[Status, Money]

    @property
    def created(self) -> int:
        """How many there are."""
        return sum(money.invoices for money in self.by_status.values())

    @property
    def settled(self) -> Money:
        """Those that are settled now."""
        return self.by_status[Status.SETTLED]


class Desk:
    """Looks things up."""

    def __init__(self, store: Store, clock: Clock) -> None:
        self._store = store
        self._clock = clock

    async def search(
        self, principal: Principal, wanted: InvoiceFilter, text: str | None, *, cursor: str | None, limit: int
    ) -> Found:
        """Invoices by what is wanted of them, or by a text that somebody remembers.

        A text is looked for as the id of an invoice or payment, an address or a memo, a transaction; and if
        it is none of these, as words of notes, metadata and buyers. What is wanted beside it holds too.
        """
        wanted = replace(wanted, seller_id=principal.seller_id or wanted.seller_id)
        return await self._store.read(lambda reader: _search(reader, wanted, text, cursor, limit))

    async def course(self, principal: Principal, id: str, *, after: int) -> Course:
        """One invoice with its events beyond `after`, and their deliveries where an operator asks."""
        return await self._store.read(lambda reader: _course(reader, principal, id, after))

    async def days(self, principal: Principal, seller_id: str | None, count: int) -> Sequence[Day]:
        """The last `count` days, today included, the oldest first. Each is a read of its own."""
        today = self._clock() // DAY_MS
        chosen = principal.seller_id or seller_id
        whose = [chosen] if chosen else [seller.id for seller in await self.sellers(principal)]
        return [await self._day(day, whose) for day in range(today - count + 1, today + 1)]

    async def sellers(self, principal: Principal) -> Sequence[Seller]:
        """Every seller, or the one that asks."""
        found = await self._store.read(lambda reader: reader.sellers())
        return [one for one in found if principal.may_see(one.id)]

    async def by_status(self, principal: Principal) -> Mapping[Status, int]:
        """How many invoices stand how."""
        seller_id = principal.seller_id
        if seller_id is None:
            return await self._store.read(lambda reader: reader.invoices_by_status())
        return await self._store.read(lambda reader: reader.invoices_of_seller_by_status(seller_id))

    async def payment(self, principal: Principal, id: str) -> Credit:
        """One payment. Those of nobody are the operator's."""
        return await self._store.read(lambda reader: _payment(reader, principal, id))

    async def _day(self, day: int, sellers: Sequence[str]) -> Day:
        await trio.lowlevel.checkpoint()
        found = await self._store.read(
            lambda reader: [
                one for id in sellers for one in reader.day_sums(id, day * DAY_MS, (day + 1) * DAY_MS)
            ]
        )
        by_status = {status: Money() for status in Status}
        for sums in found:
            by_status[sums.status].add(sums)
        return Day(day, by_status)


# --- Reading


def _search(reader: Reader, wanted: InvoiceFilter, text: str | None, cursor: str | None, limit: int) -> Found:
    if cursor is not None:
        _check_cursor(reader, wanted, cursor)
    if text is None:
        return _page(reader.listed_invoices(wanted, before=cursor, limit=limit + 1), limit)
    exact = None if cursor is not None else _exactly(reader, wanted, text.strip())
    return exact or _with_words(reader, wanted, text, cursor, limit)


def _check_cursor(reader: Reader, wanted: InvoiceFilter, cursor: str) -> None:
    last = reader.invoice(cursor)
    if last is None or wanted.seller_id not in (None, last.seller_id):
        raise unknown_cursor(cursor)


def _page(found: Sequence[Invoice], limit: int) -> Found:
    return Found(found[:limit], found[limit - 1].id if len(found) > limit else None)


def _with_words(reader: Reader, wanted: InvoiceFilter, text: str, cursor: str | None, limit: int) -> Found:
    """A page may be short, or empty, where more is wanted of invoices than these words."""
    words = [word for word in text.split() if any(map(str.isalnum, word))][:MOST_WORDS]
    found = _page(
        reader.invoices_with_words(words, seller_id=wanted.seller_id, before=cursor, limit=limit + 1), limit
    )
    return replace(found, invoices=[one for one in found.invoices if _fits(one, wanted)])


def _exactly(reader: Reader, wanted: InvoiceFilter, text: str) -> Found | None:
    """What this very text names; None where it names nothing that may be seen."""
    payments = _payments_named(reader, text)
    invoices = {one.id: one for one in _invoices_named(reader, text, payments)}
    shown = sorted(
        (one for one in invoices.values() if _fits(one, wanted)), key=lambda one: -one.created_at_ms
    )
    strays = [one for one in payments if one.invoice_id is None and wanted.seller_id is None]
    return Found(shown[:MOST_FOUND], strays=strays) if shown or strays else None


def _payments_named(reader: Reader, text: str) -> Sequence[Payment]:
    """By id, by transaction, or by reference, which on Bitcoin is a transaction and a number."""
    by_id = reader.payment(text)
    names = dict.fromkeys((text, text.partition(":")[0]))
    return [
        *([] if by_id is None else [by_id]),
        *(one for name in names for one in reader.payments_of_transaction(name, MOST_FOUND)),
    ]


def _invoices_named(reader: Reader, text: str, payments: Sequence[Payment]) -> Sequence[Invoice]:
    """By id, by where they are paid (in QR codes addresses stand in capitals), or by a payment."""
    ids = dict.fromkeys([text, *(one.invoice_id for one in payments if one.invoice_id is not None)])
    found = [reader.invoice(id) for id in ids]
    places = dict.fromkeys((text, text.lower()))
    there = [one for place in places for one in reader.invoices_at_place(place, MOST_FOUND)]
    return [*(one for one in found if one is not None), *there]


def _fits(invoice: Invoice, wanted: InvoiceFilter) -> bool:
    return (
        wanted.seller_id in (None, invoice.seller_id)
        and wanted.status in (None, invoice.standing.status)
        and (wanted.flag is None or wanted.flag in invoice.standing.flags)
        and wanted.since_ms <= invoice.created_at_ms < wanted.until_ms
    )


def _course(reader: Reader, principal: Principal, id: str, after: int) -> Course:
    shown = find(reader, principal, id)
    events = reader.events(after=after, types=(), invoice_id=id, seller_id=None, limit=EVENTS_SHOWN + 1)
    more = events[EVENTS_SHOWN - 1].seq if len(events) > EVENTS_SHOWN else None
    return Course(shown, events[:EVENTS_SHOWN], more, _deliveries(reader, principal, id))


def _deliveries(reader: Reader, principal: Principal, id: str) -> Sequence[DeliveryView]:
    if not principal.is_operator:
        return ()
    found = reader.deliveries(target_id=None, state=None, invoice_id=id, before=None, limit=DELIVERIES_SHOWN)
    return [DeliveryView(one, reader.attempts(one.id)) for one in found]


def _payment(reader: Reader, principal: Principal, id: str) -> Credit:
    payment = reader.payment(id)
    invoice = None if payment is None or payment.invoice_id is None else reader.invoice(payment.invoice_id)
    if payment is None or not principal.may_see(None if invoice is None else invoice.seller_id):
        raise not_found("payment", id)
    return Credit(payment, TipsOf(reader)[payment.chain], invoice)
