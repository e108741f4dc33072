"""What the page shows, from nothing but the public view of an invoice: pure, and without a word of its own.

So nothing can reach the page that `paydaemon.frontends.payer` does not let through. The templates word what
is said here. Amounts are decimal strings of whole units.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from paydaemon.core.invoice import Flag, Status
from paydaemon.core.money import format_minor
from paydaemon.core.payment import PaymentState
from paydaemon.core.times import parse_rfc3339
from paydaemon.frontends.checkout.wallets import Handover, handover

Shown = Mapping[str, Any]
"""An invoice, an option or a payment as `paydaemon.frontends.payer` shows it."""


class State(StrEnum):
    """What the payer is told first of all."""

    WAITING = "waiting"
    PARTIAL = "partial"
    """Some has arrived, and there is time for the rest."""
    TIME_UP = "time_up"
    """Nothing should be sent any more, but what was sent in time may still be found."""
    CLOSED = "closed"
    """Not one of its ways is watched now."""
    SEEN = "seen"
    SETTLED = "settled"
    MARKED = "marked"
    """Taken for paid by a person's word, and not by what arrived."""
    EXPIRED = "expired"
    MISSED = "missed"
    """Expired, and something arrived all the same: too little of it, or too late."""
    INVALID = "invalid"


class Remark(StrEnum):
    """What the payer is told besides."""

    SHORT = "short"
    """Part of it arrived, and it is too late for the rest."""
    OVER = "over"
    LATE = "late"
    REVERSED = "reversed"


@dataclass(frozen=True, slots=True)
class Choice:
    """One way to pay among others, by its place from 1 on, with what it still asks."""

    number: int
    chain: str
    symbol: str
    amount: str
    chosen: bool


@dataclass(frozen=True, slots=True)
class Way:
    """The way to pay that is shown whole. `handover` is None where nobody here would see the payment.

    By one that `is_prepared` a wallet in the browser can be given a payment to sign.
    """

    chain: str
    asset: str
    symbol: str
    amount: str
    paid: str | None
    address: str
    memo: str | None
    handover: Handover | None
    is_prepared: bool


@dataclass(frozen=True, slots=True)
class Paid:
    """One payment and how deep it is."""

    id: str
    amount: str
    symbol: str
    state: PaymentState
    depth: int
    required: int


@dataclass(frozen=True, slots=True)
class Excess:
    """How much more arrived than was asked for."""

    amount: str
    symbol: str


@dataclass(frozen=True, slots=True)
class Page:
    """Everything the page shows.

    `excess` is None also where it came in more than one asset, and is no number of one of them.
    Of `paid_times` payments the newest are listed; `pace` is the one that is furthest from counting.
    `stand` changes whenever any of it does, but for the clock.
    """

    id: str
    state: State
    remarks: tuple[Remark, ...]
    excess: Excess | None
    amount: str
    currency: str
    expires_at_ms: int
    left_ms: int
    choices: tuple[Choice, ...]
    way: Way | None
    payments: tuple[Paid, ...]
    paid_times: int
    return_url: str | None
    stand: str

    @property
    def payable(self) -> bool:
        """Whether something is to be paid now."""
        return self.state in (State.WAITING, State.PARTIAL)

    @property
    def number(self) -> int | None:
        """The way that is shown whole, by its place from 1 on."""
        return next((choice.number for choice in self.choices if choice.chosen), None)

    @property
    def goes_on(self) -> bool:
        """Whether it is worth waiting for what comes."""
        return self.state in (State.WAITING, State.PARTIAL, State.TIME_UP, State.CLOSED, State.SEEN)

    @property
    def pace(self) -> Paid | None:
        """Of the payments that wait for confirmations, the one that lacks most."""
        waiting = [one for one in self.payments if one.state is PaymentState.PENDING]
        return max(waiting, key=lambda one: one.required - one.depth, default=None)


Prepares = Callable[[str], bool]
"""Whether payments on a chain can be drawn up for a wallet to sign."""


def page(
    invoice: Shown,
    paid_times: int,
    now_ms: int,
    number: int | None = None,
    prepares: Prepares = lambda chain: False,
) -> Page:
    """What is shown at `now_ms`, with the way of that `number`; or, if it is none, the first one open."""
    options: Sequence[Shown] = invoice["options"]
    expires_at_ms = parse_rfc3339(invoice["expires_at"])
    state = _state(invoice, options, in_time=now_ms < expires_at_ms)
    chosen = _chosen(options, number)
    payable = state in (State.WAITING, State.PARTIAL)
    return Page(
        id=invoice["id"],
        state=state,
        remarks=tuple(_remarks(state, set(invoice["flags"]))),
        excess=_excess(options) if Flag.OVER in invoice["flags"] else None,
        amount=invoice["amount"],
        currency=invoice["currency"],
        expires_at_ms=expires_at_ms,
        left_ms=max(0, expires_at_ms - now_ms),
        choices=tuple(_choices(options, chosen)) if payable else (),
        way=_way(options[chosen], prepares) if payable else None,
        payments=tuple(_payments(options)),
        paid_times=paid_times,
        return_url=None if payable else invoice["return_url"],
        stand=stand(invoice),
    )


