"""Rows of targets, deliveries and attempts to the core's objects, and back."""

import json
from typing import Any

from paydaemon.core.delivery import (
    Attempt,
    Condition,
    Delivery,
    DeliveryState,
    SigningSecret,
    Target,
    Wanted,
)
from paydaemon.core.events import EventType
from paydaemon.store.sqlite.rows import Row, Values, event_id, to_json


def target(row: Row) -> Target:
    """A row of targets."""
    return Target(
        id=row["id"],
        notifier=row["notifier"],
        name=row["name"],
        wanted=Wanted(frozenset(map(EventType, json.loads(row["types"]))), row["seller_id"]),
        cursor=row["cursor"],
        created_at_ms=row["created_at_ms"],
        settings=json.loads(row["settings"]),
        secrets=tuple(SigningSecret(secret, until_ms) for secret, until_ms in json.loads(row["secrets"])),
        description=row["description"],
        disabled=bool(row["disabled"]),
        removed_at_ms=row["removed_at_ms"],
        condition=Condition(row["down_since_ms"], row["failures"], row["next_at_ms"], row["parked_since_ms"]),
    )


def target_values(target: Target) -> Values:
    """A target."""
    return {
        "notifier": target.notifier,
        "name": target.name,
        "created_at_ms": target.created_at_ms,
        **target_change_values(target),
    }


def target_change_values(target: Target) -> Values:
    """What can change of a target, and what it is found by."""
    return {
        "seller_id": target.wanted.seller_id,
        "types": to_json(sorted(target.wanted.types)),
        "settings": to_json(target.settings),
        "secrets": to_json([[one.secret, one.until_ms] for one in target.secrets]),
        "description": target.description,
        "disabled": int(target.disabled),
        "cursor": target.cursor,
        "removed_at_ms": target.removed_at_ms,
        **condition_values(target.id, target.condition),
    }


def condition_values(target_id: str, condition: Condition) -> Values:
    """How a target is doing."""
    return {
        "id": target_id,
        "down_since_ms": condition.down_since_ms,
        "failures": condition.failures,
        "next_at_ms": condition.next_at_ms,
        "parked_since_ms": condition.parked_since_ms,
    }


def delivery(row: Row) -> Delivery:
    """A row of deliveries with what its target and its event say of it."""
    return _delivery(
        row,
        target_id=row["target_id"],
        event_id=event_id(row["epoch"], row["seq"]),
        type=EventType(row["type"]),
        invoice_id=row["invoice_id"],
    )


def plain_delivery(row: Row) -> Delivery:
    """A row of deliveries alone, to see whether it can be read."""
    return _delivery(row, target_id="", event_id="", type=EventType.INVOICE_CREATED, invoice_id=None)


def _delivery(row: Row, **told: Any) -> Delivery:
    return Delivery(
        id=row["id"],
        seq=row["seq"],
        order_key=row["order_key"],
        created_at_ms=row["created_at_ms"],
        state=DeliveryState(row["state"]),
        attempts=row["attempts"],
        failures=row["failures"],
        first_at_ms=row["first_at_ms"],
        last_at_ms=row["last_at_ms"],
        next_at_ms=row["next_at_ms"],
        done_at_ms=row["done_at_ms"],
        status=row["status"],
        reason=row["reason"],
        **told,
    )


def delivery_values(delivery: Delivery) -> Values:
    """A delivery. What its event says of it is not kept twice."""
    return {
        "target_id": delivery.target_id,
        "seq": delivery.seq,
        "order_key": delivery.order_key,
        "created_at_ms": delivery.created_at_ms,
        **delivery_change_values(delivery),
    }


def delivery_change_values(delivery: Delivery) -> Values:
    """What can change of a delivery, and what it is found by."""
    return {
        "id": delivery.id,
        "state": delivery.state.value,
        "attempts": delivery.attempts,
        "failures": delivery.failures,
        "first_at_ms": delivery.first_at_ms,
        "last_at_ms": delivery.last_at_ms,
        "next_at_ms": delivery.next_at_ms,
        "done_at_ms": delivery.done_at_ms,
        "status": delivery.status,
        "reason": delivery.reason,
    }


def attempt(row: Row) -> Attempt:
    """A row of attempts."""
    return Attempt(
        row["number"], row["at_ms"], row["took_ms"], bool(row["taken"]), row["status"], row["reason"]
    )


def attempt_values(delivery_id: str, attempt: Attempt) -> Values:
    """An attempt at a delivery."""
    return {
        "delivery_id": delivery_id,
        "number": attempt.number,
        "at_ms": attempt.at_ms,
        "took_ms": attempt.took_ms,
        "taken": int(attempt.taken),
        "status": attempt.status,
        "reason": attempt.reason,
    }
