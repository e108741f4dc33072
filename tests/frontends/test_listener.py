"""The guard: how many connections it takes, what it survives, and how it stops."""

import errno
import os
import socket
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from functools import partial
from ipaddress import ip_network
from pathlib import Path

import httpx
import pytest
import trio
from quart import Response

from paydaemon.frontends import FrontendSettings, Limits, TcpListener, make_app, open_tcp, serve
from paydaemon.frontends.connection import Connection
from tests.support.engine import Engine, engine_on
from tests.support.raw import read_answer, reads_to_the_end
from tests.support.served import PUBLIC_URL, QUICK, Served, StatusOf, error_of, listening, served
from tests.support.waiting import BOUND_S, until

HEALTHZ = b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n"


async def is_served(stream: trio.SocketStream) -> bool:
    """Whether this connection gets an answer, rather than being closed."""
    with trio.fail_after(BOUND_S):
        try:
            await stream.send_all(HEALTHZ)
            status, _ = await read_answer(stream)
        except trio.BrokenResourceError:
            return False
    return status == 200


@asynccontextmanager
async def connections(daemon: Served, count: int) -> AsyncIterator[list[trio.SocketStream]]:
    """That many connections, each of which has been served."""
    async with AsyncExitStack() as stack:
        streams = [await stack.enter_async_context(daemon.tcp()) for _ in range(count)]
        for stream in streams:
            assert await is_served(stream)
        yield streams


async def test_one_address_has_only_so_many_connections(tmp_path: Path) -> None:
    limits = Limits(connections_per_address=3)
    async with served(tmp_path, limits) as daemon, connections(daemon, 3) as streams:
        async with daemon.tcp() as fourth:
            assert not await is_served(fourth)
        assert (daemon.counts.open, daemon.counts.refused) == (3, 1)
        for stream in streams:
            assert await is_served(stream)
        await streams[0].aclose()
        await until(lambda: daemon.counts.open == 2)
        async with daemon.tcp() as another:
            assert await is_served(another)


async def test_a_connection_may_go_on_for_as_long_as_it_likes(tmp_path: Path) -> None:
    """A proxy keeps few connections for everybody; that one of them ends would lose what is on its way."""
    async with (
        served(tmp_path, Limits(requests_per_s=1e6, requests_burst=10**6)) as daemon,
        daemon.tcp() as one,
    ):
        for _ in range(1_100):
            assert await is_served(one)


async def test_all_together_have_only_so_many_connections(tmp_path: Path) -> None:
    limits = Limits(connections=2)
    async with (
        served(tmp_path, limits) as daemon,
        daemon.websocket(),
        daemon.websocket(),
        daemon.tcp() as third,
    ):
        assert not await is_served(third)
        assert daemon.counts.refused == 1
        async with daemon.admin() as admin:  # which a crowd on TCP does not keep out
            assert (await admin.get("/healthz")).status_code == 200


async def test_who_has_been_idle_for_longest_makes_room(tmp_path: Path) -> None:
    limits = Limits(connections=3)
    async with served(tmp_path, limits) as daemon, connections(daemon, 3) as streams:
        assert await is_served(streams[0])
        async with daemon.tcp() as fourth:
            assert await is_served(fourth)
            assert await reads_to_the_end(streams[1]) == b"-"
            assert [await is_served(stream) for stream in (streams[0], streams[2])] == [True, True]
        await until(lambda: daemon.counts.open == 2)
        assert daemon.counts.refused == 0


async def test_a_trusted_proxy_brings_many_clients(tmp_path: Path) -> None:
    trusted = (ip_network("127.0.0.1/32"),)
    limits = Limits(connections_per_address=2)
    async with served(tmp_path, limits, trusted_proxies=trusted) as daemon, connections(daemon, 5):
        assert daemon.counts.refused == 0


async def test_who_asks_too_fast_is_told_when_to_come_back(tmp_path: Path) -> None:
    async with served(tmp_path, Limits(requests_per_s=0.5, requests_burst=3)) as daemon:
        async with daemon.client(daemon.keys["shop"]) as client:
            statuses = [(await client.get("/v1/rates")).status_code for _ in range(4)]
            answer = await client.get("/v1/rates")
        assert statuses == [200, 200, 200, 429]
        assert (error_of(answer)["type"], error_of(answer)["code"]) == ("rate_limited", "too_many_requests")
        assert 1 <= int(answer.headers["Retry-After"]) <= 3
        async with daemon.client(daemon.keys["rival"]) as client:
            assert (await client.get("/v1/rates")).status_code == 200


