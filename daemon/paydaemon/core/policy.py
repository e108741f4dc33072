"""Policy: which signed transfers may be passed on, decided against what open invoices still ask.

What inspection let through is a transfer that a network would take. Whether it is ours to pass on is decided
here: by default it must pay an account of ours, or an open invoice. Whoever names an invoice is held to it,
whatever the policy. What does more than it says pays nobody for certain, so it is for the open policy alone.
A refusal names the field at fault, and what should stand there.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from paydaemon.core.errors import Refusal, invalid
from paydaemon.core.invoice import Invoice, Option, Status
from paydaemon.core.payment import Payment
from paydaemon.core.relay import SignedTransfer
from paydaemon.core.status import remaining_minor, tally

MOST_NAMED = 3
"""How many of our accounts a refusal names."""


class RelayPolicy(StrEnum):
    """What may be passed on. Names are part of the configuration."""

    PAYEES = "payees"
    INVOICE = "invoice"
    OPEN = "open"


@dataclass(frozen=True, slots=True)
class Ask:
    """What one option of an open invoice still asks: so much of its asset, to its destination."""

    invoice_id: str
    seller_id: str
    option: Option
    remaining_minor: int


@dataclass(frozen=True, slots=True)
class Books:
    """What a transfer is held against.

    `payees` are our accounts on its chain. `asked` is what every open invoice still asks there whose
    destination the transfer credits. `named` is the same of the invoice that its client names, credited or
    not; None where it names none. `issued` are the keys of destinations that the transfer credits and any
    invoice was given, be it open or not.
    """

    payees: frozenset[str]
    asked: Sequence[Ask]
    named: Sequence[Ask] | None = None
    issued: frozenset[str] = frozenset()


def is_open(invoice: Invoice, now_ms: int) -> bool:
    """Whether an invoice still asks for anything: neither covered nor expired, marked or closed."""
    return invoice.standing.status is Status.NEW and now_ms <= invoice.expires_at_ms


def asks(invoice: Invoice, payments: Sequence[Payment], chain: str, now_ms: int) -> Sequence[Ask]:
    """What an invoice still asks on a chain; nothing where it is not open."""
    if not is_open(invoice, now_ms):
        return ()
    sums = tally(invoice, payments)
    return [
        Ask(invoice.id, invoice.seller_id, option, remaining_minor(invoice, option, sums))
        for option in invoice.options
        if option.asset.chain == chain
    ]


def check(policy: RelayPolicy, transfer: SignedTransfer, books: Books) -> Ask | None:
    """What the transfer pays of what open invoices ask, if anything.

    Raises `Refusal` where it may not be passed on.
    """
    if transfer.does_more:
        _require_openly(policy, books)
        return None
    gains = _gains(transfer)
    if books.named is not None:
        return _named(transfer, gains, books.named)
    exact = next((ask for ask in books.asked if _is_paid(ask, gains)), None)
    reached = exact or next((ask for ask in books.asked if _reaches(ask, gains)), None)
    match policy:
        case RelayPolicy.OPEN:
            return reached
        case RelayPolicy.PAYEES if exact is None and not _credits(transfer, books.payees):
            raise _no_payee(books.payees)
        case RelayPolicy.INVOICE if exact is None:
            raise _no_invoice(transfer, gains, books)
        case _:
            return reached


def check_alone(transfer: SignedTransfer, asked: Sequence[Ask]) -> Ask:
    """What the transfer pays of what an invoice asks: exactly that, from its payer, and it does nothing else.

    Raises `Refusal` for anything but that, whatever the policy.
    """
    if transfer.does_more:
        raise _not_a_transfer()
    ask = _named(transfer, _gains(transfer), asked)
    where, code = ask.option.destination, ask.option.asset.code
    moved = {(one.account, one.asset_code, one.amount_minor) for one in transfer.transfers}
    if moved != {
        (transfer.payer, code, -ask.remaining_minor),
        (where.address, code, ask.remaining_minor),
    } or len(transfer.transfers) != len(moved):
        message = f"must credit {_due(ask)}, from {transfer.payer} alone, and move nothing else"
        raise invalid("transfers", message, "wrong_payee")
    return ask


def credited(transfer: SignedTransfer, books: Books) -> tuple[str, ...]:
    """The accounts of ours that gain by it, each once and in its order: payees, and those of any invoice."""
    gaining = [one for one in transfer.transfers if one.amount_minor > 0]
    ours = [
        one.account for one in gaining if one.account in books.payees or one.destination_key in books.issued
    ]
    return tuple(dict.fromkeys(ours))


# --- What a transfer does

Gains = Mapping[tuple[str, str], int]
"""By the key of a destination and the code of an asset, what is gained there in its smallest unit."""


def _gains(transfer: SignedTransfer) -> Gains:
    gains: Counter[tuple[str, str]] = Counter()
    for one in transfer.transfers:
        gains[one.destination_key, one.asset_code] += one.amount_minor
    return gains


def _gain(ask: Ask, gains: Gains) -> int:
    return gains.get((ask.option.destination.key, ask.option.asset.code), 0)


def _is_paid(ask: Ask, gains: Gains) -> bool:
    return 0 < ask.remaining_minor == _gain(ask, gains)


def _reaches(ask: Ask, gains: Gains) -> bool:
    return _gain(ask, gains) > 0


def _credits(transfer: SignedTransfer, accounts: Iterable[str]) -> bool:
    """Whether any of the accounts ends up with more of anything."""
    sums: Counter[tuple[str, str]] = Counter()
    for one in transfer.transfers:
        sums[one.account, one.asset_code] += one.amount_minor
    ours = set(accounts)
    return any(account in ours and amount_minor > 0 for (account, _), amount_minor in sums.items())


# --- What is wrong with it


def _require_openly(policy: RelayPolicy, books: Books) -> None:
    """Raises `Refusal` where something has to be paid for certain."""
    if policy is not RelayPolicy.OPEN or books.named is not None:
        raise _not_a_transfer()


def _not_a_transfer() -> Refusal:
    message = "must be a transfer and nothing else, since what a contract does is not known beforehand"
    return invalid("type", message, "not_a_transfer")


def _named(transfer: SignedTransfer, gains: Gains, asked: Sequence[Ask]) -> Ask:
    """The option of the named invoice that is paid. Raises `Refusal` naming what should have been."""
    if not asked:
        raise invalid("invoice_id", "that invoice asks for nothing here", "nothing_asked")
    for ask in asked:
        if _is_paid(ask, gains):
            return ask
    nearest = next((ask for ask in asked if _reaches(ask, gains)), None)
    if nearest is not None:
        raise _wrong_amount(nearest, gains)
    raise _wrong_destination(transfer, gains, asked)


def _wrong_amount(ask: Ask, gains: Gains) -> Refusal:
    message = f"must credit {_due(ask)}, not {_gain(ask, gains)}"
    return invalid("transfers", message, "wrong_amount")


def _wrong_destination(transfer: SignedTransfer, gains: Gains, asked: Sequence[Ask]) -> Refusal:
    """The right destination in another asset; the right account under another memo; or another account."""
    strange = _wrong_asset(gains, asked)
    if strange is not None:
        return strange
    credited = {(one.account, one.asset_code) for one in transfer.transfers if one.amount_minor > 0}
    accounts = {account for account, _ in credited}
    reached = [ask.option for ask in asked if ask.option.destination.address in accounts]
    in_asset = [one for one in reached if (one.destination.address, one.asset.code) in credited]
    for option in (*in_asset, *reached):
        if option.destination.memo is not None:
            message = f"must be {option.destination.memo!r}, not {transfer.memo!r}"
            return invalid("memo", message, "wrong_memo")
    dues = " or ".join(_due(ask) for ask in asked)
    return invalid("transfers", f"must credit {dues}", "wrong_payee")


def _wrong_asset(gains: Gains, asked: Sequence[Ask]) -> Refusal | None:
    """The right destination in another asset, if that is what is wrong."""
    keys = {key for (key, _), amount_minor in gains.items() if amount_minor > 0}
    for ask in asked:
        if ask.option.destination.key in keys:
            return invalid("transfers", f"must credit {_due(ask)}, and in no other asset", "wrong_asset")
    return None


def _no_payee(payees: frozenset[str]) -> Refusal:
    return invalid("transfers", f"must credit {_some(payees)}, or pay an open invoice", "wrong_payee")


def _no_invoice(transfer: SignedTransfer, gains: Gains, books: Books) -> Refusal:
    for ask in books.asked:
        if _reaches(ask, gains):
            return _wrong_amount(ask, gains)
    strange = _wrong_asset(gains, books.asked)
    if strange is not None:
        return strange
    if _credits(transfer, books.payees):
        return invalid("memo", "must be that of an open invoice", "wrong_memo")
    message = f"must pay an open invoice, to {_some(books.payees)} with its memo"
    return invalid("transfers", message, "wrong_payee")


def _due(ask: Ask) -> str:
    where, asset = ask.option.destination, ask.option.asset
    return f"{where.address} with exactly {ask.remaining_minor} of {asset.code} in its smallest unit"


def _some(payees: frozenset[str]) -> str:
    if not payees:
        return "an account of this daemon"
    return " or ".join(sorted(payees)[:MOST_NAMED])
