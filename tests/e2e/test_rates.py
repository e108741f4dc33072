"""Rates of a real daemon: kept at the set resolution, over a restart too, and held against the next."""

from collections.abc import Mapping
from pathlib import Path

from tests.e2e.commands import paydaemon
from tests.e2e.market import SOURCES
from tests.faults.stage import CHAIN, installed, staged
from tests.metrics.pages import Page
from tests.support.daemon import Daemon, Json, patiently

EVERY_S = 10


def tables(folder: Path, north: str, south: str, every_s: int = EVERY_S) -> Mapping[str, object]:
    chains = {CHAIN: {"plugin": "played", "moves": str(folder / "moves")}}
    rates = {name: {"price": price} for name, price in zip(SOURCES, (north, south), strict=True)}
    return {"chains": chains, "rates": rates, "quotes": {"history_every_s": every_s}}


async def now(daemon: Daemon) -> Json:
    [row] = (await daemon.call("GET", "/v1/rates?pair=BTC/EUR"))["data"]
    return dict(row)


async def kept(daemon: Daemon) -> list[Json]:
    return list((await daemon.call("GET", "/v1/rates/history?pair=BTC/EUR"))["data"])


async def test_rates_are_kept_over_a_restart_and_held_against_the_next(tmp_path: Path) -> None:
    installed(tmp_path, "market", "tests.e2e.market")
    async with staged(tmp_path, tables=tables(tmp_path, "60000", "60100", 86_400)) as stage:
        daemon = stage.daemon

        async def is_said() -> bool:
            said = (await now(daemon))["sources"]
            return len(said) == 2 and all(one["rate"] for one in said)

        async def is_kept() -> bool:
            return bool(await kept(daemon))

        await patiently(is_said)
        daemon.configure(tables(tmp_path, "60000", "60100"))
        daemon.hang_up()
        await patiently(is_kept)
        first = (await kept(daemon))[-1]
        assert (first["rate"], first["method"]) == ("60050", "median")
        assert first["source"].split(", ") == sorted(SOURCES)
        assert first["at"].endswith("0.000Z"), "at a multiple of the resolution"
        await daemon.stop()
        daemon.configure(tables(tmp_path, "600000", "600000"))
        await daemon.start()
        await patiently(is_said)
        assert first in await kept(daemon)
        row = await now(daemon)
        assert row["rate"] is None
        assert "60050" in row["problem"], "ten times the last good rate, which was before the restart"


async def test_one_that_fails_from_the_start_is_told_of_everywhere(tmp_path: Path) -> None:
    installed(tmp_path, "market", "tests.e2e.market")
    async with staged(tmp_path, tables=tables(tmp_path, "60000", "")) as stage:
        daemon = stage.daemon

        async def is_told() -> bool:
            return "nobody trades here" in str((await now(daemon))["problem"])

        await patiently(is_told)
        shown = await paydaemon("rates", "BTC/EUR", "--socket", str(daemon.socket))
        assert "south" in shown.out
        assert "failed: nobody trades here" in shown.out
        async with daemon.client() as client:
            page = Page((await client.get("/metrics")).text)
        assert page.value("rate_age_seconds", "north") < 60
        assert 0 <= page.value("rate_age_seconds", "south") < 60
