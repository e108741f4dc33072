"""Deliveries: one event on its way to one target, and what became of it.

A target is somebody to be told: an audience that a notifier's configuration names, or an endpoint that a
seller has made. Each reads the journal on its own, from its `cursor`; what it wants of it becomes deliveries.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from paydaemon.core.events import Event, EventType


class DeliveryState(StrEnum):
    """What became of a delivery. A parked one is tried no more until somebody says so."""

    PENDING = "pending"
    DELIVERED = "delivered"
    PARKED = "parked"


@dataclass(frozen=True, slots=True)
class SigningSecret:
    """What an endpoint's notices are signed with; until `until_ms`, where another has taken its place."""

    secret: str = field(repr=False)
    until_ms: int | None = None

    def is_valid(self, now_ms: int) -> bool:
        """Whether notices are still signed with it."""
        return self.until_ms is None or now_ms < self.until_ms


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which events a target is told. Empty `types` mean any; without a `seller_id` every seller's, and those
    that are nobody's.
    """

    types: frozenset[EventType] = frozenset()
    seller_id: str | None = None

    def takes(self, event: Event) -> bool:
        """Whether it is told of this one."""
        return (not self.types or event.type in self.types) and self.seller_id in (None, event.seller_id)


@dataclass(frozen=True, slots=True)
class Condition:
    """How a target is doing.

    `down_since_ms` and `failures` (in a row) say that it cannot be reached, and `next_at_ms` when it is tried
    again. `parked_since_ms` is when the first was parked, and told of, since anything was last delivered.
    """

    down_since_ms: int | None = None
    failures: int = 0
    next_at_ms: int = 0
    parked_since_ms: int | None = None

    @property
    def is_down(self) -> bool:
        """Whether only one thing at a time is tried with it."""
        return self.down_since_ms is not None


WELL = Condition()


@dataclass(frozen=True, slots=True)
class Target:
    """Somebody to be told.

    `name` is an audience's and None for an endpoint, whose `settings` its notifier has checked. `cursor` is
    the `seq` up to which the journal has become deliveries. A removed one is kept until its deliveries are
    gone.
    """

    id: str
    notifier: str
    name: str | None
    wanted: Wanted
    cursor: int
    created_at_ms: int
    settings: Mapping[str, object] = field(default_factory=dict)
    secrets: tuple[SigningSecret, ...] = ()
    description: str | None = None
    disabled: bool = False
    removed_at_ms: int | None = None
    condition: Condition = WELL

    @property
    def is_endpoint(self) -> bool:
        """Whether it was made through the API."""
        return self.name is None

    @property
    def is_told(self) -> bool:
        """Whether it is to be told anything at all."""
        return not self.disabled and self.removed_at_ms is None

    @property
    def next_at_ms(self) -> int | None:
        """When it is tried again, while it cannot be reached."""
        return self.condition.next_at_ms if self.is_told and self.condition.is_down else None


@dataclass(frozen=True, slots=True)
class Delivery:
    """One event on its way to one target.

    Of all with one `order_key` only the oldest is tried: it alone has a `next_at_ms`. `attempts` counts all,
    `failures` those that were this delivery's own fault. `status` and `reason` are the last attempt's.
    """

    id: str
    target_id: str
    seq: int
    event_id: str
    type: EventType
    invoice_id: str | None
    order_key: str
    created_at_ms: int
    state: DeliveryState = DeliveryState.PENDING
    attempts: int = 0
    failures: int = 0
    first_at_ms: int | None = None
    last_at_ms: int | None = None
    next_at_ms: int | None = None
    done_at_ms: int | None = None
    status: int | None = None
    reason: str = ""


def next_try_ms(delivery: Delivery, target: Target) -> int | None:
    """From when a delivery may be tried, as far as that is known: no sooner than its target is."""
    if delivery.state is not DeliveryState.PENDING or not target.is_told:
        return None
    return max((ms for ms in (delivery.next_at_ms, target.next_at_ms) if ms is not None), default=None)


@dataclass(frozen=True, slots=True)
class Attempt:
    """One try. `number` counts from 1; `status` is the answer's number where there was one."""

    number: int
    at_ms: int
    took_ms: int
    taken: bool
    status: int | None
    reason: str


@dataclass(frozen=True, slots=True)
class Backlog:
    """What a target has not been told. `oldest_ms` is when the oldest of what is pending happened."""

    pending: int
    parked: int
    oldest_ms: int | None


def order_key(event: Event) -> str:
    """What an event is about: events about one thing are told in their order."""
    if event.invoice_id is not None:
        return event.invoice_id
    kind = event.type.partition(".")[0]
    match kind:
        case "payment" | "relay":
            about = event.data.get(kind)
            return str(about.get("id", kind)) if isinstance(about, Mapping) else kind
        case "chain":
            return f"chain {event.data.get('chain')}"
        case "plugin":
            return f"plugin {event.data.get('service')}"
        case _:
            return kind


def new_delivery(id: str, target_id: str, event: Event, now_ms: int) -> Delivery:
    """An event that is to be told to a target."""
    return Delivery(
        id, target_id, event.seq, event.id, event.type, event.invoice_id, order_key(event), now_ms
    )
