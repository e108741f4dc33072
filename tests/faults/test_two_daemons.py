"""Two daemons on one database: the second says why it cannot be, and the first does not notice."""

import sys
from pathlib import Path

import trio

from tests.faults.stage import Stage, staged
from tests.support.waiting import BOUND_S

IN_USE = 75


async def second(stage: Stage) -> tuple[int, str]:
    """Start another daemon with the same configuration: its status, and what it says on stderr."""
    command = [sys.executable, "-m", "paydaemon", "run", "--config", str(stage.daemon.config)]
    with trio.fail_after(BOUND_S):
        ended = await trio.run_process(
            command, check=False, capture_stdout=True, capture_stderr=True, env=stage.daemon.env
        )
    assert ended.stdout == b""
    return ended.returncode, ended.stderr.decode()


async def test_the_second_ends_with_one_plain_line(tmp_path: Path) -> None:
    async with staged(tmp_path) as stage, stage.daemon.stream() as stream:
        database = stage.daemon.database.resolve()
        status, said = await second(stage)
        holds = f"another daemon is using this database: process {stage.daemon.pid} holds {database}.lock"
        assert (status, said) == (IN_USE, f"paydaemon: {database}: {holds}\n")

        invoice = await stage.created("undisturbed")
        stage.settle(invoice)
        await stream.until("invoice.settled", invoice["id"])
        await stage.daemon.stop()
    assert stage.daemon.errors() == []


async def test_one_that_was_killed_does_not_stand_in_the_way(tmp_path: Path) -> None:
    async with staged(tmp_path) as stage:
        invoice = await stage.created("before")
        await stage.daemon.kill()
        await stage.daemon.start()
        stage.settle(invoice)
        await stage.daemon.until_status(invoice["id"], "settled")
        await stage.daemon.stop()
