"""One scrape: asks the database for what is counted there, then tells everything as it is at that moment.

Counting invoices walks along an index, so it takes longer the more there are: it is then done more seldom,
and what was counted last is told meanwhile. However often somebody scrapes, that is a small part of one
reader's time.
"""

import math
from collections.abc import Iterator

import trio
from prometheus_client import CollectorRegistry, ProcessCollector, generate_latest
from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector

from paydaemon.engine.api import Counted
from paydaemon.metrics.collect import Rooms, collect
from paydaemon.store.port import StoreUnavailable

REST = 20
"""How many times as long as counting took it is then left alone."""


class Metrics(Collector):
    """One daemon's metrics."""

    def __init__(self, rooms: Rooms) -> None:
        self._rooms = rooms
        self._counted: Counted | None = None
        self._count_again_at = -math.inf
        self._counting = trio.Lock()
        self._registry = CollectorRegistry()
        self._registry.register(self)
        ProcessCollector(registry=self._registry)

    async def render(self) -> bytes:
        """Everything, in Prometheus' text format. Never fails because the store does."""
        async with self._counting:
            await self._count()
        return generate_latest(self._registry)

    def collect(self) -> Iterator[Metric]:
        """Called by the registry; waits for nothing."""
        for series in collect(self._rooms, self._counted):
            yield series.metric

    def describe(self) -> Iterator[Metric]:
        """Nothing: otherwise the registry would collect once before there is anything."""
        return iter(())

    async def _count(self) -> None:
        began = trio.current_time()
        if began < self._count_again_at:
            return
        try:
            self._counted = await self._rooms.api.counted()
        except StoreUnavailable:
            self._counted = None
        ended = trio.current_time()
        self._count_again_at = ended + REST * (ended - began)
