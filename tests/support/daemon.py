"""A real daemon in a process of its own, for tests that go all the way.

It is started by the command that an operator starts it by, on port 0, and spoken to through its interfaces
alone: HTTP, the event stream and the Unix socket.
"""

import json
import sys
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from subprocess import DEVNULL
from typing import Any

import httpx
import trio
from trio_websocket import ConnectionClosed, open_websocket_url

from paydaemon.cli.toml import to_toml
from tests.support.waiting import BOUND_S, until

Json = dict[str, Any]


class Daemon:
    """One daemon's files and, while it runs, its process. Restarting keeps the files."""

    def __init__(self, folder: Path, tables: Mapping[str, object]) -> None:
        self._folder = folder
        self._config = folder / "paydaemon.toml"
        self._log = folder / "daemon.log"
        self._socket = folder / "state" / "admin.sock"
        self._config.write_text(to_toml(_document(folder, tables)), encoding="utf-8")
        self._process: trio.Process | None = None
        self._key = ""
        self.api = ""

    @property
    def pid(self) -> int:
        """The process's id."""
        assert self._process is not None
        return self._process.pid

    @property
    def database(self) -> Path:
        """The SQLite file."""
        return self._folder / "state" / "paydaemon.sqlite3"

    async def start(self, *, ready: bool = True) -> None:
        """Start the process; by default wait until every chain can be offered."""
        command = [sys.executable, "-m", "paydaemon", "run", "--config", str(self._config)]
        with self._log.open("ab") as log:
            self._process = await trio.lowlevel.open_process(command, stdin=DEVNULL, stdout=log, stderr=log)
        await until(self._listens)
        if not self._key:
            self._key = (await self.admin("POST", "/admin/v1/operators"))["secret"]
            await self.admin("POST", "/admin/v1/sellers", {"id": "shop"})
        if ready:
            await until(self.ready)

    async def stop(self) -> None:
        """Ask the process to end, and see that it does so cleanly."""
        assert self._process is not None
        self._process.terminate()
        with trio.fail_after(BOUND_S):
            assert await self._process.wait() == 0, self.log()

    async def kill(self) -> None:
        """End the process as a power cut would, as far as a signal can."""
        assert self._process is not None
        if self._process.poll() is None:
            self._process.kill()
        await self._process.wait()

    def log(self) -> str:
        """Everything it logged, over all its starts."""
        return self._log.read_text(encoding="utf-8")

    async def ready(self) -> bool:
        """Whether every chain can be offered."""
        answer = await self.admin("GET", "/readyz", expect=None)
        return all(chain["state"] == "healthy" for chain in answer["chains"])

    async def admin(
        self, method: str, path: str, body: Json | None = None, *, expect: int | None = 2
    ) -> Json:
        """A request through the Unix socket; `expect` is the status's first digit."""
        transport = httpx.AsyncHTTPTransport(uds=str(self._socket))
        async with httpx.AsyncClient(transport=transport, base_url="http://paydaemon", timeout=BOUND_S) as client:
            return _checked(await client.request(method, path, json=body), expect)

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
        """A request through the public address, with the operator's key unless another is given."""
        headers = {"Authorization": f"Bearer {key or self._key}"}
        if idempotency_key is not None:
            headers["Idempotency-Key"] = idempotency_key
        async with httpx.AsyncClient(base_url=self.api, headers=headers, timeout=BOUND_S) as client:
            return _checked(await client.request(method, path, json=body), expect)

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

    async def until_invoice(self, id: str, holds: Any) -> Json:
        """Wait until something holds of an invoice, and return it."""
        seen: Json = {}

        async def looks() -> bool:
            nonlocal seen
            seen = await self.show(id)
            return bool(holds(seen))

        try:
            await until(looks)
        except trio.TooSlowError:
            raise AssertionError(f"still {seen}\n{self.log()[-4000:]}") from None
        return seen

    async def journal(self, *, after: int = 0) -> list[Json]:
        """Every event beyond `after`."""
        found: list[Json] = []
        while True:
            page = await self.call("GET", f"/v1/events?after={after}&limit=200")
            found += page["data"]
            if not page["has_more"]:
                return found
            after = found[-1]["seq"]

    @asynccontextmanager
    async def stream(self, after: int = 0) -> AsyncIterator["Stream"]:
        """The event stream from `after` on, read in the background."""
        url = self.api.replace("http://", "ws://") + f"/v1/events?after={after}"
        headers = [(b"Authorization", f"Bearer {self._key}".encode())]
        async with trio.open_nursery() as nursery:
            stream = Stream()
            async with open_websocket_url(url, extra_headers=headers) as connection:
                nursery.start_soon(stream.read, connection)
                yield stream
            nursery.cancel_scope.cancel()

    async def _listens(self) -> bool:
        assert self._process is not None
        if self._process.poll() is not None:
            raise AssertionError(f"the daemon ended:\n{self.log()[-4000:]}")
        try:
            self.api = (await self.admin("GET", "/admin/v1/daemon"))["public_url"]
        except (httpx.TransportError, OSError):
            return False
        return True


@dataclass(slots=True)
class Stream:
    """What an event stream has brought so far, live pushes included."""

    events: list[Json] = field(default_factory=list)

    async def read(self, connection: Any) -> None:
        """Collect messages until the connection ends."""
        try:
            while True:
                self.events.append(json.loads(await connection.get_message()))
        except ConnectionClosed:
            return

    async def until(self, type: str, invoice_id: str | None = None) -> Json:
        """Wait for an event of a type, and return it."""
        await until(lambda: self.find(type, invoice_id) is not None)
        found = self.find(type, invoice_id)
        assert found is not None
        return found

    def find(self, type: str, invoice_id: str | None = None) -> Json | None:
        """The first event of a type so far."""
        for event in self.events:
            if event["type"] == type and invoice_id in (None, event["invoice_id"]):
                return event
        return None

    def types(self, invoice_id: str) -> list[str]:
        """The types of an invoice's events so far, in order, without live pushes."""
        return [e["type"] for e in self.events if e["invoice_id"] == invoice_id and "seq" in e]


@asynccontextmanager
async def running(folder: Path, tables: Mapping[str, object]) -> AsyncIterator[Daemon]:
    """A daemon that is ready; gone afterwards, whatever happens."""
    daemon = Daemon(folder, tables)
    try:
        await daemon.start()
        yield daemon
    finally:
        with trio.CancelScope(shield=True):
            await daemon.kill()


def _document(folder: Path, tables: Mapping[str, object]) -> Json:
    own: Json = {
        "daemon": {"state_dir": str(folder / "state"), "log_level": "debug"},
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
