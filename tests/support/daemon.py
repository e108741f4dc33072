"""A real daemon in a process of its own, for tests that go all the way.

It is started by the command that an operator starts it by, on port 0, and spoken to through its interfaces
alone: HTTP, the event stream and the Unix socket. Its object outlives both its process and a run of trio, so
that many tests can share one.
"""

import os
import signal
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
import trio
from trio_websocket import wrap_client_stream

from paydaemon.cli.toml import to_toml
from paydaemon.hooks.children import Child, start_child
from tests.support import clocked
from tests.support.conformance import HOOKS
from tests.support.stream import Stream
from tests.support.waiting import BOUND_S, until

Json = dict[str, Any]

FIRST_PAUSE_S = 0.02


class Daemon:
    """One daemon's files and, while it runs, its process. Restarting keeps the files.

    `key` is an operator's, and `keys` holds one of each seller's that was added; `shop` always is.
    With `clocked` its clock can be turned. `under` is a command that runs it, such as one that confines it;
    `env` is added to its environment, and `pass_fds` stay open in it.
    """

    def __init__(
        self,
        folder: Path,
        tables: Mapping[str, object],
        *,
        clocked: bool = False,
        under: Sequence[str] = (),
        env: Mapping[str, str] | None = None,
        pass_fds: Sequence[int] = (),
    ) -> None:
        self.config = folder / "paydaemon.toml"
        self.socket = folder / "state" / "admin.sock"
        self.database = folder / "state" / "paydaemon.sqlite3"
        self.api = ""
        self.key = ""
        self.keys: dict[str, str] = {}
        self._log = folder / "daemon.log"
        self._clock = folder / "clock" if clocked else None
        self._process: Child | None = None
        self._under = tuple(under)
        self._env = dict(env or {})
        self._pass_fds = tuple(pass_fds)
        self.turn_clock(0)
        self.configure(tables)

    @property
    def pid(self) -> int:
        """The process's id."""
        assert self._process is not None
        return self._process.pid

    @property
    def env(self) -> Mapping[str, str]:
        """The environment it runs in."""
        return {**os.environ, **self._env}

    def configure(self, tables: Mapping[str, object]) -> None:
        """Write its configuration, for the next start."""
        self.config.write_text(to_toml(_document(self.socket.parent, tables)), encoding="utf-8")

    # The process

    async def start(self, *, ready: bool = True) -> None:
        """Start the process; by default wait until every chain can be offered."""
        with self._log.open("ab") as log:
            self._process = await start_child(
                [*self._under, *self._command()],
                stdout=log,
                stderr=log,
                env=self.env,
                pass_fds=self._pass_fds,
            )
        await patiently(self._listens)
        if not self.key:
            self.key = (await self.admin("POST", "/admin/v1/operators"))["secret"]
            await self.add_seller("shop")
        if ready:
            await patiently(self.ready)

    def hang_up(self) -> None:
        """Send SIGHUP: read the configuration again."""
        assert self._process is not None
        self._process.send_signal(signal.SIGHUP)

    async def stop(self, status: int = 0) -> None:
        """Ask the process to end, and see that it does so: cleanly, or with another status."""
        assert self._process is not None
        self._process.send_signal(signal.SIGTERM)
        with trio.fail_after(BOUND_S):
            assert await self._process.wait() == status, self.log()

    async def kill(self) -> None:
        """End the process as a power cut would, as far as a signal can."""
        if self._process is not None:
            await self._process.end(signal.SIGKILL)

    def turn_clock(self, by_s: int) -> None:
        """Let a `clocked` daemon believe that it is so much later than it is."""
        if self._clock is not None:
            fresh = self._clock.with_suffix(".new")
            fresh.write_text(str(1000 * by_s), encoding="ascii")
            fresh.rename(self._clock)

    def log(self) -> str:
        """Everything it logged, over all its starts."""
        return self._log.read_text(encoding="utf-8")

    def errors(self) -> list[str]:
        """What it logged as errors, over all its starts: nothing that a client does brings one about."""
        return [line for line in self.log().splitlines() if '"level": "error"' in line]

    async def ready(self) -> bool:
        """Whether every chain can be offered."""
        answer = await self.readiness()
        return all(chain["state"] == "healthy" for chain in answer["chains"])

    async def readiness(self) -> Json:
        """What ``/readyz`` says, ready or not."""
        return await self.admin("GET", "/readyz", expect=None)

    # Asking

    async def admin(
        self, method: str, path: str, body: Json | None = None, *, expect: int | None = 2
    ) -> Json:
        """A request through the Unix socket; `expect` is the status's first digit."""
        transport = httpx.AsyncHTTPTransport(uds=str(self.socket), verify=False)
        async with httpx.AsyncClient(
            transport=transport, base_url="http://paydaemon", timeout=BOUND_S, event_hooks=HOOKS
        ) as client:
            return _checked(await client.request(method, path, json=body), expect)

    @asynccontextmanager
    async def client(self, key: str | None = None) -> AsyncIterator[httpx.AsyncClient]:
        """An HTTP client of the public address, with the operator's key unless another is given."""
        headers = {"Authorization": f"Bearer {key or self.key}"}
        async with httpx.AsyncClient(
            base_url=self.api, headers=headers, timeout=BOUND_S, verify=False, event_hooks=HOOKS
        ) as client:
            yield client

    async def call(
        self,
        method: str,
        path: str,
        body: Json | None = None,
        *,
        key: str | None = None,
        idempotency_key: str | None = None,
        expect: int | None = 2,
    ) -> Json:
        """A request through the public address; `expect` is the status's first digit."""
        headers = {} if idempotency_key is None else {"Idempotency-Key": idempotency_key}
        async with self.client(key) as client:
            return _checked(await client.request(method, path, json=body, headers=headers), expect)

    async def add_seller(self, id: str) -> str:
        """Add a seller; returns its key."""
        self.keys[id] = (await self.admin("POST", "/admin/v1/sellers", {"id": id}))["secret"]
        return self.keys[id]

    async def invoice(self, *, btc: str = "0.00020834", **fields: object) -> Json:
        """Create an invoice in BTC, which needs no rate and so says exactly how much is due."""
        body = {"amount": btc, "currency": "BTC", "seller_id": "shop", **fields}
        return await self.call("POST", "/v1/invoices", body)

    async def show(self, id: str) -> Json:
        """An invoice as it stands."""
        return await self.call("GET", f"/v1/invoices/{id}")

    async def until_status(self, id: str, status: str) -> Json:
        """Wait until an invoice has this status, and return it."""
        return await self.until_invoice(id, lambda invoice: invoice["status"] == status)

    async def until_depth(self, id: str, confirmations: int) -> Json:
        """Wait until every payment of an invoice has just so many confirmations, and return the invoice."""
        return await self.until_invoice(
            id, lambda invoice: {paid["confirmations"] for paid in payments_of(invoice)} == {confirmations}
        )

    async def until_invoice(self, id: str, holds: Callable[[Json], bool]) -> Json:
        """Wait until something holds of an invoice, and return it."""
        seen: Json = {}
        async with self.client() as client:

            async def looks() -> bool:
                nonlocal seen
                seen = _checked(await client.get(f"/v1/invoices/{id}"), 2)
                return holds(seen)

            try:
                await patiently(looks)
            except trio.TooSlowError:
                raise AssertionError(f"still {seen}\n{self.log()[-4000:]}") from None
        return seen

    # The journal

    async def journal(self, *, after: int = 0, invoice_id: str | None = None) -> list[Json]:
        """Every event beyond `after`, or those of one invoice."""
        found: list[Json] = []
        chosen = "" if invoice_id is None else f"&invoice_id={invoice_id}"
        while True:
            page = await self.call("GET", f"/v1/events?after={after}&limit=200{chosen}")
            found += page["data"]
            if not page["has_more"]:
                return found
            after = int(page["next_cursor"])

    async def types(self, invoice_id: str) -> list[str]:
        """The types of an invoice's events, in order, without the ``invoice.`` that most begin with."""
        events = await self.journal(invoice_id=invoice_id)
        return [event["type"].removeprefix("invoice.") for event in events]

    @asynccontextmanager
    async def stream(self, after: int | None = 0, *, key: str | None = None) -> AsyncIterator[Stream]:
        """The event stream from `after` on, or (None) from now on, read in the background."""
        host, port = self.api.removeprefix("http://").split(":")
        path = "/v1/events" if after is None else f"/v1/events?after={after}"
        headers = [(b"Authorization", f"Bearer {key or self.key}".encode())]
        async with await trio.open_tcp_stream(host, int(port)) as tcp, trio.open_nursery() as nursery:
            connection = await wrap_client_stream(nursery, tcp, host, path, extra_headers=headers)
            stream = Stream()
            nursery.start_soon(stream.read, connection)
            yield stream
            nursery.cancel_scope.cancel()

    def _command(self) -> list[str]:
        if self._clock is not None:
            return [sys.executable, str(clocked.__file__), str(self.config), str(self._clock)]
        return [sys.executable, "-m", "paydaemon", "run", "--config", str(self.config)]

    async def _listens(self) -> bool:
        assert self._process is not None
        if self._process.poll() is not None:
            raise AssertionError(f"the daemon ended:\n{self.log()[-4000:]}")
        try:
            self.api = (await self.admin("GET", "/admin/v1/daemon"))["public_url"]
        except (httpx.TransportError, OSError):
            return False
        return True


