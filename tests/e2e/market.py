"""A plugin with two sources of rates that say what their tables say, installed for one daemon."""

from collections.abc import Sequence
from decimal import Decimal

import trio

from paydaemon.hooks.ports import Rate, RateHost
from paydaemon.hooks.settings import Settings
from paydaemon.hooks.specs import RateSourcePlugin, hookimpl

SOURCES = ("north", "south")


class MarketSettings(Settings):
    """What a whole BTC costs in EUR; nothing is said where it is empty."""

    price: str = ""


class Market:
    """One source."""

    id = "market"

    def __init__(self, settings: MarketSettings) -> None:
        self._price = settings.price

    async def run(
        self, host: RateHost, *, task_status: trio.TaskStatus[None] = trio.TASK_STATUS_IGNORED
    ) -> None:
        """Say it again and again."""
        task_status.started()
        while True:
            if self._price:
                host.publish([Rate("BTC", "EUR", Decimal(self._price), host.now_ms())])
            else:
                host.failed("nobody trades here")
            await trio.sleep(0.5)


@hookimpl
def register_rate_sources() -> Sequence[RateSourcePlugin]:
    """Two of a kind."""
    return [RateSourcePlugin(name, MarketSettings, Market) for name in SOURCES]
