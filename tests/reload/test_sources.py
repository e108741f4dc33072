"""Sources of rates at a reload: who stays as it is notices nothing."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from decimal import Decimal

import pytest
import trio
import trio.testing
from pydantic import BaseModel

from paydaemon.config import RateConfig
from paydaemon.engine.rates import RateBook
from paydaemon.hooks.ports import Rate, RateHost
from paydaemon.hooks.specs import RateSourcePlugin
from paydaemon.sources import Sources
from paydaemon.supervisor import Supervisor
from paydaemon.testing.clocks import TurnedClock
from tests.support.waiting import until


class Settings(BaseModel):
    price: str


class Board:
    """Says its price once when it starts."""

    id = "board"

    def __init__(self, settings: Settings, starts: list[str]) -> None:
        self._price = settings.price
        self._starts = starts

    async def run(
        self, host: RateHost, *, task_status: trio.TaskStatus[None] = trio.TASK_STATUS_IGNORED
    ) -> None:
        self._starts.append(self._price)
        host.publish([Rate("BTC", "EUR", Decimal(self._price), host.now_ms())])
        task_status.started()
        await trio.sleep_forever()


def configured(price: str, starts: list[str]) -> dict[str, RateConfig]:
    """As a plugin brings it that makes its parts anew each time that it is asked."""
    plugin = RateSourcePlugin("board", Settings, lambda settings: Board(settings, starts))
    return {"board": RateConfig(plugin, Settings(price=price))}


async def nothing_fails(*about: object) -> None:
    raise AssertionError(about)


@asynccontextmanager
async def running(starts: list[str]) -> AsyncIterator[tuple[Sources, RateBook]]:
    clock = TurnedClock()
    book = RateBook(clock)
    sources = Sources(book, Supervisor(clock, nothing_fails), clock)
    async with trio.open_nursery() as nursery:
        await nursery.start(sources.run, configured("60000", starts))
        await until(lambda: len(book.all()) == 1)
        yield sources, book
        nursery.cancel_scope.cancel()


@pytest.mark.parametrize(("price", "begun"), [("60000", ["60000"]), ("70000", ["60000", "70000"])])
async def test_one_that_stays_as_it_is_keeps_what_it_said(price: str, begun: list[str]) -> None:
    starts: list[str] = []
    async with running(starts) as (sources, book):
        sources.replace(configured(price, starts))
        await until(lambda: [str(one.rate.value) for one in book.all()] == [price])
        await trio.testing.wait_all_tasks_blocked()
        assert starts == begun
