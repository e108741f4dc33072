"""A rate source that reads a file of prices, ``{"BTC/EUR": "60000.00"}``: one of your own can start here.

It is a plugin because its distribution says so, in pyproject.toml::

    [project.entry-points."paydaemon.plugins"]
    rate-file = "rate_file"

and it is used by a table of the configuration, ``[rates.rate-file]`` with ``path = "/var/lib/rates.json"``.
"""

import json
from collections.abc import Sequence
from decimal import Decimal
from pathlib import Path

import trio
from pydantic import Field

from paydaemon.hooks.ports import Rate, RateHost
from paydaemon.hooks.settings import Settings
from paydaemon.hooks.specs import RateSourcePlugin, hookimpl

EVERY_S = 2


class RateFileSettings(Settings):
    """``[rates.rate-file]``. `paydaemon check-config` holds a file to it."""

    path: Path = Field(description="The file that prices are read from.")


class RateFile:
    """Reads the file every two seconds, and says why where it cannot."""

    id = "rate-file"

    def __init__(self, settings: RateFileSettings) -> None:
        self._path = settings.path

    async def run(
        self, host: RateHost, *, task_status: trio.TaskStatus[None] = trio.TASK_STATUS_IGNORED
    ) -> None:
        """Look until cancelled. What was published before counts until it is too old."""
        await self._look(host)
        task_status.started()
        while True:
            await trio.sleep(EVERY_S)
            await self._look(host)

    async def _look(self, host: RateHost) -> None:
        try:
            prices = json.loads(await trio.Path(self._path).read_text(), parse_float=Decimal)
            pairs = [(*pair.split("/"), Decimal(price)) for pair, price in prices.items()]
            host.publish([Rate(base, quote, price, host.now_ms()) for base, quote, price in pairs])
        except (OSError, ArithmeticError, ValueError, TypeError, AttributeError) as error:
            host.failed(f"its file cannot be used: {type(error).__name__}")


@hookimpl
def register_rate_sources() -> Sequence[RateSourcePlugin]:
    """The one source that this plugin brings."""
    return [RateSourcePlugin("rate-file", RateFileSettings, RateFile)]
