"""Totals: does a database agree with itself? What is stored twice is worked out again and compared.

A database that was migrated, restored or repaired is trusted once nothing here disagrees. It is read in one
snapshot, page by page.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from paydaemon.core.invoice import Invoice
from paydaemon.core.payment import Payment
from paydaemon.core.public import public_invoice
from paydaemon.core.status import stand
from paydaemon.store.port import Reader

PAGE = 500
MOST_TOLD = 20
"""How many disagreements are worth telling."""

SUMS = ["pending_minor", "confirmed_minor"]

Sums = list[tuple[str, ...]]
"""Of each option its chain, its asset and its `SUMS`."""

Progress = Callable[[str, float], None]


@dataclass(slots=True)
class Totals:
    """What there is of everything, and every way found in which it does not agree."""

    sellers: int = 0
    invoices: int = 0
    payments: int = 0
    unmatched: int = 0
    events: int = 0
    disagreements: list[str] = field(default_factory=list)

    def disagree(self, what: str) -> None:
        """Note a disagreement, within bounds."""
        if len(self.disagreements) < MOST_TOLD:
            self.disagreements.append(what)


def totals(reader: Reader, progress: Progress = lambda what, part: None) -> Totals:
    """Count everything, and compare what is stored twice."""
    found = Totals(sellers=len(reader.sellers()))
    last_told = _journal(reader, found, progress)
    _payments(reader, found)
    for invoice in _invoices(reader):
        found.invoices += 1
        payments = reader.payments_of(invoice.id)
        found.payments += len(payments)
        _standing(found, invoice, payments)
        _sums(found, invoice, payments, last_told.get(invoice.id))
        _destinations(reader, found, invoice)
    progress("adding up", 1)
    return found


def _journal(reader: Reader, found: Totals, progress: Progress) -> dict[str, Sums]:
    """`seq` has no gap up to the newest. Returns the options that each invoice was last told with."""
    told: dict[str, Sums] = {}
    newest = reader.last_seq()
    while page := reader.events(after=found.events, types=(), invoice_id=None, seller_id=None, limit=PAGE):
        for event in page:
            found.events += 1
            if event.seq != found.events:
                found.disagree(f"the journal has seq {event.seq} where {found.events} belongs")
                return {}
            invoice = event.data.get("invoice")
            if event.invoice_id is not None and isinstance(invoice, dict):
                told[event.invoice_id] = _sums_of(invoice)
        progress("adding up", found.events / max(1, newest))
    if found.events != newest:
        found.disagree(f"the journal ends at seq {found.events} and says {newest}")
    return told


def _payments(reader: Reader, found: Totals) -> None:
    before: str | None = None
    while page := reader.payments(seller_id=None, unmatched=True, before=before, limit=PAGE):
        found.unmatched += len(page)
        before = page[-1].id
    found.payments += found.unmatched


def _invoices(reader: Reader) -> Iterator[Invoice]:
    before: str | None = None
    while page := reader.invoices(seller_id=None, status=None, before=before, limit=PAGE):
        yield from page
        before = page[-1].id


def _standing(found: Totals, invoice: Invoice, payments: Sequence[Payment]) -> None:
    """The status and the flags are what the amounts say."""
    standing = invoice.standing
    derived = stand(invoice, payments, standing.stage, standing.mark)
    if derived != standing:
        found.disagree(f"invoice {invoice.id} is stored as {standing}, and its amounts say {derived}")


def _sums(found: Totals, invoice: Invoice, payments: Sequence[Payment], told: Sums | None) -> None:
    """What the journal told last of an invoice's sums is what its payments add up to."""
    now = _sums_of(public_invoice(invoice, payments, {}))
    if told is None:
        found.disagree(f"the journal does not know invoice {invoice.id}")
    elif told != now:
        found.disagree(f"invoice {invoice.id} adds up to {now}, and the journal told {told}")


def _destinations(reader: Reader, found: Totals, invoice: Invoice) -> None:
    """Each destination leads back to its invoice, and its index will not be given out again."""
    for option in invoice.options:
        chain, destination = option.asset.chain, option.destination
        issued = reader.issued(chain, destination.key)
        if issued is None or issued.invoice_id != invoice.id:
            found.disagree(f"the destination of invoice {invoice.id} on {chain} does not lead back to it")
        if destination.index >= reader.chain(chain).next_index:
            found.disagree(f"chain {chain} would give out index {destination.index} again")


def _sums_of(invoice: Mapping[str, object]) -> Sums:
    options = invoice.get("options")
    assert isinstance(options, list)
    return [(option["chain"], option["asset"], *(option[name] for name in SUMS)) for option in options]
