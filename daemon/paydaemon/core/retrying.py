"""Retrying: what one attempt makes of a delivery, and of the target that it was for.

There are two faults. Where a target cannot be reached, trying its other deliveries as well would only cost
time: the target has a pause of its own, after which one delivery at a time is tried, first whichever never
was and then whichever has waited longest. Where a delivery fails although another was taken meanwhile, the
fault is its own, and it alone waits. Whatever has failed for long enough is parked, and those behind it go
on.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from paydaemon.core.delivery import Condition, Delivery, DeliveryState
from paydaemon.core.events import Draft, EventType

LEAST_ASKED_S = 1.0
"""What a recipient must at least ask for with "try again after": less might as well be at once."""


@dataclass(frozen=True, slots=True)
class RetryPolicy:
    """Pauses double from the first to the longest; a delivery is given up so long after its first attempt."""

    first_pause_s: float = 5.0
    longest_pause_s: float = 21_600.0
    retry_for_s: float = 259_200.0


@dataclass(frozen=True, slots=True)
class Answer:
    """How an attempt went, as `paydaemon.hooks.notifier.Told` or `NotTold` said it."""

    taken: bool
    status: int | None = None
    reason: str = ""
    retry_after_s: float | None = None
    for_good: bool = False
    target_down: bool = False


@dataclass(frozen=True, slots=True)
class Tried:
    """One attempt, made at `at_ms`: its deliveries with one answer to all of them.

    `taken_since_ms` is when the target last took anything. `chance`, from 0 to 1, is where in its range a
    pause lies.
    """

    deliveries: Sequence[Delivery]
    answer: Answer
    at_ms: int
    now_ms: int
    taken_since_ms: int | None
    chance: float


@dataclass(frozen=True, slots=True)
class After:
    """What is to be recorded of an attempt.

    `begins_to_park` says that the target loses something, which is to be told and was not told just before.
    """

    deliveries: Sequence[Delivery]
    condition: Condition
    begins_to_park: bool = False


def after(tried: Tried, condition: Condition, policy: RetryPolicy) -> After:
    """What becomes of the deliveries and of the target that they are for."""
    counted = [_counted(delivery, tried) for delivery in tried.deliveries]
    if tried.answer.taken:
        done = [_done(delivery, DeliveryState.DELIVERED, tried.now_ms) for delivery in counted]
        return After(done, Condition())
    is_target = is_targets_fault(tried)
    failed = [_failed(delivery, tried, policy, own=not is_target) for delivery in counted]
    then = _condition_after(condition, tried, policy, is_target=is_target)
    begins = then.parked_since_ms is None and first_to_tell_of(failed) is not None
    return After(failed, replace(then, parked_since_ms=tried.now_ms) if begins else then, begins)


def is_targets_fault(tried: Tried) -> bool:
    """Whether the target cannot be reached, rather than these deliveries being refused by it."""
    answer, since_ms = tried.answer, tried.taken_since_ms
    if answer.taken or answer.for_good or not answer.target_down:
        return False
    before = [delivery.last_at_ms for delivery in tried.deliveries]
    return since_ms is None or any(last_ms is None or last_ms >= since_ms for last_ms in before)


def is_given_up(condition: Condition, now_ms: int, policy: RetryPolicy) -> bool:
    """Whether a target was away for so long that what has waited as long for it is parked, tried or not."""
    since_ms = condition.down_since_ms
    return since_ms is not None and now_ms - since_ms >= 1000 * policy.retry_for_s


def parked(delivery: Delivery, now_ms: int, reason: str) -> Delivery:
    """A delivery that is tried no more."""
    return replace(_done(delivery, DeliveryState.PARKED, now_ms), reason=delivery.reason or reason)


def revived(delivery: Delivery) -> Delivery:
    """A delivery that is to be tried again, as if for the first time; its attempts stay counted."""
    return replace(
        delivery, state=DeliveryState.PENDING, failures=0, first_at_ms=None, next_at_ms=None, done_at_ms=None
    )


def first_to_tell_of(deliveries: Sequence[Delivery]) -> Delivery | None:
    """The first of these that is parked and to be told of; None where there is none.

    What says that another target has lost something is not: two that are both away would tell of each other
    without end. What is parked after it is.
    """
    return next((one for one in deliveries if one.state is DeliveryState.PARKED and _is_told_of(one)), None)


def _is_told_of(delivery: Delivery) -> bool:
    return delivery.type is not EventType.DELIVERY_PARKED


def parking(delivery: Delivery, notifier: str, seller_id: str | None) -> Draft:
    """The event of a target's beginning to lose what it is to be told, by the first of that."""
    data = {
        "target": delivery.target_id,
        "notifier": notifier,
        "delivery_id": delivery.id,
        "event_id": delivery.event_id,
        "reason": delivery.reason,
    }
    return Draft(EventType.DELIVERY_PARKED, data, seller_id=seller_id)


