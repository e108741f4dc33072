"""Five hundred payers who each watch their invoice: what it takes to tell them, and that it is given back."""

from pathlib import Path

import pytest
import trio

from paydaemon_hedera.sandbox.running import Options, Running
from tests.soak.vitals import Vitals
from tests.soak.watchers import invoices, settle, tables, watching
from tests.support.daemon import running
from tests.support.waiting import BOUND_S, until

WATCHERS = 500
MOST_MIB = 95
"""Below 100 MB (10⁶ bytes)."""

LEFT_DESCRIPTORS = 8


@pytest.mark.soak
async def test_five_hundred_payers_watch_their_invoices(tmp_path: Path) -> None:
    with Running(Options()) as sandbox:
        async with running(tmp_path, tables(sandbox, WATCHERS)) as daemon:
            ids = await invoices(daemon, WATCHERS)
            before = Vitals.of(daemon.pid)
            with trio.fail_after(BOUND_S):
                async with watching(daemon, ids) as streams:
                    during = Vitals.of(daemon.pid)
                    await settle(daemon, ids, streams)
                    told = Vitals.of(daemon.pid)
            assert during.descriptors >= before.descriptors + WATCHERS

            def is_forgotten() -> bool:
                return Vitals.of(daemon.pid).descriptors <= before.descriptors + LEFT_DESCRIPTORS

            await until(is_forgotten)
            print(f"\n{WATCHERS} watchers: before {before}; with them {during}; all told {told}")
            assert max(during.rss_mib, told.rss_mib) - before.rss_mib < MOST_MIB
