"""Posting: one request for each word, signed, on a connection of its own.

No connection is kept: one that the publisher closes just when it is used again would look like an outage.
Nothing is followed, decoded or remembered of an answer either. httpx's transport knows no redirects, cookies
or proxies of the environment, which is why it is used without the client around it.
"""

import ssl
import time
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from importlib.metadata import version

import httpx
import trio

from paydaemon.hooks.notifier import NotTold, Told
from paydaemon.hooks.reasons import cause_of
from paydaemon_socketio.publisher.answers import told
from paydaemon_socketio.publisher.config import PublisherConfig
from paydaemon_socketio.publisher.signing import BadKey, authorization, read_key
from paydaemon_socketio.publisher.way import NoWay
from paydaemon_socketio.publisher.word import Word

Now = Callable[[], float]
"""Unix time in seconds."""

_READ_S = 2.0
"""How long an answer's body is read, once its status is known."""


class Poster:
    """Tells a publisher by HTTP."""

    def __init__(self, config: PublisherConfig, context: ssl.SSLContext, now: Now = time.time) -> None:
        assert config.url is not None
        assert config.key is not None
        self._url = config.url
        self._secret = config.key
        self._limits = config.limits
        self._now = now
        self._agent = f"paydaemon-socketio/{version('paydaemon-socketio')}"
        # How many there are at once is the daemon's to say: limits.deliveries.at_once_target.
        limits = httpx.Limits(max_connections=None, max_keepalive_connections=0)
        self._opened = partial(httpx.AsyncHTTPTransport, verify=context, trust_env=False, limits=limits)
        self._transport: httpx.AsyncHTTPTransport | None = None

    async def run(self, *, task_status: trio.TaskStatus[None] = trio.TASK_STATUS_IGNORED) -> None:
        """Hold what sends, until cancelled."""
        async with self._opened() as self._transport:
            task_status.started()
            await trio.sleep_forever()

    async def tell(self, words: Sequence[Word]) -> Told:
        """Post it. Raises `NotTold`, and `NoWay`."""
        (word,) = words
        request = httpx.Request(
            "POST",
            self._url,
            headers=await self._headers(word.body),
            content=word.body,
            extensions={"timeout": self._timeouts()},
        )
        try:
            return await self._post(request)
        except httpx.ConnectTimeout:
            raise NoWay("no connection in time") from None
        except httpx.ConnectError as error:
            raise NoWay(f"no connection: {cause_of(error)}") from error
        except httpx.TimeoutException:
            raise NoWay(f"no answer in {self._limits.answer_timeout_s:g} s") from None
        except httpx.TransportError as error:
            raise NoWay("the connection was lost") from error

    async def _post(self, request: httpx.Request) -> Told:
        assert self._transport is not None, "it is told only while it runs"
        answer: httpx.Response | None = None
        with trio.move_on_after(self._limits.timeout_s):
            answer = await self._transport.handle_async_request(request)
        if answer is None:
            raise NoWay(f"it took longer than {self._limits.timeout_s:g} s")
        try:
            body = await self._read(answer)
        finally:
            with trio.CancelScope(shield=True):
                await answer.aclose()
        return told(answer.status_code, answer.headers.get("Retry-After"), body, self._now())

    async def _read(self, answer: httpx.Response) -> bytes:
        """What it says, as far as it may; cancelled where that is too much or too slow.

        The status has been said: nothing that goes wrong from now on makes another of it.
        """
        assert isinstance(answer.stream, httpx.AsyncByteStream)
        body = bytearray()
        with trio.move_on_after(_READ_S) as reading:
            try:
                async for chunk in answer.stream:
                    body += chunk
                    if len(body) > self._limits.answer_bytes:
                        reading.cancel()
            except httpx.TransportError:
                pass
        return bytes(body[: self._limits.answer_bytes])

    async def _headers(self, body: bytes) -> Mapping[str, str]:
        try:
            # Read anew each time: whoever replaces the key's file need not restart anything.
            key = await trio.to_thread.run_sync(read_key, self._secret)
        except BadKey as error:
            raise NotTold(f"there is no key to sign with: {error}") from error
        return {
            "User-Agent": self._agent,
            "Content-Type": "application/json",
            "Authorization": authorization(key, body),
            "Accept": "*/*",
            "Accept-Encoding": "identity",
            "Connection": "close",
        }

    def _timeouts(self) -> Mapping[str, float]:
        connect_s, answer_s = self._limits.connect_timeout_s, self._limits.answer_timeout_s
        return {"connect": connect_s, "read": answer_s, "write": answer_s, "pool": answer_s}
