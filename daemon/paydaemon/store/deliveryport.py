"""The part of the store's port that is about who is told, and what is on its way to them."""

from collections.abc import Sequence
from typing import Protocol

from paydaemon.core.delivery import Attempt, Backlog, Condition, Delivery, DeliveryState, Target


class DeliveryReader(Protocol):
    """What can be read of targets and deliveries."""

    def target(self, id: str) -> Target | None:
        """A removed one too, until its deliveries are gone."""
        ...

    def targets(self, *, after: str | None, limit: int) -> Sequence[Target]:
        """Those that are not removed, in the order they were made, after the one with the id `after`."""
        ...

    def endpoints(self, seller_id: str | None) -> Sequence[Target]:
        """A seller's, or the operator's own: those that were made through the API and are not removed."""
        ...

    def targets_with_work(self) -> Sequence[str]:
        """The ids of those with a delivery that is still to be tried."""
        ...

    def delivery(self, id: str) -> Delivery | None: ...
    def delivery_of(self, target_id: str, seq: int) -> Delivery | None:
        """What has become of one event for one target."""
        ...

    def deliveries(
        self,
        *,
        target_id: str | None,
        state: DeliveryState | None,
        invoice_id: str | None,
        before: str | None,
        limit: int,
    ) -> Sequence[Delivery]:
        """The newest first: those recorded last or, of an invoice, those of its last events.

        `before` is the id of the last delivery of the page before this one.
        """
        ...

    def attempts(self, delivery_id: str) -> Sequence[Attempt]:
        """Those that are kept, oldest first."""
        ...

    def due(self, target_id: str, now_ms: int, limit: int) -> Sequence[Delivery]:
        """What may be tried now, the longest due first: of each order key the oldest that is pending."""
        ...

    def untried(self, target_id: str, now_ms: int, limit: int) -> Sequence[Delivery]:
        """What of it was never tried; it takes longer the more was."""
        ...

    def waiting(self, target_id: str, order_key: str, limit: int) -> Sequence[Delivery]:
        """What is pending of one order key, in the order of the journal."""
        ...

    def due_beyond(self, target_id: str, now_ms: int) -> tuple[int, int] | None:
        """When the first and the last of those may be tried that may not be now; None where there is none."""
        ...

    def oldest(self, target_id: str, state: DeliveryState, until_ms: int, limit: int) -> Sequence[Delivery]:
        """Those in a state that were made until then, the first made first."""
        ...

    def backlog(self, target_id: str) -> Backlog:
        """How much a target has not been told, by an index: it takes longer the more there is."""
        ...


class DeliveryWriter(Protocol):
    """What can be written of them. It raises as all of `paydaemon.store.port.Transaction` does."""

    def add_target(self, target: Target) -> None:
        """Raises `Duplicate` ("target")."""
        ...

    def set_target(self, target: Target) -> None:
        """Record what a target has become. Its id, notifier and name are those it was added with."""
        ...

    def move_cursor(self, target_id: str, seq: int) -> None:
        """All up to `seq` has become deliveries. A cursor never goes back."""
        ...

    def set_condition(self, target_id: str, condition: Condition) -> None: ...
    def add_delivery(self, delivery: Delivery) -> None:
        """Raises `Duplicate` ("delivery") where the event is on its way to this target already.

        What is pending of its order key comes before it; where nothing is, it is due at once.
        """
        ...

    def set_delivery(self, delivery: Delivery) -> None:
        """Record what a delivery has become. One that is done gives its place to the one behind it.

        A place that another has meanwhile, because that is older and was revived, stays that one's.
        """
        ...

    def revive(self, delivery: Delivery, at_ms: int) -> None:
        """Record that a delivery is pending again. It is due then, before all that are behind it."""
        ...

    def add_attempt(self, delivery_id: str, attempt: Attempt, keep: int) -> None:
        """Record an attempt; only the `keep` last ones are kept."""
        ...

    def hasten(self, target_id: str, beyond_ms: int, at_ms: int, limit: int) -> int:
        """Have what is to be tried beyond a time tried at `at_ms`; returns how many were changed."""
        ...

    def prune_deliveries(self, state: DeliveryState, before_ms: int, limit: int) -> int:
        """Forget those that came into a state before then, the first at first; returns how many."""
        ...

    def prune_targets(self, limit: int) -> int:
        """Forget deliveries of removed targets, and removed targets without any; returns how many of both."""
        ...
