"""Wire shapes: what answers look like, in JSON.

Every amount is a decimal string and every time RFC 3339 in UTC. Invoices, payments and events have the shapes
of `paydaemon.core.public`, which the journal keeps too; what depends on this daemon's URL is added here.
"""

import json
from collections.abc import Iterable, Mapping

from quart import Response

from paydaemon.core.access import Key, Seller
from paydaemon.core.delivery import Attempt, Delivery, Target
from paydaemon.core.public import Json, public_invoice, public_payment
from paydaemon.core.ratereasons import SourceLook
from paydaemon.core.raterules import named
from paydaemon.core.times import rfc3339
from paydaemon.engine.accounts import NewKey
from paydaemon.engine.api import PaymentView
from paydaemon.engine.chains import ChainStatus
from paydaemon.engine.deliveries import DeliveryView, TargetState, TargetView, Tested
from paydaemon.engine.invoices import InvoiceView
from paydaemon.engine.ratehistory import whose
from paydaemon.engine.rates import Look
from paydaemon.store.rateport import KeptRate

_COMPACT = json.JSONEncoder(separators=(",", ":"))


def encode(content: Mapping[str, object]) -> str:
    """Compact JSON. Only ASCII, so that no reader can disagree about it."""
    return _COMPACT.encode(content)


def answer(
    content: Mapping[str, object], status: int = 200, headers: dict[str, str] | None = None
) -> Response:
    """A response with a JSON object as its body."""
    return Response(encode(content), status, headers, content_type="application/json")


def page(items: Iterable[Mapping[str, object]], next_cursor: str | None = None) -> Json:
    """One page of a list; `next_cursor` asks for the page after it and is None on the last."""
    return {"data": list(items), "has_more": next_cursor is not None, "next_cursor": next_cursor}


def invoice(view: InvoiceView, public_url: str, *, newest: int | None = None) -> Json:
    """An invoice with everything that can be shown of it, or with only so many payments of each option."""
    shown = public_invoice(view.invoice, view.payments, view.tips, newest=newest)
    return {**shown, "checkout_url": f"{public_url}/i/{view.invoice.id}"}


def payment(view: PaymentView) -> Json:
    """A payment on its own."""
    return public_payment(view.payment, {view.payment.chain: view.tip})


def rate(look: Look) -> Json:
    """What a whole unit of `base` costs in `quote`, or why nobody knows, and what each source says of it."""
    return {
        "base": look.base,
        "quote": look.quote,
        "rate": look.rate,
        "method": None if look.method is None else look.method.value,
        "source": whose(look) or None,
        "at": _time(look.at_ms),
        "problem": look.problem,
        "sources": [_said(one) for one in look.sources],
    }


def kept_rate(kept: KeptRate) -> Json:
    """What it cost once."""
    return {
        "at": rfc3339(kept.at_ms),
        "base": kept.base,
        "quote": kept.quote,
        "rate": kept.rate,
        "method": kept.method.value,
        "source": kept.source,
    }


def _said(look: SourceLook) -> Json:
    return {
        "source": look.source,
        "pair": named(look.pair),
        "rate": look.rate,
        "at": _time(look.at_ms),
        "verdict": look.verdict.value,
        "reason": look.reason,
    }


def chain(status: ChainStatus) -> Json:
    """One chain's health."""
    return {
        "id": status.id,
        "plugin": status.plugin,
        "state": status.state.value,
        "reason": status.reason,
        "as_of": None if status.as_of_ms is None else rfc3339(status.as_of_ms),
        "height": status.height,
    }


def webhook(target: Target, state: TargetState) -> Json:
    """An endpoint without its secrets."""
    old = [one.until_ms for one in target.secrets if one.until_ms is not None]
    return {
        "id": target.id,
        "url": str(target.settings.get("url", "")),
        "types": sorted(target.wanted.types),
        "description": target.description,
        "seller_id": target.wanted.seller_id,
        "disabled": target.disabled,
        "state": state.value,
        "down_since": _time(target.condition.down_since_ms),
        "next_at": _time(target.next_at_ms),
        "old_secret_until": _time(max(old, default=None)),
        "created_at": rfc3339(target.created_at_ms),
    }


def tested(test: Tested) -> Json:
    """What an endpoint answered."""
    answer = test.answer
    return {
        "delivered": answer.taken,
        "status": answer.status,
        "reason": answer.reason,
        "took_ms": test.took_ms,
    }


def target(view: TargetView) -> Json:
    """Somebody who is told, and how far behind they are."""
    kept, backlog = view.target, view.backlog
    return {
        "id": kept.id,
        "notifier": kept.notifier,
        "seller_id": kept.wanted.seller_id,
        "types": sorted(kept.wanted.types),
        "state": view.state.value,
        "down_since": _time(kept.condition.down_since_ms),
        "next_at": _time(kept.next_at_ms),
        "pending": backlog.pending,
        "parked": backlog.parked,
        "oldest_at": _time(backlog.oldest_ms),
    }


def delivery(one: Delivery) -> Json:
    """A delivery as lists show it."""
    return {
        "id": one.id,
        "target": one.target_id,
        "event_id": one.event_id,
        "seq": one.seq,
        "type": one.type.value,
        "invoice_id": one.invoice_id,
        "state": one.state.value,
        "attempts": one.attempts,
        "status": one.status,
        "reason": one.reason,
        "created_at": rfc3339(one.created_at_ms),
        "last_at": _time(one.last_at_ms),
        "next_at": _time(one.next_at_ms),
        "done_at": _time(one.done_at_ms),
    }


def delivery_log(view: DeliveryView) -> Json:
    """A delivery with what was tried."""
    return {**delivery(view.delivery), "log": [_attempt(one) for one in view.attempts]}


def _attempt(one: Attempt) -> Json:
    return {
        "number": one.number,
        "at": rfc3339(one.at_ms),
        "took_ms": one.took_ms,
        "taken": one.taken,
        "status": one.status,
        "reason": one.reason,
    }


def _time(at_ms: int | None) -> str | None:
    return None if at_ms is None else rfc3339(at_ms)


def seller(known: Seller) -> Json:
    """A seller, as administration sees it."""
    return {
        "id": known.id,
        "name": known.name,
        "created_at": rfc3339(known.created_at_ms),
        "disabled": known.disabled,
        "frame_ancestors": None if known.frame_ancestors is None else list(known.frame_ancestors),
    }


def key(known: Key) -> Json:
    """A key without its secret, which is not even kept."""
    return {
        "id": known.id,
        "seller_id": known.seller_id,
        "created_at": rfc3339(known.created_at_ms),
        "revoked_at": None if known.revoked_at_ms is None else rfc3339(known.revoked_at_ms),
    }


def new_key(key: NewKey) -> Json:
    """A fresh key. Its secret is told this once."""
    return {"id": key.id, "secret": key.secret, "seller_id": key.seller_id}
