"""Lines: connections to endpoints, kept for a while, and posting by them.

Each endpoint has its own, so that one which hangs takes none of another's. Nothing is followed, decoded or
remembered of an answer: httpcore knows no redirects, cookies, proxies or passwords of the environment, which
is why it is used without the client that httpx puts around it.
"""

import math
import ssl
from collections import OrderedDict
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace

import httpcore
import trio

from paydaemon.hooks.notifier import Target
from paydaemon_webhook.endpoint import Endpoint
from paydaemon_webhook.limits import WebhookLimits
from paydaemon_webhook.reasons import reason_of
from paydaemon_webhook.wire import NoWay, Way, Wire

_TIDY_S = 1.0
_DRAIN_S = 2.0
"""How long an answer's body is read, once its status is known."""
_LOST = (httpcore.ReadError, httpcore.WriteError, httpcore.RemoteProtocolError)

Key = tuple[str, str, str]


@dataclass(frozen=True, slots=True)
class Answer:
    """All that is kept of one."""

    status: int
    retry_after: str | None


class Line:
    """The connections to one endpoint."""

    def __init__(self, endpoint: Endpoint, way: Way, context: ssl.SSLContext, limits: WebhookLimits) -> None:
        self.in_use = 0
        self.since_s = trio.current_time()
        self._limits = limits
        self._wire = Wire(endpoint, way)
        self._url = httpcore.URL(
            scheme=endpoint.scheme, host=endpoint.host, port=endpoint.port, target=endpoint.path
        )
        self._pool = httpcore.AsyncConnectionPool(
            ssl_context=context,
            max_connections=limits.connections,
            max_keepalive_connections=limits.connections,
            keepalive_expiry=limits.idle_s,
            network_backend=self._wire,
        )

    async def post(self, headers: Mapping[str, str], body: bytes, patience: trio.CancelScope) -> Answer:
        """Raises what httpcore raises, and `NoWay`. Once the status is known, `patience` ends no more.

        A kept connection may be closed by the other side just when it is used: then there is one more try.
        What was taken all the same comes twice, with the same id.
        """
        connected = self._wire.connected
        try:
            return await self._post(headers, body, patience)
        except _LOST:
            if self._wire.connected > connected:
                raise
        return await self._post(headers, body, patience)

    async def _post(self, headers: Mapping[str, str], body: bytes, patience: trio.CancelScope) -> Answer:
        limits = self._limits
        timeouts = {
            "connect": limits.connect_timeout_s,
            "read": limits.answer_timeout_s,
            "write": limits.answer_timeout_s,
        }
        async with self._pool.stream(
            "POST", self._url, headers=list(headers.items()), content=body, extensions={"timeout": timeouts}
        ) as answer:
            patience.deadline = math.inf
            found = Answer(answer.status, _header(answer.headers, b"retry-after"))
            await self._drain(answer)
        return found

    async def _drain(self, answer: httpcore.Response) -> None:
        """Read what is left, so that the connection can be kept; cancelled where it is too much or too slow.

        The status has been said: nothing that goes wrong from now on makes another of it.
        """
        left = self._limits.answer_bytes
        with trio.move_on_after(_DRAIN_S) as reading:
            try:
                async for chunk in answer.aiter_stream():
                    left -= len(chunk)
                    if left < 0:
                        reading.cancel()
            except (httpcore.NetworkError, httpcore.ProtocolError, httpcore.TimeoutException):
                return

    async def close(self) -> None:
        with trio.CancelScope(shield=True):
            await self._pool.aclose()


class Lines:
    """All of them."""

    def __init__(self, way: Way, context: ssl.SSLContext, limits: WebhookLimits) -> None:
        self._way = way
        self._context = context
        self._limits = limits
        self._lines: OrderedDict[Key, Line] = OrderedDict()

    async def post(
        self, target: Target, endpoint: Endpoint, headers: Mapping[str, str], body: bytes
    ) -> Answer:
        """Post something, and wait for the answer. Raises `NoWay`."""
        limits = self._limits
        try:
            with self._line(target, endpoint) as line, trio.move_on_after(limits.timeout_s) as patience:
                return await line.post(headers, body, patience)
        except (httpcore.NetworkError, httpcore.ProtocolError, httpcore.TimeoutException) as error:
            raise NoWay(reason_of(error, limits.answer_timeout_s)) from error
        raise NoWay(f"it took longer than {limits.timeout_s} s")

    async def run(self) -> None:
        """Close what has not been used for a while, until cancelled; then close everything."""
        try:
            while True:
                await trio.sleep(_TIDY_S)
                await self._tidy()
        finally:
            lines, self._lines = self._lines, OrderedDict()
            for line in lines.values():
                await line.close()

    @contextmanager
    def _line(self, target: Target, endpoint: Endpoint) -> Iterator[Line]:
        """The endpoint's line: used last, so closed last."""
        key = (target.id, endpoint.scheme, endpoint.authority)
        line = self._lines.get(key)
        if line is None:
            way = replace(self._way, seller_id=target.seller_id)
            line = self._lines[key] = Line(endpoint, way, self._context, self._limits)
        self._lines.move_to_end(key)
        line.in_use += 1
        try:
            yield line
        finally:
            line.in_use -= 1
            line.since_s = trio.current_time()

    async def _tidy(self) -> None:
        before_s = trio.current_time() - self._limits.idle_s
        idle = [key for key, line in self._lines.items() if not line.in_use]
        surplus = set(idle[: max(0, len(idle) - self._limits.endpoints_kept)])
        done = [key for key in idle if key in surplus or self._lines[key].since_s < before_s]
        for line in [self._lines.pop(key) for key in done]:
            await line.close()


def _header(headers: Iterable[tuple[bytes, bytes]], name: bytes) -> str | None:
    """The first header of that name."""
    return next((value.decode("latin-1") for known, value in headers if known.lower() == name), None)