def stand(invoice: Shown) -> str:
    """A text that differs wherever status, flags or payments do. `live.js` makes the same one."""
    payments = (one for option in invoice["options"] for one in option["payments"])
    depths = (f"{one['id']}:{one['state']}:{one['confirmations']}" for one in payments)
    return " ".join([invoice["status"], *invoice["flags"], *depths])


def _state(invoice: Shown, options: Sequence[Shown], *, in_time: bool) -> State:
    match Status(invoice["status"]):
        case Status.PROCESSING:
            return State.SEEN
        case Status.SETTLED if Flag.MARKED in invoice["flags"] and _lacks(options):
            return State.MARKED
        case Status.SETTLED:
            return State.SETTLED
        case Status.EXPIRED:
            return State.MISSED if {Flag.PARTIAL, Flag.LATE} & set(invoice["flags"]) else State.EXPIRED
        case Status.INVALID:
            return State.INVALID
        case Status.NEW if not in_time:
            return State.TIME_UP
        case Status.NEW if not any(map(_is_open, options)):
            return State.CLOSED
        case Status.NEW:
            return State.PARTIAL if Flag.PARTIAL in invoice["flags"] else State.WAITING


def _remarks(state: State, flags: set[str]) -> list[Remark]:
    told = {
        Remark.SHORT: Flag.PARTIAL in flags and state in (State.TIME_UP, State.MISSED),
        Remark.OVER: Flag.OVER in flags,
        Remark.LATE: Flag.LATE in flags,
        Remark.REVERSED: Flag.REVERSED in flags and state is not State.SETTLED,
    }
    return [remark for remark, is_true in told.items() if is_true]


def _lacks(options: Sequence[Shown]) -> bool:
    """Whether less than all has arrived."""
    return any(int(option["remaining_minor"]) for option in options)


def _excess(options: Sequence[Shown]) -> Excess | None:
    paid = [option for option in options if _arrived_minor(option)]
    if len(paid) != 1:
        return None
    [one] = paid
    excess_minor = _arrived_minor(one) - int(one["due_minor"])
    return Excess(_whole(excess_minor, one), one["symbol"]) if excess_minor > 0 else None


def _arrived_minor(option: Shown) -> int:
    return int(option["pending_minor"]) + int(option["confirmed_minor"])


def _is_open(option: Shown) -> bool:
    return option["destination"] is not None


def _chosen(options: Sequence[Shown], number: int | None) -> int:
    """The place, from 0 on, of the way that is shown whole."""
    if number is not None and 1 <= number <= len(options):
        return number - 1
    return next((place for place, option in enumerate(options) if _is_open(option)), 0)


def _choices(options: Sequence[Shown], chosen: int) -> list[Choice]:
    return [
        Choice(place + 1, option["chain"], option["symbol"], remaining(option), place == chosen)
        for place, option in enumerate(options)
    ]


def _way(option: Shown, prepares: Prepares) -> Way:
    amount, destination = remaining(option), option["destination"] or {"address": "", "memo": None, "uri": ""}
    paid_minor = _arrived_minor(option)
    return Way(
        chain=option["chain"],
        asset=option["asset"],
        symbol=option["symbol"],
        amount=amount,
        paid=_whole(paid_minor, option) if paid_minor else None,
        address=destination["address"],
        memo=destination["memo"],
        handover=(handover(destination["uri"], destination["address"], amount) if _is_open(option) else None),
        is_prepared=_is_open(option) and prepares(option["chain"]),
    )


def _payments(options: Sequence[Shown]) -> list[Paid]:
    listed = sorted(
        (one for option in options for one in option["payments"]), key=lambda one: str(one["seen_at"])
    )
    return [
        Paid(
            id=one["id"],
            amount=one["amount"],
            symbol=one["symbol"],
            state=PaymentState(one["state"]),
            depth=min(one["confirmations"], one["confirmations_required"]),
            required=one["confirmations_required"],
        )
        for one in listed
    ]


def remaining(option: Shown) -> str:
    """What the option still asks."""
    return _whole(int(option["remaining_minor"]), option)


def _whole(minor: int, option: Shown) -> str:
    """Minor units as whole ones, with as many decimals as `due` has: all that the asset has."""
    return format_minor(minor, len(option["due"].partition(".")[2]))