async def patiently(condition: Callable[[], Awaitable[bool]]) -> None:
    """Wait until `condition` holds, as `until` does, but for one that costs somebody a request each time."""
    await until(condition, first_pause_s=FIRST_PAUSE_S)


def address_of(invoice: Json) -> str:
    """Where an invoice with one option wants to be paid."""
    (option,) = invoice["options"]
    return str(option["destination"]["address"])


def due_of(invoice: Json) -> int:
    """How much an invoice with one option asks for, in minor units."""
    (option,) = invoice["options"]
    return int(option["due_minor"])


def payments_of(invoice: Json) -> list[Json]:
    """The payments of an invoice with one option."""
    (option,) = invoice["options"]
    return list(option["payments"])


@asynccontextmanager
async def running(
    folder: Path,
    tables: Mapping[str, object],
    *,
    ready: bool = True,
    clocked: bool = False,
    under: Sequence[str] = (),
    env: Mapping[str, str] | None = None,
    pass_fds: Sequence[int] = (),
) -> AsyncIterator[Daemon]:
    """A daemon that is ready, unless that is not asked for; gone afterwards, whatever happens."""
    daemon = Daemon(folder, tables, clocked=clocked, under=under, env=env, pass_fds=pass_fds)
    try:
        await daemon.start(ready=ready)
        yield daemon
    finally:
        with trio.CancelScope(shield=True):
            await daemon.kill()


def _document(state_dir: Path, tables: Mapping[str, object]) -> Json:
    own: Json = {
        "daemon": {"state_dir": str(state_dir)},
        "http": {"bind": "127.0.0.1:0"},
        "limits": {"requests_per_s": 10_000, "requests_burst": 10_000},
        "rates": {"fixed": {"prices": {"BTC/EUR": "60000.00", "BTC/USD": "65000.00"}}},
    }
    return {**own, **tables}


def _checked(answer: httpx.Response, expect: int | None) -> Json:
    content = answer.json()
    assert isinstance(content, dict)
    assert expect is None or answer.status_code // 100 == expect, (answer.status_code, content)
    return content
