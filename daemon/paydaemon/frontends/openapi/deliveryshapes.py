"""The shapes of answers about webhooks, targets and deliveries."""

from collections.abc import Mapping

from paydaemon.core.delivery import DeliveryState
from paydaemon.engine.deliveries import TargetState
from paydaemon.frontends.openapi.schema import (
    Schema,
    choice,
    flag,
    listing,
    nullable,
    page_of,
    record,
    ref,
    text,
    time,
    whole,
)


def shapes() -> Mapping[str, Schema]:
    """Every such shape, by its name among the components."""
    webhook = _webhook()
    secret = text(
        "What its notices are signed with, as Standard Webhooks writes it. It is told this once.",
        pattern="^whsec_",
    )
    delivery = _delivery()
    log = listing(ref("Attempt"), "What was tried, oldest first; the last ones, where there were many.")
    return {
        "Webhook": record("Where events are sent.", webhook),
        "NewWebhookSecret": record("A webhook with a fresh secret.", {**webhook, "secret": secret}),
        "Webhooks": page_of("webhooks", "Webhook"),
        "WebhookTest": _test(),
        "Target": _target(),
        "Targets": page_of("targets", "Target"),
        "Delivery": record("One event on its way to one target.", delivery),
        "DeliveryLog": record("A delivery with what was tried.", {**delivery, "log": log}),
        "Deliveries": page_of("deliveries", "Delivery"),
        "Attempt": _attempt(),
        "Retried": record(
            "What is tried again.",
            {
                "retried": whole("How many deliveries are tried again."),
                "parked": whole("How many are parked still: ask once more for those."),
            },
        ),
    }


def _webhook() -> dict[str, Schema]:
    return {
        "id": text("Its id."),
        "url": text("Where events are posted to.", format="uri"),
        "types": listing(ref("EventType"), "The types of events that are sent; empty means any."),
        "description": nullable(text("The note to it.")),
        "seller_id": nullable(text("Whose events are sent; null for the operator's own, which gets all.")),
        "disabled": flag("Whether nothing is sent."),
        "state": choice(
            TargetState,
            "How it is doing: `down` while it cannot be reached, `absent` while nobody here sends to it.",
        ),
        "down_since": nullable(time("Since when it cannot be reached.")),
        "next_at": nullable(time("When it is tried again, while it cannot be reached.")),
        "old_secret_until": nullable(time("Until when its old secrets are good as well, at the longest.")),
        "created_at": time("When it was made."),
    }


def _test() -> Schema:
    return record(
        "What a webhook answered to a notice that was only to try it.",
        {
            "delivered": flag("Whether it was taken."),
            "status": nullable(whole("The status of its answer, where there was one.")),
            "reason": text("What was said, or what went wrong, in one line."),
            "took_ms": whole("How many milliseconds it took."),
        },
    )


def _target() -> Schema:
    return record(
        "Somebody who is told: a webhook, or whom a notifier's configuration names.",
        {
            "id": text("Its id: a webhook's, or the notifier's with a name, such as `email:operator`."),
            "notifier": text("The notifier that tells it, as the operator has named it."),
            "seller_id": nullable(text("Whose events it is told; null for everybody's.")),
            "types": listing(ref("EventType"), "The types of events it is told; empty means any."),
            "state": choice(TargetState, "How it is doing."),
            "down_since": nullable(time("Since when it cannot be reached.")),
            "next_at": nullable(time("When it is tried again, while it cannot be reached.")),
            "pending": whole("How many deliveries wait."),
            "parked": whole("How many were given up."),
            "oldest_at": nullable(time("When the oldest event happened that waits to be told.")),
        },
    )


def _delivery() -> dict[str, Schema]:
    return {
        "id": text("Its id."),
        "target": text("Whom it is for: the id of a target."),
        "event_id": text("The event's id."),
        "seq": whole("The event's place in the journal.", 1),
        "type": ref("EventType"),
        "invoice_id": nullable(text("The invoice it is about.")),
        "state": choice(DeliveryState, "What became of it; a parked one is tried no more."),
        "attempts": whole("How often it was tried."),
        "status": nullable(whole("The status of the last answer, where there was one.")),
        "reason": text("What was said last, or what went wrong, in one line."),
        "created_at": time("When it was put on its way."),
        "last_at": nullable(time("When it was last tried.")),
        "next_at": nullable(
            time(
                "From when it may be tried, no sooner than its target is; null where that is disabled, or "
                "another about the same thing comes first."
            )
        ),
        "done_at": nullable(time("When it was taken or parked.")),
    }


def _attempt() -> Schema:
    return record(
        "One try.",
        {
            "number": whole("Which one it was.", 1),
            "at": time("When it began."),
            "took_ms": whole("How many milliseconds it took."),
            "taken": flag("Whether the event was taken."),
            "status": nullable(whole("The status of the answer, where there was one.")),
            "reason": text("What was said, or what went wrong, in one line."),
        },
    )
