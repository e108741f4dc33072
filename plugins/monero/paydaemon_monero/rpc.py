"""The RPC of monerod and of monero-wallet-rpc: JSON over HTTP, with a digest where there is a login.

Calls are bounded in every way, and made again where that does no harm. No number passes through a float: a
balance of a few thousand XMR has more digits than a float holds. What goes wrong is told without what was
sent.
"""

import json
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from types import TracebackType
from typing import Any, NoReturn, Self

import httpx
import trio

from paydaemon.hooks.settings import Secret
from paydaemon_monero.errors import NO_DAEMON, NO_WALLET, RpcError, Unavailable
from paydaemon_monero.limits import MoneroLimits

JSON_RPC = "/json_rpc"

REPEATABLE = frozenset(
    {
        "get_accounts",
        "get_address",
        "get_address_index",
        "get_attribute",
        "get_height",
        "get_info",
        "get_transfer_by_txid",
        "get_transfers",
        "get_version",
        "on_get_block_hash",
        "query_key",
        "refresh",
        "set_attribute",
        "store",
        "/get_transactions",
    }
)
"""Calls that do no harm when they are made twice."""

_PAUSE_S = 0.1
_CONNECTIONS = 4


@dataclass(frozen=True, slots=True)
class Login:
    """A user, and where its password is read from each time somebody dials."""

    user: str
    password: Secret


class Rpc:
    """One server; to be used in an ``async with``, as often as there is need. Dials at the first call."""

    def __init__(
        self,
        who: str,
        url: str,
        login: Login | None = None,
        *,
        timeout_s: float = 30.0,
        limits: MoneroLimits = MoneroLimits(),  # noqa: B008 - it is frozen
    ) -> None:
        """`who` is what it is called in messages: "monerod", or "the wallet"."""
        self.who = who
        self.url = url
        self._login = login
        self._timeout_s = timeout_s
        self._limits = limits
        self._client: httpx.AsyncClient | None = None

    async def __aenter__(self) -> Self:
        self._client = httpx.AsyncClient(
            auth=self._digest(),
            timeout=None,  # each call brings its own # noqa: S113
            follow_redirects=False,
            trust_env=False,
            headers={"Accept-Encoding": "identity"},
            limits=httpx.Limits(max_connections=_CONNECTIONS),
        )
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None = None,
        error: BaseException | None = None,
        trace: TracebackType | None = None,
    ) -> None:
        client, self._client = self._client, None
        assert client is not None
        with trio.CancelScope(shield=True):
            await client.aclose()

    async def call(
        self,
        method: str,
        params: Mapping[str, object] | list[object] | None = None,
        timeout_s: float | None = None,
    ) -> Any:
        """The answer to one call of ``/json_rpc``.

        Raises `RpcError` where it refuses, `Unavailable` where it does not answer; the call may then have
        been carried out all the same.
        """
        asked = {"jsonrpc": "2.0", "id": "0", "method": method, "params": {} if params is None else params}
        said = await self._tries(method, JSON_RPC, asked, timeout_s)
        if error := said.get("error"):
            self._refused(method, error)
        if "result" not in said:
            raise Unavailable(f"{self.who} is not understood: {method} has no result")
        return said["result"]

    async def post(self, path: str, asked: Mapping[str, object]) -> dict[str, Any]:
        """The answer of another of monerod's paths, such as ``/get_transactions``. Raises as `call` does."""
        said = await self._tries(path, path, asked, None)
        if said.get("status") != "OK":
            raise RpcError(path, 0, str(said.get("status")))
        return said

    async def _tries(
        self, method: str, path: str, asked: Mapping[str, object], timeout_s: float | None
    ) -> dict[str, Any]:
        tries = self._limits.rpc_tries if method in REPEATABLE else 1
        for number in range(tries):
            try:
                return await self._in_time(path, asked, timeout_s or self._timeout_s)
            except httpx.TransportError as error:
                if number + 1 == tries:
                    raise Unavailable(f"{self.who} does not answer: {_named(error)}") from None
            await trio.sleep(_PAUSE_S * number)
        raise AssertionError("it is tried at least once")

    async def _in_time(self, path: str, asked: Mapping[str, object], timeout_s: float) -> dict[str, Any]:
        with trio.move_on_after(timeout_s):
            return await self._once(path, asked)
        raise Unavailable(f"{self.who} does not answer in time")

    async def _once(self, path: str, asked: Mapping[str, object]) -> dict[str, Any]:
        if self._client is None:
            raise Unavailable(f"{self.who} is not asked while the chain does not run")
        answer = await self._client.send(_request(self._client, self.url + path, asked), stream=True)
        try:
            body = await self._body(answer)
        finally:
            with trio.CancelScope(shield=True):
                await answer.aclose()
        if answer.status_code == httpx.codes.UNAUTHORIZED:
            raise Unavailable(f"{self.who} does not take this user and password")
        if answer.status_code != httpx.codes.OK:
            raise Unavailable(f"{self.who} answers {answer.status_code}")
        return self._read(body)

    async def _body(self, answer: httpx.Response) -> bytes:
        """Cancelled, and not just left alone, where it is too much: httpx then cleans up after itself."""
        body, most = bytearray(), self._limits.rpc_answer_bytes
        with trio.CancelScope() as reading:
            async for chunk in answer.aiter_raw():
                body += chunk
                if len(body) > most:
                    reading.cancel()
        if len(body) > most:
            raise Unavailable(f"{self.who} answers more than {most} bytes")
        return bytes(body)

    def _read(self, body: bytes) -> dict[str, Any]:
        try:
            said = json.loads(body, parse_float=Decimal, parse_constant=_no_number)
        except (ValueError, RecursionError):
            said = None
        if not isinstance(said, dict):
            raise Unavailable(f"{self.who} is not understood: it answers no JSON")
        return said

    def _refused(self, method: str, error: object) -> NoReturn:
        told = error if isinstance(error, dict) else {}
        code, message = told.get("code"), told.get("message")
        if code == NO_WALLET:
            raise Unavailable("the wallet's server has no wallet open: start it with --wallet-file")
        if code == NO_DAEMON:
            raise Unavailable("the wallet cannot reach its monerod")
        raise RpcError(method, code if isinstance(code, int) else 0, str(message))

    def _digest(self) -> httpx.DigestAuth | None:
        if self._login is None:
            return None
        try:
            return httpx.DigestAuth(self._login.user, self._login.password.read())
        except (OSError, ValueError) as error:
            why = error.strerror if isinstance(error, OSError) and error.strerror else type(error).__name__
            raise Unavailable(f"the password for {self.who} cannot be read: {why}") from None


class _Whole(httpx.AsyncByteStream):
    """A request's body in one piece.

    httpx's own is an async generator, which is left hanging where a call is cancelled while it is sent.
    """

    def __init__(self, body: bytes) -> None:
        self._body = body

    def __aiter__(self) -> AsyncIterator[bytes]:
        return _Once(self._body)


class _Once:
    """Yields one thing."""

    def __init__(self, body: bytes) -> None:
        self._left = [body]

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> bytes:
        if not self._left:
            raise StopAsyncIteration
        return self._left.pop()


def _request(client: httpx.AsyncClient, url: str, asked: Mapping[str, object]) -> httpx.Request:
    body = json.dumps(asked).encode()
    headers = {"Content-Type": "application/json"}
    request = client.build_request("POST", url, content=body, headers=headers)
    request.stream = _Whole(body)
    return request


def _no_number(text: str) -> NoReturn:
    raise ValueError(f"{text} is no number")


def _named(error: Exception) -> str:
    return str(error) or type(error).__name__
