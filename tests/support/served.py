"""The frontends on real sockets, over the real engine."""

import json
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import asdict, dataclass, field, replace
from operator import methodcaller
from pathlib import Path
from typing import Any

import httpx
import trio
from trio_websocket import WebSocketConnection, wrap_client_stream

from paydaemon.core.access import Key, Seller
from paydaemon.engine.clock import system_clock
from paydaemon.engine.ids import digest, new_id, new_secret
from paydaemon.engine.limits import EngineLimits
from paydaemon.frontends import (
    Counts,
    FrontendSettings,
    Limits,
    Traffic,
    make_app,
    open_tcp,
    open_unix,
    serve,
)
from paydaemon.frontends.guests import GuestHost, LiveFrontend
from paydaemon.frontends.listener import Tls
from paydaemon.plugins import PluginRecord, PluginStatus
from paydaemon.store.port import Store
from tests.support.conformance import HOOKS, check_message
from tests.support.engine import Engine, engine_on
from tests.support.waiting import BOUND_S

Json = dict[str, Any]

PUBLIC_URL = "https://pay.example"

QUICK = Limits(requests_per_s=100_000, requests_burst=100_000, grace_s=2.0)
"""Limits that no test meets by chance."""


STARTED_AT = "2026-01-31T11:58:00.000Z"


class StatusOf:
    """What `paydaemon.frontends.Status` asks for."""

    def plugins(self) -> Sequence[Mapping[str, object]]:
        record = asdict(PluginRecord("fake", None, "1.0", PluginStatus.LOADED))
        service = {"name": "chain bitcoin", "state": "running", "since": STARTED_AT, "restarts": 0}
        return [{**record, "status": "loaded", "services": [{**service, "last_error": None}], "health": []}]

    def services(self) -> Sequence[Mapping[str, object]]:
        return [{"name": "chain bitcoin", "plugin": "fake", "state": "running", "last_error": None}]

    async def metrics(self) -> bytes:
        await trio.lowlevel.checkpoint()
        return b"fake_up 1\n"


@dataclass
class Served:
    """A daemon that listens. `key` is an operator's; sellers `shop` and `rival` have keys of their own."""

    engine: Engine
    port: int
    socket: Path
    stop: trio.Event
    stopped: trio.Event
    traffics: Sequence[Traffic]
    key: str = ""
    keys: dict[str, str] = field(default_factory=dict)

    @property
    def counts(self) -> Counts:
        """What the guard of the public address has seen."""
        return self.traffics[0].connections

    @asynccontextmanager
    async def client(self, key: str | None = None, **headers: str) -> AsyncIterator[httpx.AsyncClient]:
        """An HTTP client with the operator's key, another, or ("") none."""
        chosen = self.key if key is None else key
        if chosen:
            headers["Authorization"] = f"Bearer {chosen}"
        url = f"http://127.0.0.1:{self.port}"
        async with httpx.AsyncClient(
            base_url=url, headers=headers, timeout=BOUND_S, verify=False, event_hooks=HOOKS
        ) as client:
            yield client

    @asynccontextmanager
    async def admin(self) -> AsyncIterator[httpx.AsyncClient]:
        """An HTTP client on the Unix socket."""
        transport = httpx.AsyncHTTPTransport(uds=str(self.socket), verify=False)
        async with httpx.AsyncClient(
            transport=transport, base_url="http://paydaemon", timeout=BOUND_S, event_hooks=HOOKS
        ) as client:
            yield client

    @asynccontextmanager
    async def tcp(self) -> AsyncIterator[trio.SocketStream]:
        """A bare connection."""
        async with await trio.open_tcp_stream("127.0.0.1", self.port) as stream:
            yield stream

    async def invoice(self, key: str | None = None, **fields: object) -> Json:
        """Create an invoice over 12.50 EUR, payable in Bitcoin."""
        body = {"amount": "12.50", "currency": "EUR", "chains": ["bitcoin"], **fields}
        if key is None:
            body.setdefault("seller_id", "shop")
        async with self.client(key) as client:
            answer = await client.post("/v1/invoices", json=body)
        assert answer.status_code == 201, answer.text
        return dict(answer.json())

    @asynccontextmanager
    async def websocket(self, query: str = "", key: str | None = None) -> AsyncIterator[WebSocketConnection]:
        """The event stream, with the operator's key or another."""
        headers = [(b"Authorization", f"Bearer {self.key if key is None else key}".encode())]
        async with self.tcp() as stream, websocket_on(stream, query, headers) as connection:
            yield connection

    @asynccontextmanager
    async def relay_socket(
        self, key: str | None = None, chain: str = "hedera", **headers: str
    ) -> AsyncIterator[WebSocketConnection]:
        """The websocket that takes transactions, with the operator's key, another, or ("") none."""
        chosen = self.key if key is None else key
        if chosen:
            headers["Authorization"] = f"Bearer {chosen}"
        encoded = [(name.encode(), value.encode()) for name, value in headers.items()]
        async with self.tcp() as stream, socket_at(stream, f"/v1/relay/{chain}", encoded) as connection:
            yield connection


