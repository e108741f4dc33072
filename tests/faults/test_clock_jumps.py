"""The machine's clock jumps by a day, forth or back, under a running daemon.

Time that passes is counted by a clock that nobody turns, and what concerns money is decided by the chain's
own time. So a jump expires nothing and makes nothing late. While the daemon's clock and the chain's disagree
there are no new invoices; they are taken again as soon as both agree and the rates have been heard once more.
"""

import os
from pathlib import Path

import pytest
import trio

from tests.faults.stage import CHAIN, Stage, staged
from tests.support.daemon import Json, patiently, payments_of
from tests.support.ledgercheck import milliseconds
from tests.support.manager import Told, listening
from tests.support.stream import Stream
from tests.support.waiting import until

DAY_S = 86_400
TABLES = {"invoices": {"expires_in_s": 3_600}, "rates": {"fixed": {"prices": {"BTC/EUR": "60000.00"}}}}

WATCHDOG_S = 3.0
IDLE_S = 2.0
BUSY_S = 0.5
"""More of a processor's time than a daemon that is asked nothing uses in `IDLE_S`."""

EUR: Json = {"amount": "12.50", "currency": "EUR", "seller_id": "shop", "confirmations": 2}


@pytest.mark.parametrize("by_s", [DAY_S, pytest.param(-DAY_S, marks=pytest.mark.soak)])
async def test_a_jump_changes_nothing_that_was_agreed(tmp_path: Path, by_s: int) -> None:
    async with listening(str(tmp_path / "notify")) as told:
        env = {"NOTIFY_SOCKET": told.address, "WATCHDOG_USEC": str(int(WATCHDOG_S * 1e6))}
        async with (
            staged(tmp_path, tables=TABLES, clocked=True, env=env) as stage,
            stage.daemon.stream() as stream,
        ):
            untouched, paid = await stage.created("untouched"), await stage.created("paid")
            stage.daemon.turn_clock(by_s)
            await stream.until("chain.stale")
            await no_new_invoice_is_taken(stage)
            await what_was_agreed_holds(stage, stream, untouched, paid)
            await is_idle_and_alive(stage, told)
            await rates_are_said_anew(stage, paid)
            stage.daemon.turn_clock(0)
            await everything_recovers(stage, stream)
            await stage.daemon.stop()
        assert stage.daemon.errors() == []


async def no_new_invoice_is_taken(stage: Stage) -> None:
    answer = await stage.daemon.call("POST", "/v1/invoices", EUR, expect=5)
    assert answer["error"]["code"] == "nothing_to_offer"
    assert f"chain {CHAIN} is stale" in answer["error"]["message"]
    assert (await stage.daemon.readiness())["status"] == "unavailable"


async def what_was_agreed_holds(stage: Stage, stream: Stream, untouched: Json, paid: Json) -> None:
    """Nothing expires, and what is paid is in time, by the chain's own time."""
    stage.settle(paid)
    await stream.until("invoice.settled", paid["id"])
    settled = await stage.daemon.show(paid["id"])
    assert settled["flags"] == []
    (payment,) = payments_of(settled)
    assert abs(milliseconds(payment["seen_at"]) - milliseconds(paid["created_at"])) < 600_000
    waiting = await stage.daemon.show(untouched["id"])
    assert (waiting["status"], waiting["expires_at"]) == ("new", untouched["expires_at"])
    assert {stream.find(type) for type in ("invoice.expired", "invoice.paid_late")} == {None}


async def is_idle_and_alive(stage: Stage, told: Told) -> None:
    """It uses no processor's time to speak of, and goes on feeding its watchdog."""
    fed, used_s = len(told.values("WATCHDOG")), processor_s(stage.daemon.pid)
    await trio.sleep(IDLE_S)
    assert processor_s(stage.daemon.pid) - used_s < BUSY_S
    await until(lambda: len(told.values("WATCHDOG")) > fed)


async def rates_are_said_anew(stage: Stage, before: Json) -> None:
    """Their source goes by the daemon's clock: from now on they have a time that is wrong."""

    async def have_another_time() -> bool:
        (rate,) = (await stage.daemon.call("GET", "/v1/rates"))["data"]
        if rate["at"] is None:
            return False  # what it said before is too old by now
        return abs(milliseconds(rate["at"]) - milliseconds(before["created_at"])) > DAY_S * 500

    await patiently(have_another_time)


def processor_s(pid: int) -> float:
    """How long a process has kept processors busy (proc(5), ``stat``: utime and stime)."""
    fields = Path("/proc", str(pid), "stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


async def everything_recovers(stage: Stage, stream: Stream) -> None:
    """Chain and rates are trusted again, with nothing left of the wrong time in what is quoted."""
    await stream.until("chain.recovered")
    found: list[Json] = []

    async def is_taken() -> bool:
        answer = await stage.daemon.call("POST", "/v1/invoices", EUR, expect=None)
        found.append(answer)
        return "error" not in answer

    await patiently(is_taken)
    (option,) = found[-1]["options"]
    created_ms = milliseconds(found[-1]["created_at"])
    assert 0 <= created_ms - milliseconds(option["rate_at"]) <= 120_000
    stage.settle(found[-1])
    await stream.until("invoice.settled", found[-1]["id"])
    journal = await stage.daemon.journal()
    assert [event["seq"] for event in journal] == list(range(1, len(journal) + 1))
