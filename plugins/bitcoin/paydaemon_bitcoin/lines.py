"""The connections to a node, over python-bitcoinrpc.

That library is synchronous, not thread-safe, and never recovers from a broken connection. So each connection
is used by one worker thread at a time, and hung up after anything but a plain answer; credentials are read
anew for each connection, since a node writes a new cookie at every start.

No password ever stands in a URL here: that is the library's own way of taking it, and would put it into the
texts of exceptions, and break on a ``/`` or ``#`` in it.
"""

import base64
import http.client
import logging
import re
import socket
import threading
from collections.abc import Callable
from contextlib import suppress
from time import monotonic
from typing import Any
from urllib.parse import SplitResult

import trio
from bitcoinrpc.authproxy import AuthServiceProxy, JSONRPCException

from paydaemon_bitcoin.errors import WARMING_UP, RpcError, in_words

Credentials = Callable[[], tuple[str, str]]
"""Reads the user and the password. Raises `OSError` or `ValueError` where they cannot be read."""

_IDLE_S = 20.0  # bitcoind hangs up by itself after -rpcservertimeout, 30 s

# python-bitcoinrpc's own: what came back is no JSON-RPC, such as the plain text of a 401 or 503
_NO_JSON, _NO_RESULT = -342, -343
_HTTP_STATUS = re.compile(r"'([0-9]{3}) ", re.ASCII)
_REFUSED_STATUS = {
    "401": "the node refuses the user and password",
    "403": "the node refuses calls from this address",
    "503": "the node is too busy",
}


class Unanswered(Exception):
    """One try failed. `perhaps_done`: the node may have carried the call out all the same."""

    def __init__(self, reason: str, *, perhaps_done: bool) -> None:
        super().__init__(reason)
        self.reason = reason
        self.perhaps_done = perhaps_done


class Lines:
    """The connections to one node: never more than `workers` in use.

    `breaks` counts how often one failed or was given up. While it stays, it is the same run of the node.
    """

    def __init__(self, url: SplitResult, credentials: Credentials, workers: int, answer_bytes: int) -> None:
        logging.getLogger("BitcoinRPC").setLevel(logging.INFO)  # at DEBUG it writes out every answer whole
        self.breaks = 0
        self._url = url
        self._credentials = credentials
        self._answer_bytes = answer_bytes
        self._turns = trio.Semaphore(workers)
        self._threads = trio.CapacityLimiter(workers)
        self._idle: list[_Line] = []
        self._closings = 0

    async def ask(self, path: str, method: str, params: tuple[object, ...], timeout_s: float) -> Any:
        """One try of one call. Raises `RpcError` or `Unanswered`; a call that is cancelled ends soon."""
        async with self._turns:
            line, closings = self._line(), self._closings
            try:
                return await trio.to_thread.run_sync(
                    line.ask, path, method, params, timeout_s, abandon_on_cancel=True, limiter=self._threads
                )
            except Unanswered:
                self.breaks += 1
                raise
            except trio.Cancelled:
                line.abandon()
                raise
            finally:
                if self._closings != closings:
                    line.abandon()
                elif not line.abandoned:
                    self._idle.append(line)

    def close(self) -> None:
        """Hang up every line: the idle ones now, and those in use as soon as they are not."""
        self._closings += 1
        while self._idle:
            self._idle.pop().hang_up()

    def _line(self) -> "_Line":
        """The line that was used last, if any. Where that one is too old, all are."""
        if self._idle and self._idle[-1].idle_s > _IDLE_S:
            self.close()
            self.breaks += 1
        return self._idle.pop() if self._idle else _Line(self._url, self._credentials, self._answer_bytes)