async def test_who_has_no_key_shares_the_pace_of_the_address(tmp_path: Path) -> None:
    async with served(tmp_path, Limits(requests_per_s=0.1, requests_burst=3)) as daemon:
        async with daemon.client("") as client:
            paths = ("/healthz", "/v1/invoices", "/nope", "/healthz", "/v1/invoices", "/nope")
            statuses = [(await client.get(path)).status_code for path in paths]
            assert statuses == [200, 401, 404, 429, 429, 429]
        async with daemon.client(daemon.keys["shop"]) as client:
            assert (await client.get("/v1/rates")).status_code == 200
        async with daemon.admin() as admin:
            for _ in range(10):
                assert (await admin.get("/v1/rates")).status_code == 200


async def test_behind_a_trusted_proxy_the_forwarded_address_counts(tmp_path: Path) -> None:
    limits = Limits(requests_per_s=0.1, requests_burst=2)

    async def statuses(daemon: Served, *clients: str) -> list[int]:
        async with daemon.client("") as client:
            return [
                (await client.get("/healthz", headers={"X-Forwarded-For": address})).status_code
                for address in clients
            ]

    four = ("203.0.113.1", "203.0.113.1", "203.0.113.1", "203.0.113.2")
    trusted = (ip_network("127.0.0.0/8"),)
    (tmp_path / "trusted").mkdir()
    async with served(tmp_path / "trusted", limits, trusted_proxies=trusted) as daemon:
        assert await statuses(daemon, *four) == [200, 200, 429, 200]
    (tmp_path / "untrusted").mkdir()
    async with served(tmp_path / "untrusted", limits) as daemon:
        assert await statuses(daemon, *four) == [200, 200, 429, 429]


