"""Invoices: created, marked, and given payments that found no invoice by themselves."""

from collections.abc import Collection, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace

import trio
from structlog.contextvars import bind_contextvars

from paydaemon.core import ledger
from paydaemon.core.access import Principal
from paydaemon.core.acts import act
from paydaemon.core.errors import ErrorType, Refusal, conflict, invalid, not_found, unavailable
from paydaemon.core.events import EventType
from paydaemon.core.invoice import Invoice, Mark, Option, Quote
from paydaemon.core.money import Asset, due_minor, parse_fraction
from paydaemon.core.payment import Payment, require
from paydaemon.engine.chains import LiveChain
from paydaemon.engine.clock import Clock
from paydaemon.engine.ids import new_id
from paydaemon.engine.limits import EngineLimits
from paydaemon.engine.measures import Move
from paydaemon.engine.orders import InvoiceDefaults, InvoiceRequest, Terms, depth, lasting_s, terms
from paydaemon.engine.rates import NoRate, RateBook
from paydaemon.engine.sheet import Sheets, TipsOf
from paydaemon.hooks.ports import DestinationRequest, HealthState
from paydaemon.store.port import Duplicate, IdempotencyRow, Reader, Store, StoreUnavailable, Transaction


@dataclass(frozen=True, slots=True)
class InvoiceView:
    """An invoice with everything that is shown of it, from one snapshot."""

    invoice: Invoice
    payments: Sequence[Payment]
    tips: Mapping[str, int | None]


@dataclass(frozen=True, slots=True)
class Offer:
    """A usable chain's asset with the quote it can be offered at, before it has a destination."""

    chain: LiveChain
    asset: Asset
    quote: Quote
    due_minor: int
    confirmations: int


def view(reader: Reader, invoice: Invoice) -> InvoiceView:
    """Gather what is shown of an invoice."""
    tips = TipsOf(reader)
    for option in invoice.options:
        tips.get(option.asset.chain)
    return InvoiceView(invoice, reader.payments_of(invoice.id), dict(tips))


class Invoices:
    """Creates and changes invoices. Whoever is answered by a method here is answered after the commit."""

    def __init__(
        self,
        store: Store,
        chains: Mapping[str, LiveChain],
        rates: RateBook,
        clock: Clock,
        defaults: InvoiceDefaults,
        limits: EngineLimits | None = None,
    ) -> None:
        self._store = store
        self._chains = chains
        self._rates = rates
        self._clock = clock
        self.defaults = defaults
        self._limits = limits or EngineLimits()

    async def create(
        self, principal: Principal, request: InvoiceRequest, idempotency_key: str | None
    ) -> InvoiceView:
        """Create an invoice, or return the one that the idempotency key stands for already."""
        seller_id = _seller_of(principal, request)
        row = _idempotency_row(seller_id, idempotency_key, request)
        earlier = await self._store.read(lambda reader: _earlier(reader, seller_id, row))
        if earlier is not None:
            return earlier
        for _ in range(self._limits.destination_attempts):
            invoice = await self._draw_up(seller_id, request, told_why=principal.is_operator)
            with suppress(Duplicate):
                return await self._insert(invoice, row)
        raise unavailable("destination_taken", "every destination drawn up had been issued or paid before")

    async def _insert(self, invoice: Invoice, row: IdempotencyRow | None) -> InvoiceView:
        return await self._store.transact(lambda tx: _insert(tx, invoice, row, self._clock()))

    async def mark(self, principal: Principal, invoice_id: str, mark: Mark) -> InvoiceView:
        """Put a person's word over the amounts, until the opposite mark."""
        return await self._store.transact(lambda tx: _mark(tx, principal, invoice_id, mark, self._clock()))

    async def assign(self, principal: Principal, payment_id: str, invoice_id: str) -> InvoiceView:
        """Give an unmatched payment to the invoice it was meant for. Operators only."""
        principal.require_operator()
        shown, moves = await self._store.transact(
            lambda tx: _assign(tx, principal, payment_id, invoice_id, self._clock())
        )
        for move in moves:
            if move.payment.chain in self._chains:
                self._chains[move.payment.chain].measures.moved([move], self._clock())
        return shown

    async def _draw_up(self, seller_id: str, request: InvoiceRequest, *, told_why: bool) -> Invoice:
        """The whole invoice, destinations included, not yet stored."""
        chosen = self._chosen(request)
        agreed = terms(request, [asset for live in self._chains.values() for asset in live.assets])
        offers = self._offers(chosen, request, agreed, seller_id, told_why=told_why)
        now_ms = self._clock()
        expires_at_ms = now_ms + 1000 * lasting_s(request, self.defaults)
        id = new_id("inv")
        bind_contextvars(invoice_id=id)
        invoice = Invoice(
            id=id,
            seller_id=seller_id,
            amount_minor=agreed.amount_minor,
            currency=agreed.currency,
            created_at_ms=now_ms,
            expires_at_ms=expires_at_ms,
            monitor_until_ms=expires_at_ms + 1000 * self.defaults.monitor_for_s,
            options=(),
            note=request.note,
            metadata=request.metadata,
            buyer=request.buyer,
            return_url=request.return_url,
            tolerance_ppm=self.defaults.tolerance_ppm,
            late=request.late or self.defaults.late,
        )
        return replace(invoice, options=await _options(invoice, offers, request))

    def _chosen(self, request: InvoiceRequest) -> Sequence[LiveChain]:
        """The chains that the request asks for; all of them where it does not say."""
        if request.chains is None:
            return list(self._chains.values())
        for number, chain in enumerate(request.chains):
            if chain not in self._chains:
                raise invalid(f"chains.{number}", f"there is no chain {chain!r} here", "unknown_chain")
        if not request.chains:
            raise invalid("chains", "must name a chain", "too_short")
        return [self._chains[chain] for chain in dict.fromkeys(request.chains)]

    def _offers(
        self,
        chosen: Sequence[LiveChain],
        request: InvoiceRequest,
        agreed: Terms,
        seller_id: str,
        *,
        told_why: bool,
    ) -> Sequence[Offer]:
        """What can be offered now. Raises `Refusal` (unavailable) naming every chain where nothing can, and
        of every rate that is missing the sources with what is wrong with each: ``no_rate`` where rates alone
        are missing, and otherwise ``nothing_to_offer``.

        What a chain says of itself may name files and addresses in here: that is for operators.
        """
        offers: list[Offer] = []
        reasons: list[str | NoRate] = []
        for live in chosen:
            confirmations = depth(request, live.depths)
            status = live.status()
            if status.state is not HealthState.HEALTHY:
                why = f": {status.reason}" if told_why and status.reason else ""
                reasons.append(f"chain {status.id} is {status.state.value}{why}")
                continue
            for asset in live.assets:
                try:
                    quote = self._rates.quote(asset, agreed.currency, seller_id)
                except NoRate as none:
                    reasons.append(none)
                    continue
                due = due_minor(agreed.amount, parse_fraction(quote.rate, "rate"), asset.decimals)
                offers.append(Offer(live, asset, quote, due, confirmations))
        if not offers:
            raise _nothing_to_offer(request, reasons or ["no chain is configured"])
        return offers