class _Line:
    """One connection. It is dialled by the first call after it was hung up."""

    def __init__(self, url: SplitResult, credentials: Credentials, answer_bytes: int) -> None:
        self.abandoned = False
        self._url = url
        self._credentials = credentials
        self._answer_bytes = answer_bytes
        self._connection: http.client.HTTPConnection | None = None
        self._response: http.client.HTTPResponse | None = None
        self._header = b""
        self._used_at_s = monotonic()
        self._lock = threading.Lock()
        self._busy = False

    @property
    def idle_s(self) -> float:
        """For how long it has not been used."""
        return monotonic() - self._used_at_s

    def ask(self, path: str, method: str, params: tuple[object, ...], timeout_s: float) -> Any:
        """Runs in a worker thread. Raises `RpcError` or `Unanswered`."""
        self._begin()
        try:
            return self._proxy(path, method, timeout_s)(*params)
        except JSONRPCException as error:
            raise self._judge(method, error) from None
        except BaseException as error:
            self.hang_up()
            if isinstance(error, OSError | http.client.HTTPException | ValueError):
                unsent = isinstance(error, ConnectionRefusedError | socket.gaierror | _NoCredentials)
                raise Unanswered(self._describe(error), perhaps_done=not unsent) from None
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
        """Close the connection, and the answer on it that the library left unread."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None
        if self._response is not None:
            self._response.close()
            self._response = None

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
            self._connection = _dial(self._url, timeout_s)
            self._connection.response_class = self._respond  # type: ignore[assignment]
        host = self._url.netloc.rpartition("@")[2]
        url = f"{self._url.scheme}://nobody:nothing@{host}{path or '/'}"
        proxy = AuthServiceProxy(url, method, timeout_s, self._connection)
        proxy._AuthServiceProxy__auth_header = self._header  # noqa: SLF001 - see above
        return proxy

    def _respond(self, *arguments: Any, **options: Any) -> http.client.HTTPResponse:
        self._response = _Answer(*arguments, **options)
        self._response.most_bytes = self._answer_bytes
        return self._response

    def _judge(self, method: str, error: JSONRPCException) -> Exception:
        """What an answer without a result means. One that is no JSON-RPC leaves the line unusable."""
        if error.code not in (_NO_JSON, _NO_RESULT, WARMING_UP):
            return RpcError(method, int(error.code or 0), str(error.message))
        self.hang_up()
        if error.code == WARMING_UP:
            return Unanswered(f"the node is starting: {error.message}", perhaps_done=False)
        found = _HTTP_STATUS.search(str(error.message))
        refused = _REFUSED_STATUS.get(found[1]) if found else None
        return Unanswered(refused or str(error.message), perhaps_done=refused is None)

    def _describe(self, error: BaseException) -> str:
        if isinstance(error, _NoCredentials):
            return str(error)
        where = f"{self._url.hostname}:{self._url.port or 80}"
        if isinstance(error, TimeoutError):
            return f"the node at {where} does not answer in time"
        return f"no answer from the node at {where}: {in_words(error)}"


class _Answer(http.client.HTTPResponse):
    """An answer of a bounded size: whoever it is that answers, the library reads all of it into memory."""

    most_bytes = 0

    def read(self, amt: int | None = None) -> bytes:
        """Raises `ValueError` where there is more, before anything of it is read if its length is told."""
        if amt is not None:
            return super().read(amt)
        if self.length is None:
            body = super().read(self.most_bytes + 1)
        else:
            body = super().read() if self.length <= self.most_bytes else b""
        if len(body) > self.most_bytes or (self.length or 0) > self.most_bytes:
            raise ValueError(f"it is larger than {self.most_bytes} bytes")
        return body


class _NoCredentials(OSError):
    """The user and password cannot be read."""


def _basic_auth(credentials: Credentials) -> bytes:
    try:
        user, password = credentials()
    except (OSError, ValueError) as error:
        raise _NoCredentials(f"cannot read the node's credentials: {in_words(error)}") from None
    return b"Basic " + base64.b64encode(f"{user}:{password}".encode())


def _dial(url: SplitResult, timeout_s: float) -> http.client.HTTPConnection:
    kind = http.client.HTTPSConnection if url.scheme == "https" else http.client.HTTPConnection
    return kind(url.hostname or "127.0.0.1", url.port or 80, timeout=timeout_s)
