"""What is under way to an invoice: relays that may still credit it, and have not done so yet.

Whoever clicks twice signs twice, and both transactions would pay. So a further one is passed on only where it
still fits beside what is paid and what is under way. Nothing is under way for ever: a relay that fails leaves
at once, one that is credited counts as that payment, and one of which the chain has shown nothing leaves as
soon as the chain was seen complete past the last moment at which it could have come through.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from fractions import Fraction

from paydaemon.core.errors import conflict
from paydaemon.core.invoice import Invoice, Option
from paydaemon.core.payment import Payment
from paydaemon.core.relay import Relay, RelayStatus, Transfer
from paydaemon.core.status import remaining_minor, tally

AsOf = Mapping[str, int | None]
"""Up to when each chain has been seen complete; None where it never was."""


def under_way(relays: Iterable[Relay], payments: Sequence[Payment], as_of_ms: AsOf) -> list[Relay]:
    """Those of an invoice's relays that may still credit it; `payments` are all that it has got."""
    credited = {(payment.chain, payment.transaction_id) for payment in payments}
    return [
        relay
        for relay in relays
        if (relay.chain, relay.transaction_id) not in credited
        and _may_credit(relay, as_of_ms.get(relay.chain))
    ]


def require_room(
    transfers: Sequence[Transfer], invoice: Invoice, payments: Sequence[Payment], relays: Sequence[Relay]
) -> None:
    """Raises `Refusal` where these would pay more than is asked, once all relays that are under way have.

    Alone a transfer may be too much: whoever means to pay more than is asked may.
    """
    if not relays:
        return
    sums = tally(invoice, payments)
    expected = sum((share(relay.transfers, invoice) for relay in relays), Fraction(0))
    then = replace(sums, total=sums.total + expected)
    for option in invoice.options:
        if gain_minor(transfers, option) > remaining_minor(invoice, option, then):
            first = relays[0].transaction_id
            message = f"transaction {first} is under way to that invoice, which asks for no more beside it"
            raise conflict("payment_under_way", message, "transaction")


def share(transfers: Sequence[Transfer], invoice: Invoice) -> Fraction:
    """How much of what an invoice asks these would pay; 1 is all of it."""
    return sum(
        (Fraction(gain_minor(transfers, option), option.due_minor) for option in invoice.options), Fraction(0)
    )


def gain_minor(transfers: Sequence[Transfer], option: Option) -> int:
    """What an option would be credited by these, in its smallest unit; never less than nothing."""
    where = option.destination.key, option.asset.code
    moved = (one.amount_minor for one in transfers if (one.destination_key, one.asset_code) == where)
    return max(0, sum(moved))


def _may_credit(relay: Relay, as_of_ms: int | None) -> bool:
    if relay.status is RelayStatus.FAILED:
        return False
    return as_of_ms is None or as_of_ms <= _last_ms(relay)


def _last_ms(relay: Relay) -> int:
    """The last moment at which it can have come through."""
    if relay.status is RelayStatus.SUCCEEDED:
        return min(relay.updated_at_ms, relay.expires_at_ms)
    return relay.expires_at_ms
