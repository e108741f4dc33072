"""The node's RPC for trio, over python-bitcoinrpc.

python-bitcoinrpc is synchronous, not thread-safe, and never recovers from a broken connection. So each
connection is used by one worker thread at a time, and hung up after anything but a plain answer; credentials
are read anew for each connection, since a node writes a new cookie at every start. What failed underway is
repeated only where repeating does no harm. Its `batch_` fails on the replies of today's nodes and is not
used.

No password ever stands in a URL here: that is the library's own way of taking it, and would put it into the
texts of exceptions, and break on a ``/`` or ``#`` in it.
"""

import base64
import http.client
import re
import socket
import threading
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from time import monotonic
from typing import Any
from urllib.parse import SplitResult, quote, urlsplit

import trio
from bitcoinrpc.authproxy import AuthServiceProxy, JSONRPCException

from paydaemon.hooks.settings import Secret

Credentials = Callable[[], tuple[str, str]]
"""Reads the user and the password. Raises `OSError` or `ValueError` where they cannot be read."""

REPEATABLE = frozenset(
    {
        "deriveaddresses",
        "getaddressinfo",
        "getbestblockhash",
        "getblockchaininfo",
        "getblockhash",
        "getblockheader",
        "getconnectioncount",
        "getmempoolentry",
        "getmempoolinfo",
        "getnettotals",
        "gettransaction",
        "getwalletinfo",
        "getzmqnotifications",
        "importdescriptors",
        "keypoolrefill",
        "listdescriptors",
        "listsinceblock",
        "listwallets",
        "setlabel",
        "syncwithvalidationinterfacequeue",
    }
)
"""Calls that do no harm when they are made twice."""

PAUSES_S = (0.0, 0.0, 0.1, 0.5)
"""How long to wait before each try: the second is at once, since a broken connection is the usual trouble."""

_IDLE_S = 20.0  # bitcoind hangs up by itself after -rpcservertimeout, 30 s

# bitcoin: rpc/protocol.h
WARMING_UP = -28

# python-bitcoinrpc's own: what came back is no JSON-RPC, such as the plain text of a 401 or 503
_NO_JSON, _NO_RESULT = -342, -343
_HTTP_STATUS = re.compile(r"'([0-9]{3}) ", re.ASCII)
_REFUSED_STATUS = {
    "401": "the node refuses the user and password",
    "403": "the node refuses calls from this address",
    "503": "the node is too busy",
}


class RpcError(Exception):
    """The node answered, and the answer is no. `code` is one of bitcoin's ``rpc/protocol.h``."""

    def __init__(self, method: str, code: int, message: str) -> None:
        super().__init__(f"{method}: {message} ({code})")
        self.method = method
        self.code = code
        self.message = message


class NodeUnavailable(Exception):
    """The node cannot be asked now. `reason` is for people, and holds no secret."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


def cookie_file(path: Path) -> Credentials:
    """The credentials that a node writes anew at each start: one line, ``user:password``."""

    def read() -> tuple[str, str]:
        user, colon, password = path.read_text(encoding="utf-8").strip().partition(":")
        if not colon:
            raise ValueError(f"{path} is no cookie file")
        return user, password

    return read


def user_and_password(user: str, password: Secret) -> Credentials:
    """The credentials of ``rpcauth`` or ``rpcuser`` in the node's own configuration."""
    return lambda: (user, password.read())


def connect(
    url: str,
    credentials: Credentials,
    *,
    workers: int = 4,
    timeout_s: float = 30.0,
    pauses_s: Sequence[float] = PAUSES_S,
) -> "Rpc":
    """The node at `url`, which holds no credentials. Dials at the first call; tries as often as it pauses."""
    parts = urlsplit(url)
    return Rpc(_Lines(parts, credentials, workers), parts.path.rstrip("/"), timeout_s, pauses_s)


class Rpc:
    """Calls to a node, or to one wallet of it; made by `connect`."""

    def __init__(self, lines: "_Lines", path: str, timeout_s: float, pauses_s: Sequence[float]) -> None:
        self._lines = lines
        self._path = path
        self._timeout_s = timeout_s
        self._pauses_s = pauses_s

    @property
    def workers(self) -> int:
        """How many calls can run at the same time."""
        return self._lines.workers

    @property
    def breaks(self) -> int:
        """How often a connection failed or was given up. While this stays, it is the same run of the node."""
        return self._lines.breaks

    def wallet(self, name: str) -> "Rpc":
        """The wallet of that name on the same node, over the same connections."""
        path = f"{self._path}/wallet/{quote(name, safe='')}"
        return Rpc(self._lines, path, self._timeout_s, self._pauses_s)

    async def call(self, method: str, *params: object, timeout_s: float | None = None) -> Any:
        """The node's answer to one call; every fraction in it is a `Decimal`.

        Amounts among `params` must be strings: python-bitcoinrpc sends a `Decimal` through a float.
        `timeout_s` bounds the node's silence. Raises `RpcError` where the node refuses, `NodeUnavailable`
        where it does not answer; the call may then have been carried out all the same.
        """
        trouble = ""
        for pause_s in self._pauses_s:
            await trio.sleep(pause_s)
            try:
                return await self._lines.ask(self._path, method, params, timeout_s or self._timeout_s)
            except _Unanswered as error:
                self._lines.breaks += 1
                trouble = error.reason
                if error.perhaps_done and method not in REPEATABLE:
                    break
        raise NodeUnavailable(trouble)

    def close(self) -> None:
        """Hang up. A later call dials anew."""
        self._lines.close()