async def test_a_connection_that_fails_inside_ends_alone(
    daemon: Served, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """What hypercorn would let end the process: an exception of any kind, or a group of them."""
    kinds: list[Exception] = [RuntimeError("plain"), ExceptionGroup("many", [KeyError("a"), ValueError("b")])]
    whole = Connection._read_data

    async def broken(self: Connection) -> None:
        if kinds:
            raise kinds.pop()
        await whole(self)

    async with connections(daemon, 1) as (before,):
        monkeypatch.setattr(Connection, "_read_data", broken)
        for _ in range(2):
            async with daemon.tcp() as stream:
                assert not await is_served(stream)
        await until(lambda: daemon.counts.failed == 2)
        assert await is_served(before)
    async with daemon.client() as client:
        assert (await client.get("/v1/rates")).status_code == 200
    assert "a connection failed and was closed" in capsys.readouterr().out


class Exhausted(TcpListener):
    """A listener in a process that has run out of file descriptors, for a while."""

    times = 3

    async def accept(self) -> trio.SocketStream:
        if self.times:
            self.times -= 1
            await trio.lowlevel.checkpoint()
            raise OSError(errno.EMFILE, os.strerror(errno.EMFILE))
        return await super().accept()


async def test_running_out_of_file_descriptors_is_survived(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    async with engine_on(tmp_path / "paydaemon.sqlite3") as engine, trio.open_nursery() as nursery:
        listener = Exhausted(socket.create_server(("127.0.0.1", 0)))
        async with bare(engine, listener, nursery), httpx.AsyncClient(verify=False) as client:
            answer = await client.get(f"http://{listener}/healthz", timeout=BOUND_S)
        assert answer.status_code == 200
        assert listener.times == 0
        assert "EMFILE" in caplog.text


async def test_ipv6_is_served(tmp_path: Path) -> None:
    async with (
        engine_on(tmp_path / "paydaemon.sqlite3") as engine,
        open_tcp(("::1", 0)) as listener,
        trio.open_nursery() as nursery,
        bare(engine, listener, nursery),
    ):
        assert str(listener).startswith("[::1]:")
        async with httpx.AsyncClient(verify=False) as client:
            answer = await client.get(f"http://{listener}/healthz", timeout=BOUND_S)
        assert answer.status_code == 200


@asynccontextmanager
async def bare(engine: Engine, listener: TcpListener, nursery: trio.Nursery) -> AsyncIterator[None]:
    """The public application on a listener of the test's own."""
    stop = trio.Event()
    settings = FrontendSettings(PUBLIC_URL, limits=QUICK)
    app = make_app(engine.api, settings, StatusOf(), stop)
    await nursery.start(partial(serve, app, [listener], settings, stop=stop))
    yield
    stop.set()


async def test_a_port_in_use_is_an_error_of_the_system(daemon: Served) -> None:
    with pytest.raises(OSError, match=r"set http\.bind to another address or port: '127"):
        async with open_tcp(("127.0.0.1", daemon.port)):
            pass


# Stopping


async def test_what_is_under_way_is_finished_and_nothing_new_is_taken(tmp_path: Path) -> None:
    answers: list[httpx.Response] = []
    async with served(tmp_path, Limits(grace_s=30)) as daemon:
        daemon.engine.bitcoin.faults.destination_waits_for = answering = trio.Event()

        async def create() -> None:
            async with daemon.client() as client:
                body = {"amount": "1", "currency": "EUR", "seller_id": "shop", "chains": ["bitcoin"]}
                answers.append(await client.post("/v1/invoices", json=body))

        async with trio.open_nursery() as nursery:
            nursery.start_soon(create)
            await until(lambda: daemon.counts.open == 1)
            async with daemon.tcp() as idle:
                assert await is_served(idle)
                await trio.sleep(0.05)
                daemon.stop.set()
                assert await idle.receive_some() == b""  # closed at once: it was waiting for nothing
            await until(lambda: daemon.counts.open == 1)
            with pytest.raises(OSError, match="connect"):
                await trio.open_tcp_stream("127.0.0.1", daemon.port)
            assert not daemon.socket.exists()
            assert not daemon.stopped.is_set()
            answering.set()
        assert answers[0].status_code == 201
        with trio.fail_after(BOUND_S):
            await daemon.stopped.wait()


async def test_what_takes_longer_than_the_grace_is_cut(tmp_path: Path) -> None:
    async with served(tmp_path, Limits(grace_s=0.3)) as daemon:
        daemon.engine.bitcoin.faults.destination_waits_for = trio.Event()
        async with daemon.tcp() as stream:
            body = b'{"amount":"1","currency":"EUR","seller_id":"shop"}'
            head = (
                f"POST /v1/invoices HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {daemon.key}\r\n"
                f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
            )
            await stream.send_all(head.encode() + body)
            await until(lambda: daemon.counts.open == 1)
            daemon.stop.set()
            with trio.fail_after(BOUND_S):
                await daemon.stopped.wait()
        assert daemon.counts.open == 0


async def test_a_reader_that_reads_nothing_does_not_hold_up_the_stop(tmp_path: Path) -> None:
    async with served(tmp_path, Limits(grace_s=0.3, send_timeout_s=300)) as daemon:
        for _ in range(20):
            await daemon.invoice(metadata={str(n): "x" * 150 for n in range(40)})
        async with daemon.tcp() as stream:
            stream.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            request = f"GET /v1/invoices HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {daemon.key}\r\n\r\n"
            with trio.move_on_after(1):
                await stream.send_all(request.encode() * 100)
                await trio.sleep_forever()
            daemon.stop.set()
            with trio.fail_after(BOUND_S):
                await daemon.stopped.wait()


async def test_it_can_be_cancelled_at_any_moment(tmp_path: Path) -> None:
    async with engine_on(tmp_path / "paydaemon.sqlite3") as engine:
        with trio.CancelScope() as scope:
            async with listening(engine, tmp_path) as daemon, daemon.tcp() as stream:
                assert await is_served(stream)
                path = daemon.socket
                scope.cancel()
                await trio.lowlevel.checkpoint()
        assert scope.cancelled_caught
        assert not path.exists()


async def test_a_response_may_come_from_a_blueprint_of_somebody_elses(tmp_path: Path) -> None:
    """What a later frontend adds is inside the same gate and envelope."""
    async with engine_on(tmp_path / "paydaemon.sqlite3") as engine, trio.open_nursery() as nursery:
        stop = trio.Event()
        settings = FrontendSettings(PUBLIC_URL, limits=QUICK)
        app = make_app(engine.api, settings, StatusOf(), stop)

        @app.get("/extra")
        async def extra() -> Response:
            return Response("hello")

        async with open_tcp(("127.0.0.1", 0)) as listener:
            nursery.start_soon(partial(serve, app, [listener], settings, stop=stop))
            async with httpx.AsyncClient(verify=False) as client:
                answer = await client.get(f"http://{listener}/extra")
                assert (answer.status_code, error_of(answer)["code"]) == (401, "missing_key")
            stop.set()