@asynccontextmanager
async def websocket_on(
    stream: trio.SocketStream, query: str, headers: Sequence[tuple[bytes, bytes]] = ()
) -> AsyncIterator[WebSocketConnection]:
    """The event stream on a connection of the caller's, which the library does not always close."""
    async with socket_at(stream, f"/v1/events{query}", headers) as connection:
        yield connection


@asynccontextmanager
async def socket_at(
    stream: trio.SocketStream, path: str, headers: Sequence[tuple[bytes, bytes]] = ()
) -> AsyncIterator[WebSocketConnection]:
    """A websocket at some path."""
    async with trio.open_nursery() as nursery:
        connection = await wrap_client_stream(nursery, stream, "127.0.0.1", path, extra_headers=list(headers))
        async with connection:
            yield connection
        nursery.cancel_scope.cancel()


@asynccontextmanager
async def served(
    folder: Path,
    limits: Limits = QUICK,
    *,
    tls: Tls | None = None,
    engine_limits: EngineLimits | None = None,
    guests: Sequence[LiveFrontend] = (),
    **settings: Any,
) -> AsyncIterator[Served]:
    """Both applications, each on its own socket, until the block ends."""
    async with (
        engine_on(folder / "paydaemon.sqlite3", limits=engine_limits) as engine,
        listening(engine, folder, limits, tls=tls, guests=guests, **settings) as daemon,
    ):
        yield daemon


@asynccontextmanager
async def listening(
    engine: Engine,
    folder: Path,
    limits: Limits = QUICK,
    *,
    tls: Tls | None = None,
    guests: Sequence[LiveFrontend] = (),
    **settings: Any,
) -> AsyncIterator[Served]:
    """The same, over an engine that is there; with `guests`, which are up."""
    chosen = replace(FrontendSettings(PUBLIC_URL, limits=limits), **settings)
    stop, stopped = trio.Event(), trio.Event()
    public = make_app(engine.api, chosen, StatusOf(), stop, guests=guests)
    local = make_app(engine.api, chosen, StatusOf(), stop, administration=True)
    path = folder / "run" / "admin.sock"
    async with open_tcp(("127.0.0.1", 0)) as tcp, open_unix(path) as unix, trio.open_nursery() as nursery:

        async def serve_all() -> None:
            async with trio.open_nursery() as both:
                both.start_soon(_serve, public, tcp, chosen, stop, tls)
                both.start_soon(_serve, local, unix, chosen, stop, None)
            stopped.set()

        for guest in guests:
            await nursery.start(guest.run, GuestHost(guest.id, engine.api, chosen, stop))
        nursery.start_soon(serve_all)
        daemon = Served(engine, tcp.port, path, stop, stopped, (public.traffic, local.traffic))
        await _make_keys(daemon)
        yield daemon
        stop.set()
        with trio.fail_after(BOUND_S):
            await stopped.wait()
        nursery.cancel_scope.cancel()


async def _serve(app: Any, listener: Any, settings: Any, stop: trio.Event, tls: Tls | None) -> None:
    await serve(app, [listener], settings, stop=stop, traffic=app.traffic, tls=tls)


async def _make_keys(daemon: Served) -> None:
    """Straight into the store: the journal is left to what tests do."""
    store = daemon.engine.store
    known = {seller.id for seller in await daemon.engine.api.accounts.sellers()}
    daemon.key = await _make_key(store, "operator", None)
    for id in ("shop", "rival"):
        if id not in known:
            await store.transact(methodcaller("add_seller", Seller(id, id.title(), system_clock())))
        daemon.keys[id] = await _make_key(store, "seller", id)


async def _make_key(store: Store, kind: str, seller_id: str | None) -> str:
    secret = new_secret(kind)
    key = Key(new_id("key"), digest(secret), seller_id, system_clock())
    await store.transact(lambda tx: tx.revoke_keys(seller_id, system_clock()))
    await store.transact(lambda tx: tx.add_key(key))
    return secret


def error_of(answer: httpx.Response) -> Json:
    """The error in an answer, with its envelope checked."""
    content = answer.json()
    assert set(content) == {"error"}, content
    error = content["error"]
    assert set(error) == {"type", "code", "message", "param", "request_id"}, error
    assert error["request_id"] == answer.headers["X-Request-Id"]
    assert error["message"]
    return dict(error)


async def receive_json(connection: WebSocketConnection) -> Json:
    """The next message of an event stream, within the bound."""
    with trio.fail_after(BOUND_S):
        message = dict(json.loads(await connection.get_message()))
    check_message(message)
    return message