class _Unanswered(Exception):
    """One try failed. `perhaps_done`: the node may have carried the call out all the same."""

    def __init__(self, reason: str, *, perhaps_done: bool) -> None:
        super().__init__(reason)
        self.reason = reason
        self.perhaps_done = perhaps_done


class _Lines:
    """The connections to one node: never more than `workers`, each in use by one thread at a time."""

    def __init__(self, url: SplitResult, credentials: Credentials, workers: int) -> None:
        self.workers = workers
        self.breaks = 0
        self._url = url
        self._credentials = credentials
        self._turns = trio.Semaphore(workers)
        self._threads = trio.CapacityLimiter(workers)
        self._idle: list[_Line] = []

    async def ask(self, path: str, method: str, params: tuple[object, ...], timeout_s: float) -> Any:
        async with self._turns:
            line = self._line()
            try:
                return await trio.to_thread.run_sync(
                    line.ask, path, method, params, timeout_s, abandon_on_cancel=True, limiter=self._threads
                )
            except trio.Cancelled:
                line.abandon()
                raise
            finally:
                if not line.abandoned:
                    self._idle.append(line)

    def close(self) -> None:
        while self._idle:
            self._idle.pop().hang_up()

    def _line(self) -> "_Line":
        """The line that was used last, if any. Where that one is too old, all are."""
        if self._idle and self._idle[-1].idle_s > _IDLE_S:
            self.close()
            self.breaks += 1
        return self._idle.pop() if self._idle else _Line(self._url, self._credentials)


class _Line:
    """One connection. It is dialled by the first call after it was hung up."""

    def __init__(self, url: SplitResult, credentials: Credentials) -> None:
        self.abandoned = False
        self._url = url
        self._credentials = credentials
        self._connection: http.client.HTTPConnection | None = None
        self._header = b""
        self._used_at_s = monotonic()
        self._lock = threading.Lock()
        self._busy = False

    @property
    def idle_s(self) -> float:
        """For how long it has not been used."""
        return monotonic() - self._used_at_s

    def ask(self, path: str, method: str, params: tuple[object, ...], timeout_s: float) -> Any:
        """Runs in a worker thread. Raises `RpcError` or `_Unanswered`."""
        self._begin()
        try:
            return self._proxy(path, method, timeout_s)(*params)
        except JSONRPCException as error:
            raise self._judge(method, error) from None
        except BaseException as error:
            self.hang_up()
            if isinstance(error, OSError | http.client.HTTPException | ValueError):
                unsent = isinstance(error, ConnectionRefusedError | socket.gaierror | _NoCredentials)
                raise _Unanswered(self._describe(error), perhaps_done=not unsent) from None
            raise
        finally:
            self._end()

    def abandon(self) -> None:
        """Nobody waits for the call that still runs in its thread: make it end soon."""
        with self._lock:
            self.abandoned = True
            if not self._busy:
                self.hang_up()
            elif self._connection is not None and self._connection.sock is not None:
                with suppress(OSError):
                    self._connection.sock.shutdown(socket.SHUT_RDWR)

    def hang_up(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def _begin(self) -> None:
        with self._lock:
            self._busy = True

    def _end(self) -> None:
        self._used_at_s = monotonic()
        with self._lock:
            self._busy = False
            if self.abandoned:
                self.hang_up()

    def _proxy(self, path: str, method: str, timeout_s: float) -> Any:
        """The library's callable for one method over this connection.

        It takes credentials only inside the URL, so the header it made of the stand-in there is put right.
        """
        if self._connection is None:
            self._header = _basic_auth(self._credentials)
            self._connection = _connection(self._url, timeout_s)
        host = self._url.netloc.rpartition("@")[2]
        url = f"{self._url.scheme}://nobody:nothing@{host}{path or '/'}"
        proxy = AuthServiceProxy(url, method, timeout_s, self._connection)
        proxy._AuthServiceProxy__auth_header = self._header  # noqa: SLF001 - see above
        return proxy

    def _judge(self, method: str, error: JSONRPCException) -> Exception:
        """What an answer without a result means. One that is no JSON-RPC leaves the line unusable."""
        if error.code not in (_NO_JSON, _NO_RESULT, WARMING_UP):
            return RpcError(method, int(error.code), str(error.message))
        self.hang_up()
        if error.code == WARMING_UP:
            return _Unanswered(f"the node is starting: {error.message}", perhaps_done=False)
        found = _HTTP_STATUS.search(str(error.message))
        refused = _REFUSED_STATUS.get(found[1]) if found else None
        return _Unanswered(refused or str(error.message), perhaps_done=refused is None)

    def _describe(self, error: BaseException) -> str:
        if isinstance(error, _NoCredentials):
            return str(error)
        where = f"{self._url.hostname}:{self._url.port or 80}"
        if isinstance(error, TimeoutError):
            return f"the node at {where} does not answer in time"
        return f"no answer from the node at {where}: {str(error) or type(error).__name__}"


class _NoCredentials(OSError):
    """The user and password cannot be read."""


def _basic_auth(credentials: Credentials) -> bytes:
    try:
        user, password = credentials()
    except (OSError, ValueError) as error:
        raise _NoCredentials(f"cannot read the node's credentials: {error}") from None
    return b"Basic " + base64.b64encode(f"{user}:{password}".encode())


def _connection(url: SplitResult, timeout_s: float) -> http.client.HTTPConnection:
    kind = http.client.HTTPSConnection if url.scheme == "https" else http.client.HTTPConnection
    return kind(url.hostname or "127.0.0.1", url.port or 80, timeout=timeout_s)
