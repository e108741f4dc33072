"""Notices: what a notifier is handed of a delivery, and whom it is for."""

from collections.abc import Mapping

from paydaemon.core.delivery import Delivery
from paydaemon.core.delivery import Target as Kept
from paydaemon.core.events import Event
from paydaemon.core.public import Json, public_event
from paydaemon.hooks.notifier import Notice, Target


def target_for(kept: Kept, now_ms: int) -> Target:
    """A target as its notifier sees it: with those secrets only that are still signed with."""
    secrets = tuple(one.secret for one in kept.secrets if one.is_valid(now_ms))
    return Target(kept.id, kept.notifier, kept.name, kept.wanted.seller_id, kept.settings, secrets)


def notice_of(delivery: Delivery, event: Event, public_url: str) -> Notice:
    """An event on its way."""
    return Notice(
        delivery_id=delivery.id,
        attempt=delivery.attempts + 1,
        seq=event.seq,
        event_id=event.id,
        type=event.type,
        created_at_ms=event.created_at_ms,
        invoice_id=event.invoice_id,
        body=with_links(public_event(event), public_url),
    )


def with_links(event: Json, public_url: str) -> Json:
    """An event whose invoice says where it can be paid: the journal knows nothing of this daemon's URL."""
    data = event["data"]
    invoice = data.get("invoice") if isinstance(data, Mapping) else None
    if not isinstance(data, Mapping) or not isinstance(invoice, Mapping):
        return event
    linked = {**invoice, "checkout_url": f"{public_url}/i/{invoice['id']}"}
    return {**event, "data": {**data, "invoice": linked}}
