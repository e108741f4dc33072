"""Admission: a signed transfer becomes a relay, in one transaction with what it was decided by.

Whether it is known already, what open invoices still ask, what is under way to them and whether it may be
passed on is read, decided and written together. So the same transaction is handed to the network once,
however often and wherever it comes, and of two that would pay the same invoice one.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from paydaemon.core.access import PUBLIC, Principal
from paydaemon.core.errors import conflict, invalid
from paydaemon.core.policy import Ask, Books, RelayPolicy, asks, check, check_alone, credited, is_open
from paydaemon.core.relay import Relay, SignedTransfer, Transfer
from paydaemon.core.relaying import Arrival, Step, receive, receive_again
from paydaemon.core.underway import require_room, under_way
from paydaemon.engine.ids import new_id
from paydaemon.store.port import Reader, Transaction


@dataclass(frozen=True, slots=True)
class Application:
    """What is handed in, by whom, and what holds for it. `named` is the invoice that it is said to pay.

    With `alone` it has to pay exactly that one and do nothing else, whatever the policy.
    """

    chain: str
    transfer: SignedTransfer
    principal: Principal
    named: str | None
    policy: RelayPolicy
    payees: frozenset[str]
    alone: bool = False


@dataclass(frozen=True, slots=True)
class Admitted:
    """The relay that it is now. `is_new`: it has to be handed to the network, and nobody does so yet."""

    relay: Relay
    is_new: bool


def admit(tx: Transaction, given: Application, now_ms: int) -> Admitted:
    """Record what is handed in. Raises `Refusal` where it may not be passed on, and records nothing."""
    known = tx.relay(given.chain, given.transfer.transaction_id)
    if known is not None and not known.may_come_again:
        require_same(known, given.transfer)
        return Admitted(known, is_new=False)
    books = _books(tx, given, now_ms)
    paid = _paid(tx, given, books)
    step = _step(given, known, _arrival(given, paid, books, now_ms))
    _record(tx, known, step.relay)
    if step.event is not None:
        tx.append(step.event, now_ms)
    return Admitted(step.relay, is_new=True)


def foresee(reader: Reader, given: Application, now_ms: int) -> None:
    """Raises `Refusal` for what would not be admitted now: so nobody has to be asked about it."""
    known = reader.relay(given.chain, given.transfer.transaction_id)
    if known is None or known.may_come_again:
        _paid(reader, given, _books(reader, given, now_ms))


def require_room_beside(reader: Reader, transfers: Sequence[Transfer], invoice_id: str) -> None:
    """Raises `Refusal` where what is under way to the invoice leaves it nothing more to ask."""
    relays = reader.relays_towards(invoice_id)
    invoice = reader.invoice(invoice_id) if relays else None
    if invoice is None:
        return
    payments = reader.payments_of(invoice_id)
    as_of_ms = {relay.chain: reader.chain(relay.chain).as_of_ms for relay in relays}
    require_room(transfers, invoice, payments, under_way(relays, payments, as_of_ms))


def require_same(relay: Relay, transfer: SignedTransfer) -> None:
    """Raises `Refusal` where a relay stands for another transaction of the same id."""
    if relay.digest != transfer.digest:
        message = f"another transaction was handed in before as {relay.transaction_id}"
        raise conflict("transaction_differs", message, "transaction")


def _record(tx: Transaction, known: Relay | None, relay: Relay) -> None:
    if known is None:
        tx.add_relay(relay)
    elif known.id == relay.id:
        tx.set_relay(relay)
    else:
        tx.replace_relay(known.id, relay)


def _paid(reader: Reader, given: Application, books: Books) -> Ask | None:
    """What it pays of what open invoices ask. Raises `Refusal` where it may not be passed on."""
    if given.alone:
        paid: Ask | None = check_alone(given.transfer, books.named or ())
    else:
        paid = check(given.policy, given.transfer, books)
    if paid is not None and (given.alone or given.policy is not RelayPolicy.OPEN):
        require_room_beside(reader, given.transfer.transfers, paid.invoice_id)
    return paid


def _arrival(given: Application, paid: Ask | None, books: Books, now_ms: int) -> Arrival:
    payees = credited(given.transfer, books)
    if paid is None:
        return Arrival(given.chain, None, given.principal.seller_id or None, now_ms, payees)
    return Arrival(given.chain, paid.invoice_id, paid.seller_id, now_ms, payees)


def _step(given: Application, known: Relay | None, arrival: Arrival) -> Step:
    """What nobody has taken may come again, or make room for another one of its id: a relay of its own."""
    if known is None or known.digest != given.transfer.digest:
        return receive(new_id("rly"), given.transfer, arrival)
    return receive_again(known, given.transfer, arrival)


def _books(tx: Reader, given: Application, now_ms: int) -> Books:
    keys = {one.destination_key for one in given.transfer.transfers if one.amount_minor > 0}
    issued = {key: one for key in sorted(keys) if (one := tx.issued(given.chain, key)) is not None}
    invoices = dict.fromkeys(one.invoice_id for one in issued.values())
    reached = [
        ask
        for invoice_id in invoices
        for ask in _asked(tx, invoice_id, given.chain, now_ms)
        if ask.option.destination.key in keys
    ]
    named = None if given.named is None else _named(tx, given, given.named, now_ms)
    return Books(given.payees, reached, named, frozenset(issued))


def _named(tx: Reader, given: Application, invoice_id: str, now_ms: int) -> Sequence[Ask]:
    """What the named invoice asks. Whoever has no key may name any: its id is what nobody can guess."""
    invoice = tx.invoice(invoice_id)
    if invoice is None or not (given.principal == PUBLIC or given.principal.may_see(invoice.seller_id)):
        raise invalid("invoice_id", f"there is no invoice {invoice_id!r}", "unknown_invoice")
    return _asked(tx, invoice_id, given.chain, now_ms)


def _asked(tx: Reader, invoice_id: str, chain: str, now_ms: int) -> Sequence[Ask]:
    invoice = tx.invoice(invoice_id)
    if invoice is None or not is_open(invoice, now_ms):
        return ()
    return asks(invoice, tx.payments_of(invoice_id), chain, now_ms)
