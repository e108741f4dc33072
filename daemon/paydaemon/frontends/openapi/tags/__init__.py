"""The operations, one module for each tag."""

from paydaemon.frontends.openapi.operation import Tag
from paydaemon.frontends.openapi.tags import (
    administration,
    checkout,
    deliveries,
    events,
    exports,
    health,
    interface,
    invoices,
    metrics,
    payments,
    plugins,
    public,
    rates,
    relay,
    webhooks,
)

TAGS: tuple[Tag, ...] = (
    invoices.TAG,
    payments.TAG,
    exports.TAG,
    relay.TAG,
    events.TAG,
    webhooks.TAG,
    deliveries.TAG,
    rates.TAG,
    plugins.TAG,
    health.TAG,
    metrics.TAG,
    checkout.TAG,
    public.TAG,
    interface.TAG,
    administration.TAG,
)
"""Every tag, in the order that they are read in."""

__all__ = ["TAGS"]
