"""Totals: does a database agree with itself? What is stored twice is worked out again and compared.

A database that was migrated, restored or repaired is trusted once nothing here disagrees. It is read in one
snapshot, page by page.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field

from paydaemon.core.invoice import Invoice
from paydaemon.core.payment import Payment
from paydaemon.core.public import Json, public_invoice, public_payment, public_relay
from paydaemon.core.relay import Relay
from paydaemon.core.status import stand
from paydaemon.engine.told import (
    ILLEGIBLE,
    Told,
    ToldInvoice,
    ToldPayment,
    ToldRelay,
    terms,
    told_invoice,
    told_payment,
    told_relay,
)
from paydaemon.store.port import Reader

PAGE = 500
MOST_TOLD = 20
"""How many disagreements are worth telling."""

MOST_SHOWN = 100
"""How many characters of a value are worth showing."""

Progress = Callable[[str, float], None]


@dataclass(slots=True)
class Totals:
    """What there is of everything, and every way found in which it does not agree."""

    sellers: int = 0
    invoices: int = 0
    payments: int = 0
    unmatched: int = 0
    relays: int = 0
    events: int = 0
    disagreements: list[str] = field(default_factory=list)

    def disagree(self, what: str) -> None:
        """Note a disagreement, within bounds."""
        if len(self.disagreements) < MOST_TOLD:
            self.disagreements.append(what)


def totals(reader: Reader, progress: Progress = lambda what, part: None) -> Totals:
    """Count everything, and compare what is stored twice."""
    found = Totals(sellers=len(reader.sellers()))
    told = _journal(reader, found, progress)
    _unmatched(reader, found, told)
    for invoice in _invoices(reader):
        found.invoices += 1
        try:
            _invoice(reader, found, told, invoice)
        except (ArithmeticError, *ILLEGIBLE) as error:
            found.disagree(f"invoice {invoice.id} cannot be worked out: {type(error).__name__} {error}")
    _relays(reader, found, told)
    _missing(found, told)
    progress("adding up", 1)
    return found


def _journal(reader: Reader, found: Totals, progress: Progress) -> Told:
    """`seq` has no gap up to the newest, and no event contradicts another. Returns what was told."""
    told = Told()
    newest = reader.last_seq()
    while page := reader.events(after=found.events, types=(), invoice_id=None, seller_id=None, limit=PAGE):
        for event in page:
            found.events += 1
            if event.seq != found.events:
                found.disagree(f"the journal has seq {event.seq} where {found.events} belongs")
                return told
            for contradiction in told.take(event):
                found.disagree(contradiction)
        progress("adding up", found.events / max(1, newest))
    if found.events != newest:
        found.disagree(f"the journal ends at seq {found.events} and says {newest}")
    return told


def _unmatched(reader: Reader, found: Totals, told: Told) -> None:
    before: str | None = None
    while page := reader.payments(seller_id=None, unmatched=True, before=before, limit=PAGE):
        found.unmatched += len(page)
        before = page[-1].id
        for payment in page:
            _payment(found, payment, told.payments.pop(payment.id, None))
    found.payments += found.unmatched


def _invoices(reader: Reader) -> Iterator[Invoice]:
    before: str | None = None
    while page := reader.invoices(seller_id=None, status=None, before=before, limit=PAGE):
        yield from page
        before = page[-1].id


def _invoice(reader: Reader, found: Totals, told: Told, invoice: Invoice) -> None:
    payments = reader.payments_of(invoice.id)
    found.payments += len(payments)
    _standing(found, invoice, payments)
    _destinations(reader, found, invoice)
    was = told.invoices.pop(invoice.id, None)
    if was is None:
        found.disagree(f"the journal does not know invoice {invoice.id}")
    else:
        _as_told(reader, found, public_invoice(invoice, payments, {}), was)
    for payment in payments:
        _payment(found, payment, told.payments.pop(payment.id, None))


def _standing(found: Totals, invoice: Invoice, payments: Sequence[Payment]) -> None:
    """The status and the flags are what the amounts say."""
    standing = invoice.standing
    derived = stand(invoice, payments, standing.stage, standing.mark)
    if derived != standing:
        found.disagree(f"invoice {invoice.id} is stored as {standing}, and its amounts say {derived}")


def _as_told(reader: Reader, found: Totals, invoice: Json, was: ToldInvoice) -> None:
    """An invoice asks for what the journal told, and its status and its sums are those told last."""
    now, id = told_invoice(invoice), invoice["id"]
    if now.terms != was.terms:
        [created] = reader.events(after=0, types=(), invoice_id=str(id), seller_id=None, limit=1)
        for difference in _differences(terms(invoice), terms(created.data["invoice"])):  # type: ignore[arg-type]
            found.disagree(f"invoice {id}: {difference}")
    if now.status != was.status:
        found.disagree(f"invoice {id} is {now.status}, and the journal told {was.status}")
    if now.sums != was.sums:
        found.disagree(f"invoice {id} adds up to {now.sums}, and the journal told {was.sums}")


def _differences(stored: Json, told: Json) -> Iterator[str]:
    for path in sorted(stored.keys() | told.keys()):
        one, other = stored.get(path), told.get(path)
        if one != other:
            yield f"{path} is {_short(one)}, and the journal told {_short(other)}"


def _short(value: object) -> str:
    text = repr(value)
    return text if len(text) <= MOST_SHOWN else text[:MOST_SHOWN] + "…"


def _payment(found: Totals, payment: Payment, was: ToldPayment | None) -> None:
    """A payment is what the journal told, and was seen no later than that: first sight only moves back."""
    now = told_payment(public_payment(payment, {}))
    if was is None:
        found.disagree(f"the journal does not know payment {payment.id}")
    elif now.identity != was.identity:
        said = f"{payment.amount_minor} at {payment.ref} to {payment.destination_key}"
        found.disagree(f"payment {payment.id} is {said} on {payment.chain}, and the journal told otherwise")
    elif (now.state, now.invoice_id) != (was.state, was.invoice_id):
        stored, told = f"{now.state} for {now.invoice_id}", f"{was.state} for {was.invoice_id}"
        found.disagree(f"payment {payment.id} is {stored}, and the journal told {told}")
    elif now.seen_at > was.seen_at:
        found.disagree(f"payment {payment.id} was seen at {now.seen_at}, and the journal told {was.seen_at}")


def _relays(reader: Reader, found: Totals, told: Told) -> None:
    after: str | None = None
    while page := reader.relays(after=after, limit=PAGE):
        found.relays += len(page)
        after = page[-1].id
        for relay in page:
            _relay(found, relay, told.relays.pop(relay.id, None))


def _relay(found: Totals, relay: Relay, was: ToldRelay | None) -> None:
    """A relay is what the journal told last, and what is not final can be gone on with."""
    now = told_relay(public_relay(relay))
    if was is None:
        found.disagree(f"the journal does not know relay {relay.id}")
    elif now.identity != was.identity:
        said = f"of {relay.transaction_id} on {relay.chain}"
        found.disagree(f"relay {relay.id} is {said}, and the journal told something else")
    elif now != was:
        found.disagree(f"relay {relay.id} is {now}, and the journal told {was}, or when and where otherwise")
    if relay.status.is_final is not (relay.raw is None):
        kept = "is not kept" if relay.raw is None else "is kept all the same"
        found.disagree(f"relay {relay.id} is {relay.status}, and what was signed {kept}")


def _missing(found: Totals, told: Told) -> None:
    """What was told and was not found: nothing is ever deleted."""
    for id in (*told.invoices, *told.payments, *told.relays):
        found.disagree(f"the journal tells of {id}, which is not there")


def _destinations(reader: Reader, found: Totals, invoice: Invoice) -> None:
    """Each destination leads back to its invoice, and its index will not be given out again."""
    for option in invoice.options:
        chain, destination = option.asset.chain, option.destination
        issued = reader.issued(chain, destination.key)
        if issued is None or issued.invoice_id != invoice.id:
            found.disagree(f"the destination of invoice {invoice.id} on {chain} does not lead back to it")
        if destination.index >= reader.chain(chain).next_index:
            found.disagree(f"chain {chain} would give out index {destination.index} again")