def pause_ms(failures: int, chance: float, policy: RetryPolicy) -> int:
    """How long to wait after that many failures in a row, with equal jitter, so that nobody comes in step.

    See "Exponential Backoff And Jitter", AWS Architecture Blog. Half of each pause is certain: with
    none of it, many failures can follow each other at once, and a long pause after them.
    """
    most_s = min(policy.first_pause_s * 2.0 ** min(failures - 1, 40), policy.longest_pause_s)
    return round(1000 * most_s * (1 + chance) / 2)


def _counted(delivery: Delivery, tried: Tried) -> Delivery:
    first_ms = delivery.first_at_ms
    return replace(
        delivery,
        attempts=delivery.attempts + 1,
        # A clock that was turned back has made it later than now: it counts from now.
        first_at_ms=tried.at_ms if first_ms is None else min(first_ms, tried.at_ms),
        last_at_ms=tried.at_ms,
        status=tried.answer.status,
        reason=tried.answer.reason,
    )


def _done(delivery: Delivery, state: DeliveryState, now_ms: int) -> Delivery:
    return replace(delivery, state=state, next_at_ms=None, done_at_ms=now_ms)


def _failed(delivery: Delivery, tried: Tried, policy: RetryPolicy, *, own: bool) -> Delivery:
    assert delivery.first_at_ms is not None
    too_long = tried.now_ms - delivery.first_at_ms >= 1000 * policy.retry_for_s
    if tried.answer.for_good or too_long:
        return _done(delivery, DeliveryState.PARKED, tried.now_ms)
    # Not its own fault: it is due, behind all others that are.
    wait_ms = _wait_ms(delivery.failures + 1, tried, policy) if own else 0
    return replace(delivery, failures=delivery.failures + own, next_at_ms=tried.now_ms + wait_ms)


def _condition_after(
    condition: Condition, tried: Tried, policy: RetryPolicy, *, is_target: bool
) -> Condition:
    if is_target:
        return _down(condition, tried, policy)
    was_reached = tried.answer.for_good or not tried.answer.target_down
    return Condition(parked_since_ms=condition.parked_since_ms) if was_reached else condition


def _down(condition: Condition, tried: Tried, policy: RetryPolicy) -> Condition:
    failures, since_ms = condition.failures + 1, condition.down_since_ms
    return replace(
        condition,
        down_since_ms=tried.now_ms if since_ms is None else min(since_ms, tried.now_ms),
        failures=failures,
        next_at_ms=tried.now_ms + _wait_ms(failures, tried, policy),
    )


def _wait_ms(failures: int, tried: Tried, policy: RetryPolicy) -> int:
    asked_s = tried.answer.retry_after_s
    if asked_s is None:
        return pause_ms(failures, tried.chance, policy)
    return round(1000 * min(max(asked_s, LEAST_ASKED_S), policy.longest_pause_s))
