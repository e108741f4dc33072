"""The daemon takes over sockets that are passed to it, and refuses what is not what it should be."""

import socket
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import httpx
import pytest
import trio

from tests.support.daemon import Daemon, running
from tests.support.waiting import BOUND_S
from tests.systemd import activate
from tests.systemd.away import NOBODY


@pytest.fixture
def public() -> Iterator[socket.socket]:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        yield listening


@pytest.fixture
def admin(tmp_path: Path) -> Iterator[socket.socket]:
    folder = tmp_path / "run"
    folder.mkdir()
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(str(folder / "admin.sock"))
        listening.listen()
        yield listening


@asynccontextmanager
async def activated(folder: Path, **passed: socket.socket) -> AsyncIterator[Daemon]:
    names = ",".join(f"{name}={one.fileno()}" for name, one in passed.items())
    under = (sys.executable, str(activate.__file__), names)
    fds = [one.fileno() for one in passed.values()]
    async with running(folder, NOBODY, ready=False, under=under, pass_fds=fds) as daemon:
        yield daemon


async def test_it_answers_on_the_socket_that_is_passed(tmp_path: Path, public: socket.socket) -> None:
    async with activated(tmp_path, http=public) as daemon:
        port = public.getsockname()[1]
        assert daemon.api == f"http://127.0.0.1:{port}"
        assert (await daemon.call("GET", "/v1/invoices"))["data"] == []
        await daemon.stop()


async def test_who_comes_while_it_restarts_is_answered(tmp_path: Path, public: socket.socket) -> None:
    async with activated(tmp_path, http=public) as daemon:
        await daemon.stop()
        codes: list[int] = []

        async def asks() -> None:
            async with httpx.AsyncClient(timeout=BOUND_S, verify=False) as client:
                codes.append((await client.get(f"{daemon.api}/healthz")).status_code)

        async with trio.open_nursery() as nursery:
            nursery.start_soon(asks)
            await daemon.start(ready=False)
        assert codes == [200]


async def test_two_addresses_of_one_daemon(tmp_path: Path, public: socket.socket) -> None:
    with socket.create_server(("127.0.0.1", 0)) as second:
        async with activated(tmp_path, http=public, other=second) as daemon:
            for one in (public, second):
                url = f"http://127.0.0.1:{one.getsockname()[1]}/healthz"
                async with httpx.AsyncClient(timeout=BOUND_S, verify=False) as client:
                    assert (await client.get(url)).status_code == 200
            await daemon.stop()


async def test_a_unix_socket_is_for_administration_and_its_file_stays(
    tmp_path: Path, public: socket.socket, admin: socket.socket
) -> None:
    async with running_by(tmp_path, http=public, admin=admin) as daemon:
        assert (await daemon.admin("GET", "/admin/v1/daemon"))["public_url"] == daemon.api
        await daemon.call("GET", "/admin/v1/daemon", expect=4)
        await daemon.stop()
    assert daemon.socket.is_socket()


@asynccontextmanager
async def running_by(folder: Path, **passed: socket.socket) -> AsyncIterator[Daemon]:
    """The same, spoken to by the socket that is passed."""
    names = ",".join(f"{name}={one.fileno()}" for name, one in passed.items())
    fds = [one.fileno() for one in passed.values()]
    under = (sys.executable, str(activate.__file__), names)
    daemon = Daemon(folder, NOBODY, under=under, pass_fds=fds)
    daemon.socket = Path(passed["admin"].getsockname())
    try:
        await daemon.start(ready=False)
        yield daemon
    finally:
        with trio.CancelScope(shield=True):
            await daemon.kill()


async def test_administration_does_not_become_public_by_a_slip(tmp_path: Path, public: socket.socket) -> None:
    with pytest.raises(AssertionError, match='passed as "admin" is one for "http"'):
        await start_only(tmp_path, admin=public)


async def test_a_socket_that_does_not_listen(tmp_path: Path) -> None:
    said = "the socket http that is passed does not listen"
    with (
        socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as datagrams,
        pytest.raises(AssertionError, match=said),
    ):
        await start_only(tmp_path, http=datagrams)


async def start_only(folder: Path, **passed: socket.socket) -> None:
    async with activated(folder, **passed):
        raise RuntimeError("it runs")


async def test_what_is_meant_for_another_process_is_left_alone(tmp_path: Path) -> None:
    env = {"LISTEN_FDS": "1", "LISTEN_PID": "1"}
    async with running(tmp_path, NOBODY, ready=False, env=env) as daemon:
        await daemon.stop()
