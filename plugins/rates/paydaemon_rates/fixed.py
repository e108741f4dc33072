"""The fixed source: the configured prices, said again and again so that they stay fresh."""

import trio

from paydaemon.hooks.ports import Rate, RateHost
from paydaemon_rates.config import FixedSettings

PUBLISH_EVERY_S = 10
"""Well below the smallest `[quotes] max_age_s` there can be, 20 s."""


class FixedRates:
    """A rate source whose prices are those of its configuration."""

    id = "fixed"

    def __init__(self, settings: FixedSettings) -> None:
        self._settings = settings

    async def run(
        self, host: RateHost, *, task_status: trio.TaskStatus[None] = trio.TASK_STATUS_IGNORED
    ) -> None:
        """Publish the prices, now and every ten seconds, until cancelled."""
        host.publish(self._rates(host.now_ms()))
        task_status.started()
        while True:
            await trio.sleep(PUBLISH_EVERY_S)
            host.publish(self._rates(host.now_ms()))

    def _rates(self, now_ms: int) -> list[Rate]:
        return [Rate(base, quote, price, now_ms) for base, quote, price in self._settings.parsed()]
