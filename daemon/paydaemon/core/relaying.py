"""One step of a relay: how it now stands, and what is to be told.

A relay moves along `TRANSITIONS` and by nothing else. `unknown` is left only for what is proven, and what is
final stays, but for one exception: what nobody has ever taken may be handed in again. Saying the same twice
makes no difference, and so no event. The engine stores a relay and its events in one transaction.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace

from paydaemon.core.events import Draft, EventType
from paydaemon.core.public import public_relay
from paydaemon.core.relay import Outcome, Relay, RelayStatus, SignedTransfer

TRANSITIONS: Mapping[RelayStatus, frozenset[RelayStatus]] = {
    RelayStatus.RECEIVED: frozenset(
        {RelayStatus.ACCEPTED, RelayStatus.SUCCEEDED, RelayStatus.FAILED, RelayStatus.UNKNOWN}
    ),
    RelayStatus.ACCEPTED: frozenset({RelayStatus.SUCCEEDED, RelayStatus.FAILED, RelayStatus.UNKNOWN}),
    RelayStatus.UNKNOWN: frozenset({RelayStatus.SUCCEEDED, RelayStatus.FAILED}),
    RelayStatus.SUCCEEDED: frozenset(),
    RelayStatus.FAILED: frozenset(),
}
"""What an outcome may make of a relay."""

_TOLD_AS = {
    RelayStatus.RECEIVED: EventType.RELAY_RECEIVED,
    RelayStatus.ACCEPTED: EventType.RELAY_ACCEPTED,
    RelayStatus.SUCCEEDED: EventType.RELAY_SUCCEEDED,
    RelayStatus.FAILED: EventType.RELAY_FAILED,
    RelayStatus.UNKNOWN: EventType.RELAY_UNKNOWN,
}


@dataclass(frozen=True, slots=True)
class Step:
    """The outcome of one step: the relay as it now stands, and the event to journal with it, if any."""

    relay: Relay
    event: Draft | None


@dataclass(frozen=True, slots=True)
class Arrival:
    """What is known of a transaction as it is handed in, beside what was signed.

    `invoice_id` is the open invoice that it pays; `seller_id` is whose that is, or whose key hands it in.
    `payees` are the accounts of ours that it credits.
    """

    chain: str
    invoice_id: str | None
    seller_id: str | None
    at_ms: int
    payees: tuple[str, ...] = ()


def receive(id: str, transfer: SignedTransfer, arrival: Arrival) -> Step:
    """The step that brings a relay into being."""
    return _told(
        Relay(
            id=id,
            chain=arrival.chain,
            transaction_id=transfer.transaction_id,
            digest=transfer.digest,
            status=RelayStatus.RECEIVED,
            precheck=None,
            receipt=None,
            node=None,
            invoice_id=arrival.invoice_id,
            seller_id=arrival.seller_id,
            payer=transfer.payer,
            memo=transfer.memo,
            transfers=transfer.transfers,
            payees=arrival.payees,
            error=None,
            raw=transfer.raw,
            expires_at_ms=transfer.expires_at_ms,
            created_at_ms=arrival.at_ms,
            updated_at_ms=arrival.at_ms,
        )
    )


def receive_again(relay: Relay, transfer: SignedTransfer, arrival: Arrival) -> Step:
    """The step of a transaction that comes again, which nobody has ever taken. It keeps its id.

    What was recorded of what it is stays, too: all that is told of a relay agrees.

    Raises `ValueError` where somebody may have, or where it is another transaction.
    """
    if not relay.may_come_again or transfer.digest != relay.digest:
        raise ValueError(f"relay {relay.id} may not be handed in again")
    fresh = receive(relay.id, transfer, arrival).relay
    recorded = replace(fresh, payer=relay.payer, memo=relay.memo, payees=relay.payees)
    return _told(replace(recorded, created_at_ms=relay.created_at_ms))


def advance(relay: Relay, outcome: Outcome, now_ms: int) -> Step:
    """The step that a network's word makes; none where the relay cannot come to that status from its own.

    What the network has said before is kept where it does not say it again.
    """
    if outcome.status not in TRANSITIONS[relay.status]:
        return Step(relay, None)
    return _told(
        replace(
            relay,
            status=outcome.status,
            precheck=outcome.precheck or relay.precheck,
            receipt=outcome.receipt or relay.receipt,
            node=outcome.node or relay.node,
            error=outcome.error,
            raw=None if outcome.status.is_final else relay.raw,
            updated_at_ms=now_ms,
        )
    )


def _told(relay: Relay) -> Step:
    data = {"relay": public_relay(relay)}
    return Step(relay, Draft(_TOLD_AS[relay.status], data, relay.invoice_id, relay.seller_id))
