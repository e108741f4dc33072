"""A thousand clients of the older payment server that have nothing to say: what each of them costs."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
import trio

from paydaemon_hedera.sandbox.running import Options, Running
from tests.soak.idlers import WAYS, Idler
from tests.soak.vitals import Vitals
from tests.support.daemon import Daemon, running
from tests.support.hederanet import settings
from tests.support.waiting import BOUND_S, until

SESSIONS = 1_000
MOST_MB = 50
LEFT_DESCRIPTORS = 8
AT_ONCE = 20


def tables(sandbox: Running) -> dict[str, Any]:
    sessions = {"sessions": 2 * SESSIONS, "sessions_per_client": 2 * SESSIONS, "ping_interval_s": 300}
    connections = {"connections": 3 * SESSIONS, "connections_per_address": 3 * SESSIONS}
    ours = settings(sandbox)
    return {
        **ours,
        "frontends": {"older": {"plugin": "socketio", "limits": sessions}},
        "limits": {**ours["limits"], **connections, "requests_per_s": 10_000, "requests_burst": 10_000},
    }


@asynccontextmanager
async def crowd(daemon: Daemon, way: str, version: int) -> AsyncIterator[None]:
    async with AsyncExitStack() as stack:
        for _ in range(SESSIONS // AT_ONCE):
            async with trio.open_nursery() as nursery:
                for _ in range(AT_ONCE):
                    nursery.start_soon(WAYS[way], Idler(stack, daemon.api, version))
        yield


@pytest.mark.soak
@pytest.mark.parametrize("version", [3, 4])
@pytest.mark.parametrize("way", WAYS)
async def test_a_thousand_idle_sessions(tmp_path: Path, way: str, version: int) -> None:
    with Running(Options()) as sandbox:
        async with running(tmp_path, tables(sandbox)) as daemon:
            before = Vitals.of(daemon.pid)
            with trio.fail_after(BOUND_S):
                async with crowd(daemon, way, version):
                    await trio.sleep(2)
                    during = Vitals.of(daemon.pid)
            assert during.descriptors >= SESSIONS

            def is_forgotten() -> bool:
                return Vitals.of(daemon.pid).descriptors <= before.descriptors + LEFT_DESCRIPTORS

            await until(is_forgotten)
            after = Vitals.of(daemon.pid)
            cost_mb = (during.rss_bytes - before.rss_bytes) / 10**6
            print(f"\n{SESSIONS} by {way}, version {version}: {cost_mb:.1f} MB; {before}, {during}, {after}")
            assert cost_mb < MOST_MB
