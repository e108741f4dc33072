"""What the service manager is told, and that telling it never hurts."""

import os
import time
from pathlib import Path

import pytest
import trio

from paydaemon.notify import MAX_STATUS, Manager, from_environment
from tests.support.manager import listening


@pytest.fixture(params=["path", "abstract"])
def address(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    path = tmp_path / "notify"
    return str(path) if request.param == "path" else f"@{path}"


async def test_everything_that_can_be_told(address: str) -> None:
    async with listening(address) as told:
        manager = from_environment({"NOTIFY_SOCKET": address})
        before = time.monotonic_ns() // 1000
        manager.ready()
        manager.status("two\nlines")
        manager.reloading()
        manager.feed()
        manager.stopping()
        await told.until("STOPPING")
        manager.close()
    ready, status, reloading, fed, stopping = told.messages
    assert (ready, fed, stopping) == ({"READY": "1"}, {"WATCHDOG": "1"}, {"STOPPING": "1"})
    assert status == {"STATUS": "two lines"}
    assert reloading["RELOADING"] == "1"
    assert before <= int(reloading["MONOTONIC_USEC"]) <= time.monotonic_ns() // 1000


async def test_a_status_line_is_bounded(address: str) -> None:
    async with listening(address) as told:
        manager = Manager(address)
        manager.status("x" * 100_000)
        await told.until("STATUS")
        manager.close()
    assert told.values("STATUS") == ["x" * MAX_STATUS]


@pytest.mark.parametrize("address", [None, "/nowhere/at/all", "@nobody-listens-here"])
async def test_where_nobody_listens_nothing_happens(address: str | None) -> None:
    manager = Manager(address)
    manager.ready()
    manager.close()
    await trio.lowlevel.checkpoint()
    assert manager.watchdog_s is None


async def test_a_manager_that_does_not_read_is_not_waited_for(tmp_path: Path) -> None:
    address = str(tmp_path / "notify")
    with trio.socket.socket(trio.socket.AF_UNIX, trio.socket.SOCK_DGRAM) as receiver:
        await receiver.bind(address)
        manager = Manager(address)
        for _ in range(10_000):
            manager.feed()
        manager.close()
        assert await receiver.recv(100) == b"WATCHDOG=1"


@pytest.mark.parametrize(
    ("environment", "watchdog_s"),
    [
        ({}, None),
        ({"WATCHDOG_USEC": "60000000"}, 60.0),
        ({"WATCHDOG_USEC": "60000000", "WATCHDOG_PID": str(os.getpid())}, 60.0),
        ({"WATCHDOG_USEC": "60000000", "WATCHDOG_PID": "1"}, None),
        ({"WATCHDOG_USEC": "0"}, None),
        ({"WATCHDOG_USEC": "soon"}, None),
    ],
)
def test_the_watchdog_is_as_the_environment_says(
    environment: dict[str, str], watchdog_s: float | None
) -> None:
    manager = from_environment(environment)
    assert manager.watchdog_s == watchdog_s
    manager.close()


def test_what_is_no_address_is_nobody() -> None:
    manager = from_environment({"NOTIFY_SOCKET": "vsock:2:1234"})
    manager.ready()
    manager.close()
