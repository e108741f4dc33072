"""Records: what is on its way to whom, what was tried, and what somebody wants tried again."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

from paydaemon.core.access import Principal
from paydaemon.core.delivery import Attempt, Backlog, Delivery, DeliveryState, Target, next_try_ms
from paydaemon.core.errors import conflict, invalid, not_found, unknown_cursor
from paydaemon.core.retrying import revived
from paydaemon.engine.clock import Clock
from paydaemon.engine.deliveries.deliveries import Deliveries
from paydaemon.engine.deliveries.steps import hurry
from paydaemon.store.port import Reader, Store, Transaction

REVIVED_AT_ONCE = 200
REVIVED_IN_ONE_GO = 2_000
"""How many parked deliveries one request has tried again; who wants more of them asks again."""


class TargetState(StrEnum):
    """How a target is doing. Nobody is there to tell an `absent` one."""

    WELL = "well"
    DOWN = "down"
    DISABLED = "disabled"
    ABSENT = "absent"


@dataclass(frozen=True, slots=True)
class TargetView:
    """A target with how it is doing, and how far behind it is."""

    target: Target
    state: TargetState
    backlog: Backlog


@dataclass(frozen=True, slots=True)
class DeliveryView:
    """A delivery with its attempts."""

    delivery: Delivery
    attempts: Sequence[Attempt]


@dataclass(frozen=True, slots=True)
class Wish:
    """Which deliveries somebody wants to see; None: any."""

    target_id: str | None = None
    state: DeliveryState | None = None
    invoice_id: str | None = None


@dataclass(frozen=True, slots=True)
class Revived:
    """How many parked deliveries are tried again, and how many are parked still."""

    retried: int
    parked: int


class Records:
    """For operators, and for sellers as far as it is about their endpoints."""

    def __init__(self, store: Store, deliveries: Deliveries, clock: Clock) -> None:
        self._store = store
        self._deliveries = deliveries
        self._clock = clock

    async def targets(self, principal: Principal, *, cursor: str | None, limit: int) -> Sequence[TargetView]:
        """All targets, those made first at the beginning; for operators."""
        principal.require_operator()
        return await self._store.read(
            lambda reader: [
                TargetView(one, self.state(one), reader.backlog(one.id))
                for one in reader.targets(after=cursor, limit=limit)
            ]
        )

    def backlogs(self, reader: Reader) -> Mapping[str, Backlog]:
        """How far behind everybody is: each whom a notifier's configuration names, and all of its endpoints.

        So there are never more of them than are configured.
        """
        found: dict[str, Backlog] = {}
        cursor: str | None = None
        while page := reader.targets(after=cursor, limit=REVIVED_AT_ONCE):
            cursor = page[-1].id
            for target in page:
                group = target.notifier if target.is_endpoint else target.id
                found[group] = _sum(found.get(group), reader.backlog(target.id))
        return found

    async def page(
        self, principal: Principal, wish: Wish, *, cursor: str | None, limit: int
    ) -> Sequence[Delivery]:
        """Deliveries, newest first. A seller has to name one of its endpoints."""
        if wish.target_id is None and not principal.is_operator:
            raise invalid("target", "is required with a seller's key", "missing")
        return await self._store.read(lambda reader: _page(reader, principal, wish, cursor, limit))

    async def one(self, principal: Principal, id: str) -> DeliveryView:
        """A delivery, with its attempts as far as they are kept."""
        return await self._store.read(lambda reader: _with_attempts(reader, principal, id))

    async def retry(self, principal: Principal, id: str) -> Delivery:
        """Have a delivery tried now, be it parked. Raises `Refusal` for one that was taken."""
        done = await self._store.transact(lambda tx: _retry(tx, principal, id, self._clock()))
        self._deliveries.wake(done.target_id, urgent=True)
        return done

    async def retry_parked(self, principal: Principal, target_id: str) -> Revived:
        """Have what is parked for a target tried again, the oldest first; a bounded number at a time."""
        retried, more = 0, True
        while more and retried < REVIVED_IN_ONE_GO:
            count = await self._store.transact(
                lambda tx: _retry_parked(tx, principal, target_id, self._clock())
            )
            retried, more = retried + count, count == REVIVED_AT_ONCE
        self._deliveries.wake(target_id, urgent=True)
        left = await self._store.read(lambda reader: reader.backlog(target_id))
        return Revived(retried, left.parked)

    def state(self, target: Target) -> TargetState:
        """How a target is doing."""
        if not self._deliveries.is_served(target):
            return TargetState.ABSENT
        if target.disabled:
            return TargetState.DISABLED
        return TargetState.DOWN if target.condition.is_down else TargetState.WELL


def _sum(one: Backlog | None, other: Backlog) -> Backlog:
    if one is None:
        return other
    oldest = [ms for ms in (one.oldest_ms, other.oldest_ms) if ms is not None]
    return Backlog(one.pending + other.pending, one.parked + other.parked, min(oldest, default=None))


def _visible(reader: Reader, principal: Principal, target_id: str) -> Target | None:
    target = reader.target(target_id)
    if target is None or target.removed_at_ms is not None:
        return None
    is_theirs = target.is_endpoint and principal.may_see(target.wanted.seller_id)
    return target if principal.is_operator or is_theirs else None


def _require_target(reader: Reader, principal: Principal, target_id: str, param: str) -> None:
    if _visible(reader, principal, target_id) is None:
        raise not_found("target", target_id, param)


def _page(
    reader: Reader, principal: Principal, wish: Wish, cursor: str | None, limit: int
) -> Sequence[Delivery]:
    if wish.target_id is not None:
        _require_target(reader, principal, wish.target_id, "target")
    if cursor is not None and reader.delivery(cursor) is None:
        raise unknown_cursor(cursor)
    found = reader.deliveries(
        target_id=wish.target_id,
        state=wish.state,
        invoice_id=wish.invoice_id,
        before=cursor,
        limit=limit,
    )
    targets = {id: reader.target(id) for id in {one.target_id for one in found}}
    return [_timed(one, targets[one.target_id]) for one in found]


def _timed(delivery: Delivery, target: Target | None) -> Delivery:
    """A delivery as it is shown: with when it is tried, its target's own pause included."""
    return delivery if target is None else replace(delivery, next_at_ms=next_try_ms(delivery, target))


def _find(reader: Reader, principal: Principal, id: str) -> Delivery:
    found = reader.delivery(id)
    if found is None or _visible(reader, principal, found.target_id) is None:
        raise not_found("delivery", id)
    return found


def _with_attempts(reader: Reader, principal: Principal, id: str) -> DeliveryView:
    found = _find(reader, principal, id)
    return DeliveryView(_timed(found, reader.target(found.target_id)), reader.attempts(id))


def _retry(tx: Transaction, principal: Principal, id: str, now_ms: int) -> Delivery:
    found = _find(tx, principal, id)
    if found.state is DeliveryState.DELIVERED:
        raise conflict("already_delivered", "this was taken already", "id")
    tx.revive(revived(found), now_ms)
    hurry(tx, found.target_id, now_ms)
    return _find(tx, principal, id)


def _retry_parked(tx: Transaction, principal: Principal, target_id: str, now_ms: int) -> int:
    _require_target(tx, principal, target_id, "id")
    found = tx.oldest(target_id, DeliveryState.PARKED, now_ms, REVIVED_AT_ONCE)
    for one in reversed(found):  # of those about one thing the oldest comes to be the first
        tx.revive(revived(one), now_ms)
    hurry(tx, target_id, now_ms)
    return len(found)
