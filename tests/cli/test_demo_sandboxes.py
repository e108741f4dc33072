"""What the demo says of a sandbox that it cannot show: which it is, in one line and without a traceback."""

from collections.abc import Awaitable, Callable
from pathlib import Path

import click
import pytest
import trio

from paydaemon.cli.demo import playground
from paydaemon.cli.ending import first
from paydaemon.hooks.sandbox import NotInstalled, SandboxFacts
from paydaemon.testing.fakesandbox import FakeSandbox

Fails = Callable[[], Awaitable[None]]


class Failing(FakeSandbox):
    """Up, and then not."""

    def __init__(self, fails: Fails, *, first_up: bool) -> None:
        super().__init__()
        self._fails = fails
        self._first_up = first_up

    async def run(
        self, folder: Path, *, task_status: trio.TaskStatus[SandboxFacts] = trio.TASK_STATUS_IGNORED
    ) -> None:
        if self._first_up:
            task_status.started(SandboxFacts({}))
        await self._fails()


async def raises() -> None:
    await trio.lowlevel.checkpoint()
    raise RuntimeError("the node died")


async def raises_deep_below() -> None:
    async with trio.open_nursery() as nursery:
        nursery.start_soon(raises)


async def ends() -> None:
    await trio.lowlevel.checkpoint()


async def is_not_there() -> None:
    await trio.lowlevel.checkpoint()
    raise NotInstalled("there is no node")


async def tried(fails: Fails, *, first_up: bool) -> BaseException:
    """What comes out of the nursery that it is started in."""
    try:
        async with trio.open_nursery() as nursery:
            await playground._start(nursery, "toycoin", Failing(fails, first_up=first_up), Path())
            await trio.sleep_forever()
    except BaseExceptionGroup as group:
        return first(group)


DIED = "the node died"


@pytest.mark.parametrize("first_up", [False, True])
@pytest.mark.parametrize(
    ("fails", "why"), [(raises, DIED), (raises_deep_below, DIED), (ends, "it has ended")]
)
async def test_one_that_fails_is_named_whenever_it_does(fails: Fails, why: str, first_up: bool) -> None:
    told = await tried(fails, first_up=first_up)
    assert isinstance(told, click.ClickException)
    assert told.message == f"no local toycoin network: {why}"


async def test_one_whose_programs_are_not_there_says_so_itself() -> None:
    assert isinstance(await tried(is_not_there, first_up=False), NotInstalled)


async def test_without_a_price_nothing_can_be_quoted() -> None:
    async with trio.open_nursery() as nursery:
        with pytest.raises(click.ClickException, match="no local network names a price"):
            await playground._start_exchanges(nursery, {}, print)
