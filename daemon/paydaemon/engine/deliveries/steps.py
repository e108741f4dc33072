"""Steps: what is done to targets and deliveries in one transaction each, so that a crash leaves all or
nothing.

A function here may run again, and reads what it decides on itself: what a courier remembers is only a hint.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from paydaemon.core.delivery import Attempt, Delivery, DeliveryState, Target, new_delivery
from paydaemon.core.events import Event
from paydaemon.core.retrying import (
    After,
    Answer,
    RetryPolicy,
    Tried,
    after,
    first_to_tell_of,
    is_given_up,
    parked,
    parking,
)
from paydaemon.engine.ids import new_id
from paydaemon.store.port import Reader, Transaction

GIVEN_UP_AT_ONCE = 200
"""How many deliveries to a target that was away for too long are parked in one transaction."""

HASTENED_AT_ONCE = 500
"""How many deliveries are brought forward in one transaction."""


@dataclass(frozen=True, slots=True)
class Look:
    """What a courier sees of its target at one moment.

    `due` are those that may be tried now, as far as they were asked for. `first_ms` and `last_ms` are when
    the first and the last of the others may be; None where there are none.
    """

    target: Target
    due: Sequence[Delivery]
    first_ms: int | None = None
    last_ms: int | None = None

    @property
    def is_idle(self) -> bool:
        """Whether nothing waits."""
        return not self.due and self.first_ms is None


@dataclass(frozen=True, slots=True)
class Recorded:
    """What an attempt came to: how many were parked by it, and whether the target is given up for now."""

    parked: int
    given_up: bool


def look(reader: Reader, target_id: str, now_ms: int, limit: int) -> Look | None:
    """None where the target is gone."""
    target = reader.target(target_id)
    if target is None or target.removed_at_ms is not None:
        return None
    due = reader.due(target_id, now_ms, limit)
    return Look(target, due, *(reader.due_beyond(target_id, now_ms) or ()))


def gather(reader: Reader, due: Sequence[Delivery], batch: int) -> Sequence[Delivery]:
    """What is handed over together: those that are due and what comes behind them, in the journal's order.

    What has failed by its own fault goes alone, so that it takes nothing else along.
    """
    if batch == 1 or due[0].failures:
        return due[:1]
    heads = [one for one in due if not one.failures][:batch]
    found = list(heads)
    for head in heads:
        if len(found) >= batch:
            break
        behind = reader.waiting(head.target_id, head.order_key, batch)
        found += [one for one in behind if one.id != head.id]
    return sorted(found, key=lambda one: one.seq)[:batch]


def feed(tx: Transaction, target_id: str, events: Sequence[Event], up_to: int, now_ms: int) -> int:
    """Make deliveries of what a target wants, and move its cursor; returns how many.

    `events` are all up to `up_to` that it might want and has not become deliveries yet, or more than that.
    """
    target = tx.target(target_id)
    if target is None or not target.is_told:
        return 0
    fresh = [event for event in events if event.seq > target.cursor and target.wanted.takes(event)]
    made = [one for one in fresh if not is_about(one, target_id)]
    for event in made:
        tx.add_delivery(new_delivery(new_id("dlv"), target_id, event, now_ms))
    tx.move_cursor(target_id, up_to)
    return len(made)


def feed_page(tx: Transaction, target_id: str, page: int, now_ms: int) -> bool:
    """Make deliveries of the next events that a target wants; returns whether there may be more of them."""
    target = tx.target(target_id)
    if target is None:
        return False
    events: Sequence[Event] = ()
    if target.is_told:
        types, seller_id = target.wanted.types, target.wanted.seller_id
        events = tx.events(after=target.cursor, types=types, invoice_id=None, seller_id=seller_id, limit=page)
    full = len(events) == page
    feed(tx, target_id, events, events[-1].seq if full else tx.last_seq(), now_ms)
    return full


def change(
    tx: Transaction,
    target_id: str,
    changed: Callable[[Target], Target],
    then: Callable[[Transaction, Target], None],
    page: int,
    now_ms: int,
) -> Target | None:
    """Change a target, once all that it has wanted until now has become deliveries; `then` do more.

    What happens while it is disabled is not told to it. None where it is gone.
    """
    while feed_page(tx, target_id, page, now_ms):
        pass
    target = tx.target(target_id)
    if target is None or target.removed_at_ms is not None:
        return None
    new = replace(changed(target), cursor=tx.last_seq())
    tx.set_target(new)
    then(tx, new)
    return tx.target(target_id)


def is_about(event: Event, target_id: str) -> bool:
    """Whether an event says that this very target could not be told."""
    return event.type.value.startswith("delivery.") and event.data.get("target") == target_id


def record(
    tx: Transaction, told: Target, tried: Tried, took_ms: int, policy: RetryPolicy, keep: int
) -> Recorded:
    """Record an attempt; `told` is the target as it was then.

    What has meanwhile been parked stays so, unless it was taken.
    """
    target = tx.target(told.id)
    found = [tx.delivery(one.id) for one in tried.deliveries]
    still = [
        one for one in found if one is not None and (tried.answer.taken or one.state is DeliveryState.PENDING)
    ]
    if target is None or not still:
        return Recorded(0, given_up=False)
    result = _result(replace(tried, deliveries=still), told, target, policy)
    for one in result.deliveries:
        tx.set_delivery(one)
        tx.add_attempt(one.id, _attempt(one, tried, took_ms), keep)
    if result.condition != target.condition:
        tx.set_condition(told.id, result.condition)
    lost = [one for one in result.deliveries if one.state is DeliveryState.PARKED]
    if result.begins_to_park:
        _tell_of(tx, lost, target, tried.now_ms)
    return Recorded(len(lost), is_given_up(result.condition, tried.now_ms, policy))


def _result(tried: Tried, told: Target, now: Target, policy: RetryPolicy) -> After:
    """What it comes to. That it could not be reached where it was before says nothing of where it is now."""
    if tried.answer.taken or told.settings == now.settings:
        return after(tried, now.condition, policy)
    elsewhere = replace(tried, answer=_unreachable(tried.answer), taken_since_ms=None)
    result = after(elsewhere, now.condition, policy)
    parked_since_ms = result.condition.parked_since_ms
    return replace(result, condition=replace(now.condition, parked_since_ms=parked_since_ms))


def _unreachable(answer: Answer) -> Answer:
    return Answer(False, answer.status, answer.reason, target_down=True)


def give_up(tx: Transaction, target_id: str, now_ms: int, policy: RetryPolicy) -> int:
    """Park some of what has waited for too long for a target that was away all the time; returns how many."""
    target = tx.target(target_id)
    if target is None or not is_given_up(target.condition, now_ms, policy):
        return 0
    until_ms = now_ms - round(1000 * policy.retry_for_s)
    found = tx.oldest(target_id, DeliveryState.PENDING, until_ms, GIVEN_UP_AT_ONCE)
    lost = [parked(one, now_ms, "the target was away for too long") for one in found]
    for one in lost:
        tx.set_delivery(one)
    if target.condition.parked_since_ms is None and _tell_of(tx, lost, target, now_ms):
        tx.set_condition(target_id, replace(target.condition, parked_since_ms=now_ms))
    return len(lost)


def hurry(tx: Transaction, target_id: str, now_ms: int) -> None:
    """Have a target tried now, however long it was to be left alone."""
    target = tx.target(target_id)
    if target is not None and target.condition.next_at_ms > now_ms:
        tx.set_condition(target_id, replace(target.condition, next_at_ms=now_ms))


def resume(tx: Transaction, target_id: str, now_ms: int) -> bool:
    """Have all that waits for a target tried now; returns whether there may be more of it.

    For where there is reason to think that it can be told again: its pauses begin anew.
    """
    target = tx.target(target_id)
    if target is None:
        return False
    fresh = replace(target.condition, failures=0, next_at_ms=min(target.condition.next_at_ms, now_ms))
    if fresh != target.condition:
        tx.set_condition(target_id, fresh)
    return tx.hasten(target_id, now_ms, now_ms, HASTENED_AT_ONCE) == HASTENED_AT_ONCE


def _tell_of(tx: Transaction, lost: Sequence[Delivery], target: Target, now_ms: int) -> bool:
    """Journal that a target loses something; returns whether that is to be told of what is lost."""
    first = first_to_tell_of(lost)
    if first is not None:
        tx.append(parking(first, target.notifier, target.wanted.seller_id), now_ms)
    return first is not None


def _attempt(one: Delivery, tried: Tried, took_ms: int) -> Attempt:
    answer = tried.answer
    return Attempt(one.attempts, tried.at_ms, took_ms, answer.taken, answer.status, answer.reason)
