"""Children end with whoever started them, and not with a thread of theirs."""

import os
import signal
import sys
import threading
from contextlib import suppress
from pathlib import Path
from subprocess import PIPE

import pytest
import trio

from paydaemon.hooks.children import Child, start_child
from tests.support.spout import spout
from tests.support.waiting import BOUND_S, until

RUNS = "import os, signal; os.write(1, b'up'); signal.pause()"
FOR_GOOD = [sys.executable, "-S", "-c", RUNS]
DEAF = [sys.executable, "-S", "-c", RUNS.replace("os.w", "signal.signal(15, signal.SIG_IGN); os.w")]
STARTS_A_NODE = """
import sys, trio
from pathlib import Path
from paydaemon_bitcoin.regtest import RegtestNode

async def main():
    node = RegtestNode(Path(sys.argv[1]))
    await node.start()
    print(node.pid, flush=True)
    await trio.sleep_forever()

trio.run(main)
"""


def _runs(pid: int) -> bool:
    """What has ended and was not waited for has no command line any more (proc(5))."""
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes() != b""
    except OSError:
        return False


async def up(command: list[str]) -> Child:
    """A child that has said so."""
    with spout() as (out, says):
        child = await start_child(command, stdout=out, stderr=2)
    async with says:
        assert await says.receive_some() == b"up"
    return child


async def test_a_node_ends_with_whoever_started_it_and_is_killed(tmp_path: Path) -> None:
    command = [sys.executable, "-c", STARTS_A_NODE, str(tmp_path)]
    parent = await trio.lowlevel.open_process(command, stdout=PIPE)
    assert parent.stdout is not None
    async with parent.stdout:
        pid = int(await parent.stdout.receive_some())
    assert b"bitcoind" in await trio.Path(f"/proc/{pid}/cmdline").read_bytes()
    parent.kill()
    await parent.wait()
    try:
        await until(lambda: not _runs(pid))
    finally:
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)


async def test_it_outlives_the_thread_that_asked_for_it() -> None:
    """As those of trio's end that it starts processes in."""
    children: list[Child] = []
    thread = threading.Thread(target=lambda: children.append(trio.run(up, FOR_GOOD)))
    thread.start()
    await trio.to_thread.run_sync(thread.join)
    await trio.sleep(0.05)
    assert children[0].poll() is None
    assert await children[0].end() == -signal.SIGTERM
    assert children[0].poll() == -signal.SIGTERM


async def test_one_that_does_not_end_is_ended() -> None:
    child = await up(DEAF)
    assert await child.end(within_s=0.1) == -signal.SIGKILL
    child.send_signal(signal.SIGTERM)
    assert await child.wait() == -signal.SIGKILL


async def test_whoever_waits_can_be_cancelled() -> None:
    child = await up(FOR_GOOD)
    with trio.move_on_after(0.05) as waited:
        await child.wait()
    assert waited.cancelled_caught
    with trio.fail_after(BOUND_S), trio.CancelScope() as scope:
        scope.cancel()
        await child.end()
    assert child.poll() == -signal.SIGTERM


async def test_ctrl_c_is_not_for_it() -> None:
    child = await up(FOR_GOOD)
    assert os.getsid(child.pid) == child.pid != os.getsid(0)
    await child.end()


async def test_a_program_that_is_not_there() -> None:
    with pytest.raises(FileNotFoundError, match="/nowhere/bitcoind is no program here"):
        await start_child(["/nowhere/bitcoind"])