def _seller_of(principal: Principal, request: InvoiceRequest) -> str:
    if principal.seller_id is None:
        if request.seller_id is None:
            raise invalid("seller_id", "is required with an operator's key", "missing")
        return request.seller_id
    if request.seller_id not in (None, principal.seller_id):
        raise Refusal(ErrorType.PERMISSION, "other_seller", "this key is another seller's", "seller_id")
    return principal.seller_id


def _idempotency_row(seller_id: str, key: str | None, request: InvoiceRequest) -> IdempotencyRow | None:
    return None if key is None else IdempotencyRow(seller_id, key, request.fingerprint(), "")


def _earlier(reader: Reader, seller_id: str, row: IdempotencyRow | None) -> InvoiceView | None:
    """The invoice that the key stands for already, whatever has become of the seller since.

    Raises `Refusal` where there is none and the seller may not sell.
    """
    earlier = None if row is None else _replay(reader, row)
    if earlier is None:
        _check_seller(reader, seller_id)
    return earlier


def _check_seller(reader: Reader, seller_id: str) -> None:
    seller = reader.seller(seller_id)
    if seller is None:
        raise invalid("seller_id", f"there is no seller {seller_id!r}", "unknown_seller")
    if seller.disabled:
        raise Refusal(ErrorType.PERMISSION, "seller_disabled", "this seller is disabled", "seller_id")


def _replay(reader: Reader, row: IdempotencyRow) -> InvoiceView | None:
    stored = reader.idempotency(row.seller_id, row.key)
    if stored is None:
        return None
    if stored.fingerprint != row.fingerprint:
        raise conflict(
            "idempotency_key_reused",
            "this Idempotency-Key was used before with other parameters",
            "Idempotency-Key",
        )
    return existing(reader, stored.invoice_id)


