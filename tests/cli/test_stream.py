"""What is followed goes on over its daemon's end; and what a daemon refuses is said in one line."""

import json
import socket
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest
import trio

from tests.e2e.commands import running
from tests.support.served import Served, served
from tests.support.waiting import until

BUSY = json.dumps({"error": {"code": "too_many_readers", "message": "too many read now", "param": None}})


class Refusing:
    """Opens no websocket, and counts how often it was asked for one."""

    def __init__(self, status: int, body: str) -> None:
        self.asked = 0
        self._answer = f"HTTP/1.1 {status} No\r\nContent-Length: {len(body)}\r\n\r\n{body}".encode()

    async def __call__(self, stream: trio.SocketStream) -> None:
        async with stream:
            await stream.receive_some()
            self.asked += 1
            await stream.send_all(self._answer)


@asynccontextmanager
async def refusing(path: Path, status: int = 503, body: str = BUSY) -> AsyncIterator[Refusing]:
    server, own = Refusing(status, body), trio.socket.socket(socket.AF_UNIX)
    await own.bind(str(path))
    own.listen()
    async with trio.open_nursery() as nursery:
        await nursery.start(trio.serve_listeners, server, [trio.SocketListener(own)])
        yield server
        nursery.cancel_scope.cancel()


@contextmanager
def leading_to(link: Path, path: Path) -> Iterator[None]:
    """Until the end of the block, whoever connects to `link` comes to the socket at `path`."""
    link.symlink_to(path)
    yield
    link.unlink()


@dataclass
class Life:
    """A daemon in a task of its own, so that commands that began with it can outlive it."""

    home: Path
    link: Path
    over: trio.Event = field(default_factory=trio.Event)
    ended: trio.Event = field(default_factory=trio.Event)

    async def begin(self, *, task_status: trio.TaskStatus[Served]) -> None:
        async with served(self.home) as daemon:
            with leading_to(self.link, daemon.socket):
                task_status.started(daemon)
                await self.over.wait()
        self.ended.set()

    async def end(self) -> None:
        self.over.set()
        await self.ended.wait()


async def test_a_number_beyond_the_journal_is_refused_in_one_line(daemon: Served) -> None:
    await daemon.invoice()
    asked = ("events", "--follow", "--after", "999999", "--socket", str(daemon.socket))
    async with running(*asked) as refused:
        assert await refused.ends() == 1
    assert refused.out == []
    assert refused.err == ["Error: after: is beyond the newest event, 1: read again from 0"]


@pytest.mark.parametrize(
    ("status", "body", "said"),
    [
        (503, BUSY, "too many read now"),
        (500, "", "the daemon answered 500"),
        (502, "<html>", "the daemon answered 502"),
    ],
)
async def test_whatever_refuses_at_the_beginning_is_told_in_one_line(
    tmp_path: Path, status: int, body: str, said: str
) -> None:
    path = tmp_path / "admin.sock"
    async with refusing(path, status, body), running("events", "--follow", "--socket", str(path)) as refused:
        assert await refused.ends() == 1
    assert (refused.out, refused.err) == ([], [f"Error: {said}"])


async def test_who_follows_asks_again_where_the_daemon_is_back_without_room(tmp_path: Path) -> None:
    link = tmp_path / "link"
    where = ("--json", "--socket", str(link))
    async with trio.open_nursery() as nursery:
        before, after = Life(tmp_path, link), Life(tmp_path, link)
        invoice = await (await nursery.start(before.begin)).invoice()
        async with (
            running("events", "--follow", *where) as followed,
            running("invoice", "watch", invoice["id"], *where) as watcher,
        ):
            both = (followed, watcher)
            for command in both:
                await command.says("invoice.created")
            await before.end()
            async with refusing(tmp_path / "busy") as busy:
                with leading_to(link, tmp_path / "busy"):
                    await until(lambda: busy.asked >= 4)
            daemon = await nursery.start(after.begin)
            async with daemon.admin() as admin:
                await admin.post(f"/v1/invoices/{invoice['id']}/mark", json={"status": "invalid"})
            await followed.says("invoice.invalid")
            assert await watcher.ends() == 0
        await after.end()
    for command in both:
        seqs = [json.loads(line)["seq"] for line in command.out]
        assert seqs == list(range(1, len(seqs) + 1)), "without gap or repetition"
        assert set(command.err) - {"", "Aborted!"} == {"the daemon has ended; waiting for it"}


@pytest.mark.parametrize("command", ["events", "invoice"])
async def test_who_follows_is_told_of_a_journal_that_has_gone_back(tmp_path: Path, command: str) -> None:
    lives = [Life(tmp_path / name, tmp_path / "link") for name in ("one", "other")]
    for life in lives:
        life.home.mkdir()
    async with trio.open_nursery() as nursery:
        invoice = await (await nursery.start(lives[0].begin)).invoice()
        asked = ("events", "--follow") if command == "events" else ("invoice", "watch", invoice["id"])
        async with running(*asked, "--json", "--socket", str(lives[0].link)) as follower:
            last = json.loads(await follower.says("invoice.created"))["id"]
            await lives[0].end()
            await (await nursery.start(lives[1].begin)).invoice()
            assert await follower.ends() == 1
        await lives[1].end()
    assert len(follower.out) == 1
    waiting, *_, told = follower.err
    assert waiting == "the daemon has ended; waiting for it"
    assert told.startswith(f"Error: a backup was restored meanwhile: the journal no longer has {last}, ")
    assert "(--after 0)" in told
    assert len(follower.err) == 2
