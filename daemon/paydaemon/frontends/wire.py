"""Wire shapes: what answers look like, in JSON.

Every amount is a decimal string and every time RFC 3339 in UTC. Invoices, payments and events have the shapes
of `paydaemon.core.public`, which the journal keeps too; what depends on this daemon's URL is added here.
"""

import json
from collections.abc import Iterable, Mapping

from quart import Response

from paydaemon.core.access import Key, Seller
from paydaemon.core.public import Json, public_invoice, public_payment
from paydaemon.core.times import rfc3339
from paydaemon.engine.accounts import NewKey
from paydaemon.engine.api import PaymentView
from paydaemon.engine.chains import ChainStatus
from paydaemon.engine.invoices import InvoiceView
from paydaemon.engine.rates import Published, plain

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


def rate(published: Published) -> Json:
    """What one source last said about one pair: the price of a whole unit of `base`, in `quote`."""
    return {
        "base": published.rate.base,
        "quote": published.rate.quote,
        "rate": plain(published.rate.value),
        "source": published.source,
        "at": rfc3339(published.rate.at_ms),
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


def seller(known: Seller) -> Json:
    """A seller, as administration sees it."""
    return {
        "id": known.id,
        "name": known.name,
        "created_at": rfc3339(known.created_at_ms),
        "disabled": known.disabled,
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
