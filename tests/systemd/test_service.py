"""The real daemon tells its service manager how it is doing, from the first line to the last."""

import os
import signal
from pathlib import Path
from typing import Any

import pytest
import trio

from tests.support.daemon import running
from tests.support.manager import listening
from tests.systemd.away import NOBODY


async def test_ready_healthy_and_stopping(tmp_path: Path) -> None:
    async with listening(str(tmp_path / "notify")) as told:
        env = {"NOTIFY_SOCKET": told.address, "WATCHDOG_USEC": "300000"}
        async with running(tmp_path, NOBODY, ready=False, env=env) as daemon:
            ready = await told.until("READY")
            assert (await daemon.readiness())["chains"][0]["id"] == "bitcoin"
            await told.until("STATUS", "0 of 1 chain healthy; bitcoin", after=ready)
            await told.until("WATCHDOG")
            await daemon.stop()
            stopping = await told.until("STOPPING")
    assert ready < stopping


async def test_a_process_that_stands_still_feeds_nothing(tmp_path: Path) -> None:
    async with listening(f"@{tmp_path / 'notify'}") as told:
        env = {"NOTIFY_SOCKET": told.address, "WATCHDOG_USEC": "30000"}
        async with running(tmp_path, NOBODY, ready=False, env=env) as daemon:
            await told.until("WATCHDOG")
            os.kill(daemon.pid, signal.SIGSTOP)
            await trio.sleep(0.1)
            before = len(told.messages)
            await trio.sleep(0.5)
            assert len(told.messages) == before
            os.kill(daemon.pid, signal.SIGCONT)
            await told.until("WATCHDOG", after=before)


async def test_a_configuration_that_is_wrong_is_never_ready(tmp_path: Path) -> None:
    wrong: dict[str, Any] = {**NOBODY, "http": {"bnd": "127.0.0.1:0"}}
    async with listening(str(tmp_path / "notify")) as told:
        with pytest.raises(AssertionError, match=r"the daemon ended:\nhttp\.bnd"):
            async with running(tmp_path, wrong, ready=False, env={"NOTIFY_SOCKET": told.address}):
                raise RuntimeError("it runs")
    assert told.messages == []
