"""The daemon's books, whole, and what must be true of any."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from paydaemon.core.events import Event
from paydaemon.core.invoice import Flag, Invoice, Stage, Status
from paydaemon.core.payment import Payment
from paydaemon.core.status import stand
from tests.engine.world import OPERATOR, World


@dataclass(frozen=True)
class Books:
    """Everything that the daemon has recorded."""

    invoices: Sequence[Invoice]
    payments: Sequence[Payment]
    events: Sequence[Event]
    as_of_ms: Mapping[str, int]

    def of(self, invoice: Invoice) -> list[Payment]:
        """An invoice's payments."""
        return [payment for payment in self.payments if payment.invoice_id == invoice.id]


async def read_books(daemon: World) -> Books:
    invoices: list[Invoice] = []
    payments: list[Payment] = []
    cursor: str | None = None
    while True:
        page = await daemon.api.invoices(OPERATOR, seller_id=None, status=None, cursor=cursor, limit=50)
        invoices += [view.invoice for view in page.items]
        if (cursor := page.next_cursor) is None:
            break
    while True:
        found = await daemon.api.payments(OPERATOR, unmatched=False, cursor=cursor, limit=50)
        payments += [view.payment for view in found.items]
        if (cursor := found.next_cursor) is None:
            break
    rows = [await daemon.store.read(lambda reader, id=id: reader.chain(id)) for id in daemon.chains]  # type: ignore[misc]
    as_of_ms = {row.id: row.as_of_ms or 0 for row in rows}
    return Books(invoices, payments[::-1], await daemon.events(), as_of_ms)


def check_invoice(invoice: Invoice, books: Books) -> None:
    """Its standing is what its payments, its chains' clocks and its mark say, and its events say the same."""
    standing, payments = invoice.standing, books.of(invoice)
    assert standing == stand(invoice, payments, standing.stage, standing.mark)
    complete_ms = min(books.as_of_ms[option.asset.chain] for option in invoice.options)
    if complete_ms > invoice.monitor_until_ms:
        assert standing.stage is Stage.CLOSED
    elif complete_ms > invoice.expires_at_ms:
        assert standing.stage is Stage.EXPIRED
    else:
        assert standing.stage is Stage.OPEN
        assert standing.status not in (Status.EXPIRED, Status.INVALID) or standing.mark
    events = [event for event in books.events if event.invoice_id == invoice.id]
    assert events[0].type == "invoice.created"
    assert shown(events[-1]) == (standing.status.value, sorted(flag.value for flag in standing.flags))
    types = Counter(event.type.value for event in events)
    assert types["invoice.created"] == 1
    assert (types["invoice.reversed"] > 0) == (Flag.REVERSED in standing.flags)
    assert types["invoice.marked"] or standing.mark is None
    if standing.status is Status.SETTLED:
        assert types["invoice.settled"]


def shown(event: Event) -> tuple[object, object]:
    """Status and flags of the invoice in an event."""
    invoice = event.data["invoice"]
    assert isinstance(invoice, dict)
    return invoice["status"], invoice["flags"]


def check_destinations(invoices: Iterable[Invoice]) -> None:
    options = [option for invoice in invoices for option in invoice.options]
    keys = [(option.asset.chain, option.destination.key) for option in options]
    indexes = [(option.asset.chain, option.destination.index) for option in options]
    assert len(set(keys)) == len(set(indexes)) == len(options)


def check_credits(payments: Sequence[Payment]) -> None:
    refs = [(payment.chain, payment.ref) for payment in payments]
    assert len(refs) == len(set(refs))


def check_journal(events: Sequence[Event], *, after: int) -> None:
    """No gap; and nothing was called confirmed below its depth."""
    assert [event.seq for event in events] == list(range(after + 1, after + 1 + len(events)))
    for event in events:
        if event.type == "payment.confirmed":
            payment = event.data["payment"]
            assert isinstance(payment, dict)
            deep = payment["confirmations"] >= payment["confirmations_required"]
            assert deep or payment["chain"] == "hedera"


def same_terms(invoice: Invoice, other: Invoice) -> bool:
    """Whether two are the same but for where they stand."""
    return all(
        getattr(invoice, name) == getattr(other, name) for name in Invoice.__slots__ if name != "standing"
    )
