"""Provocations of what a source of rates, and whoever answers in its name, can take."""

from typing import Any

from paydaemon.plugins import load_plugins
from paydaemon_rates.config import SourceSettings
from paydaemon_rates.sandbox.faults import Fault
from tests.limits.trial import Trial, provokes
from tests.rates.world import TIMELESS, exchange, no_stream, now_ms, reading
from tests.support.waiting import until

ASKED = [
    name for name, plugin in load_plugins().rate_sources.items() if issubclass(plugin.config, SourceSettings)
]


def of_all(key: str) -> list[str]:
    """The key in the table of each source that is asked."""
    return [f"rates.{name}.{key}" for name in ASKED]


def source_of(trial: Trial) -> str:
    return trial.key.split(".")[1]


def only(trial: Trial, small: float) -> dict[str, Any]:
    """This key, as `reading` takes it, set to `small`."""
    return {trial.key.split(".", 2)[2].replace(".", "__"): trial.value(small)}


@provokes(*of_all("every_s"))
async def the_time_to_look_again(trial: Trial) -> str:
    name = source_of(trial)
    async with exchange(name) as (sandbox, table):
        looks = {**table, **no_stream(name)}
        async with reading(name, looks, **only(trial, 0.01)) as host:
            await until(lambda: len(sandbox.asked) > 3)
            assert not host.failures
    return "it is asked again"


@provokes(*of_all("timeout_s"))
async def an_answer_that_does_not_come(trial: Trial) -> str:
    name = source_of(trial)
    async with (
        exchange(name, fault=Fault.HANG) as (_, table),
        reading(name, {**table, **no_stream(name)}, **only(trial, 0.1)) as host,
    ):
        assert host.reasons == {"no answer in 0.1 s"}
    return "no answer in so many seconds"


@provokes(*of_all("limits.answer_bytes"))
async def an_answer_without_an_end(trial: Trial) -> str:
    name = source_of(trial)
    async with (
        exchange(name) as (_, table),
        reading(name, {**table, **no_stream(name)}, **only(trial, 20)) as host,
    ):
        assert host.reasons == {"its answer is larger than 20 bytes"}
        assert not host.published
    return "its answer is larger than so many bytes"


@provokes(*of_all("limits.longest_pause_s"))
async def a_source_that_fails(trial: Trial) -> str:
    name = source_of(trial)
    async with exchange(name, fault=Fault.ERROR_500) as (sandbox, table):
        looks = {**table, **no_stream(name)}
        async with reading(name, looks, **{"every_s": 60, **only(trial, 0.01)}):
            await until(lambda: len(sandbox.asked) > 6)
    return "it is asked again"


@provokes(*(f"rates.{name}.limits.frozen_s" for name in TIMELESS))
async def a_source_that_has_stopped(trial: Trial) -> str:
    name = source_of(trial)
    async with (
        exchange(name, fault=Fault.FROZEN) as (_, table),
        reading(name, {**table, **no_stream(name)}, **only(trial, 0)) as host,
    ):
        await until(lambda: host.published != [])
        stopped_ms = now_ms()
        await until(lambda: now_ms() > stopped_ms + 50)
        host.forget()
        await until(lambda: host.published != [])
        assert host.published[-1].at_ms <= stopped_ms
    return "its prices are as of their last change"


@provokes("rates.kraken.limits.silent_s")
async def a_websocket_that_says_nothing_more(trial: Trial) -> str:
    async with (
        exchange("kraken") as (sandbox, table),
        reading("kraken", table, every_s=60, limits__silent_s=trial.value(0.3)) as host,
    ):
        await until(lambda: len(host.published) > 4)
        asked = len(sandbox.asked)
        sandbox.fault = Fault.HANG
        await until(lambda: len(sandbox.asked) > asked)
    return "it is connected to anew, and asked by HTTP meanwhile"