async def _options(invoice: Invoice, offers: Sequence[Offer], request: InvoiceRequest) -> tuple[Option, ...]:
    """Ask all chains for destinations at once; one that gives none is left out, unless it is the last."""
    given: dict[int, Option] = {}
    failures: list[Refusal | StoreUnavailable] = []

    async def ask(place: int, offer: Offer) -> None:
        try:
            given[place] = await _option(invoice, offer)
        except (Refusal, StoreUnavailable) as failure:
            failures.append(failure)

    async with trio.open_nursery() as nursery:
        for place, offer in enumerate(offers):
            nursery.start_soon(ask, place, offer)
    for failure in failures:
        if isinstance(failure, StoreUnavailable):
            raise failure
    if not given:
        raise _nothing_to_offer(request, [str(failure) for failure in failures])
    return tuple(given[place] for place in sorted(given))


def _nothing_to_offer(request: InvoiceRequest, reasons: Collection[str | NoRate]) -> Refusal:
    code = "no_rate" if all(isinstance(reason, NoRate) for reason in reasons) else "nothing_to_offer"
    param = None if request.chains is None else "chains"
    return unavailable(code, "; ".join(dict.fromkeys(map(str, reasons))), param)


async def _option(invoice: Invoice, offer: Offer) -> Option:
    request = DestinationRequest(
        invoice.seller_id, invoice.id, offer.asset, offer.due_minor, invoice.expires_at_ms
    )
    destination = await offer.chain.destination(request)
    return Option(offer.asset, offer.due_minor, offer.quote, destination, offer.confirmations)


def _insert(tx: Transaction, invoice: Invoice, row: IdempotencyRow | None, now_ms: int) -> InvoiceView:
    """Store the invoice, unless another was quicker under the same key, or the seller was disabled."""
    earlier = _earlier(tx, invoice.seller_id, row)
    if earlier is not None:
        return earlier
    if row is not None:
        tx.add_idempotency(replace(row, invoice_id=invoice.id))
    if any(tx.was_paid(option.asset.chain, option.destination.key) for option in invoice.options):
        # Whoever paid it cannot have known of this invoice: nobody does yet.
        raise Duplicate("destination")
    tx.add_invoice(invoice)
    for draft in ledger.create(invoice).events:
        tx.append(draft, now_ms)
    return view(tx, invoice)


def existing(reader: Reader, invoice_id: str) -> InvoiceView:
    """An invoice, whoever asks. Raises `Refusal` where there is none."""
    invoice = reader.invoice(invoice_id)
    if invoice is None:
        raise not_found("invoice", invoice_id)
    return view(reader, invoice)


def _mark(tx: Transaction, principal: Principal, invoice_id: str, mark: Mark, now_ms: int) -> InvoiceView:
    found = find(tx, principal, invoice_id)
    if found.invoice.standing.mark is mark:
        return found
    sheets = Sheets(tx, now_ms)
    sheets.settle(invoice_id, mark=mark)
    marked = {"invoice_id": invoice_id, "seller_id": found.invoice.seller_id, "status": mark.value}
    tx.append(act(EventType.ADMIN_INVOICE_MARKED, principal, **marked), now_ms)
    return existing(tx, invoice_id)


def find(reader: Reader, principal: Principal, invoice_id: str, param: str = "id") -> InvoiceView:
    """An invoice the principal may see. Another seller's is told as if there were none."""
    invoice = reader.invoice(invoice_id)
    if invoice is None or not principal.may_see(invoice.seller_id):
        raise not_found("invoice", invoice_id, param)
    return view(reader, invoice)


def _assign(
    tx: Transaction, principal: Principal, payment_id: str, invoice_id: str, now_ms: int
) -> tuple[InvoiceView, Sequence[Move]]:
    payment = tx.payment(payment_id)
    if payment is None:
        raise not_found("payment", payment_id)
    sheets = Sheets(tx, now_ms)
    if payment.invoice_id == invoice_id:
        return existing(tx, invoice_id), ()
    if payment.invoice_id is not None:
        raise conflict("payment_matched", f"this payment belongs to {payment.invoice_id} already", "id")
    if tx.invoice(invoice_id) is None:
        raise invalid("invoice_id", f"there is no invoice {invoice_id!r}", "unknown_invoice")
    option = sheets.of(invoice_id).invoice.option(payment.asset)
    if option is None:
        raise invalid("invoice_id", f"that invoice has no option in {payment.asset.symbol}", "no_such_option")
    tip = sheets.tips[payment.chain]
    sheets.set(payment, require(payment, invoice_id, option.confirmations_required, tip))
    sheets.settle(invoice_id)
    assigned = {"payment_id": payment_id, "invoice_id": invoice_id}
    tx.append(act(EventType.ADMIN_PAYMENT_ASSIGNED, principal, **assigned), now_ms)
    return existing(tx, invoice_id), sheets.moves
