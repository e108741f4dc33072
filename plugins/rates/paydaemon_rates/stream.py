"""Listening to Kraken: its websocket tells of every change of a best bid or ask, within milliseconds.

While it lives, its prices are as of its newest message, as it has a heartbeat each second when nothing else
is told; unless nothing has changed for so long that it must have stopped. They are published once a second.
A message that cannot be read ends the connection, and whatever is not told here is asked for by HTTP.

That holds for what is told late, too. Kraken does not say what the time in a message is of, and that of a
quiet pair may be old with reason; so a price of a while ago is not aged here, but asked for. Where the newest
of all times is as old, the whole stream is behind, and with it what has not changed in it.
"""

import ssl
from collections.abc import Callable, Iterable
from urllib.parse import urlsplit

import h11
import structlog
import trio
from trio_websocket import ConnectionClosed, HandshakeError, WebSocketConnection, wrap_client_stream
from wsproto.utilities import ProtocolError

from paydaemon.hooks.ports import Rate, RateHost
from paydaemon_rates.config import KrakenSettings
from paydaemon_rates.exchange import Price, Unreadable
from paydaemon_rates.exchanges.kraken import Kraken
from paydaemon_rates.freshness import Freshness
from paydaemon_rates.pairs import Pair
from paydaemon_rates.pauses import after_failures

log = structlog.get_logger(__name__)

PUBLISH_EVERY_S = 1.0
BEHIND_MS = 10_000
"""A price that is told later than this is not believed; clocks that are kept may differ by less."""

Wire = trio.SocketStream | trio.SSLStream[trio.SocketStream]


class Silent(Exception):
    """It has not said anything for too long."""


class Stream:
    """One websocket, connected again whenever it is lost. `covers` is told which pairs it has prices of."""

    def __init__(
        self, exchange: Kraken, settings: KrakenSettings, url: str, covers: Callable[[frozenset[Pair]], None]
    ) -> None:
        self._exchange = exchange
        self._settings = settings
        self._url = url
        self._covers = covers
        self._prices: dict[Pair, Price] = {}
        self._covered: frozenset[Pair] = frozenset()
        self._said: dict[Pair, str | bytes] = {}
        self._changes = 0
        self._newest_ms = 0
        self._freshness = self._fresh()
        self._publish_at_s = -1.0

    async def run(self, host: RateHost) -> None:
        """Listen until cancelled."""
        failures = 0
        while True:
            reason = await self._listen(host)
            failures = 1 if self._prices else failures + 1
            log.info("a websocket is away", source=self._exchange.name, reason=reason, failures=failures)
            self._forget()
            self._covers(frozenset())
            await trio.sleep(after_failures(failures, self._settings.limits.longest_pause_s))

    async def _listen(self, host: RateHost) -> str:
        """Listen until it ends; returns why it did."""
        try:
            await self._follow(host)
        except _ENDS as error:
            return _reason(error)
        except BaseExceptionGroup as group:  # of the nursery that its messages are read in
            expected, others = group.split(_ENDS)
            if others is not None:
                raise others from None
            return _reason(expected or group)
        raise AssertionError("it is listened to until something ends it")

    async def _follow(self, host: RateHost) -> None:
        with trio.fail_after(self._settings.timeout_s):
            stream = await _connected(self._url)
        try:
            async with trio.open_nursery() as nursery:
                socket = await self._greeted(nursery, stream)
                await socket.send_message(self._exchange.subscription())
                while True:
                    self._take(host, await self._next(socket))
        finally:
            await trio.aclose_forcefully(stream)

    async def _greeted(self, nursery: trio.Nursery, stream: Wire) -> WebSocketConnection:
        parts, most = urlsplit(self._url), self._settings.limits.answer_bytes
        with trio.fail_after(self._settings.timeout_s):
            return await wrap_client_stream(
                nursery, stream, parts.netloc, parts.path or "/", max_message_size=most
            )

    async def _next(self, socket: WebSocketConnection) -> str | bytes:
        with trio.move_on_after(self._settings.limits.silent_s):
            return await socket.get_message()
        raise Silent

    def _take(self, host: RateHost, message: str | bytes) -> None:
        told, now_ms = self._exchange.told(message), host.now_ms()
        self._hear(message, told.prices, now_ms)
        for pair, price in told.prices.items():
            self._note(host, pair, price, now_ms)
        for symbol, reason in told.refused:
            log.info("a websocket refuses a pair", source=self._exchange.name, pair=symbol, reason=reason)
        if trio.current_time() >= self._publish_at_s or not self._prices.keys() <= self._covered:
            self._publish(host, now_ms)

    def _hear(self, message: str | bytes, about: Iterable[Pair], now_ms: int) -> None:
        """Count what is new, be it of one pair: that is what tells a market from a loop."""
        for pair in about:
            self._changes += self._said.get(pair) != message
            self._said[pair] = message
        self._freshness.hear(self._changes, now_ms)

    def _note(self, host: RateHost, pair: Pair, price: Price | Unreadable, now_ms: int) -> None:
        try:
            if isinstance(price, Unreadable):
                raise price
            self._see_that_it_is_timely(price, now_ms)
            self._prices[pair] = Price(price.value)
        except Unreadable as why:
            self._prices.pop(pair, None)
            host.failed(str(why), [pair])

    def _see_that_it_is_timely(self, price: Price, now_ms: int) -> None:
        """Raises `Unreadable` for one from ahead, or of a while ago."""
        behind_ms = now_ms - self._freshness.at_ms(price, now_ms) if price.at_ms is not None else 0
        self._newest_ms = max(self._newest_ms, now_ms - behind_ms)
        if now_ms - self._newest_ms > BEHIND_MS:
            self._prices.clear()
        if behind_ms > BEHIND_MS:
            raise Unreadable(f"its websocket told this {behind_ms // 1000} s late")

    def _publish(self, host: RateHost, now_ms: int) -> None:
        self._publish_at_s = trio.current_time() + PUBLISH_EVERY_S
        if self._covered != self._prices.keys():
            self._covered = frozenset(self._prices)
            self._covers(self._covered)
        rates = [
            Rate(pair.base, pair.quote, price.value, self._freshness.at_ms(price, now_ms))
            for pair, price in self._prices.items()
        ]
        if rates:
            host.publish(rates)

    def _forget(self) -> None:
        self._prices, self._covered, self._said = {}, frozenset(), {}
        self._freshness, self._newest_ms = self._fresh(), 0
        self._publish_at_s = -1.0

    def _fresh(self) -> Freshness:
        return Freshness(self._settings.limits.frozen_s * 1000)


_MALFORMED = (ProtocolError, h11.ProtocolError, UnicodeError)
"""What a peer that does not keep to HTTP or to its websocket makes the libraries raise.

Also the local errors: a peer is told off in a state that forbids it. Headers are decoded as ASCII without a
check.
"""

_ENDS = (
    *(ConnectionClosed, HandshakeError, *_MALFORMED),
    *(OSError, trio.BrokenResourceError, trio.ClosedResourceError, trio.TooSlowError),
    *(Silent, Unreadable),
)
"""What a connection ends by."""


async def _connected(url: str) -> Wire:
    """Raises `OSError`."""
    parts = urlsplit(url)
    is_open = parts.scheme == "ws"
    host, port = parts.hostname or "", parts.port or (80 if is_open else 443)
    if is_open:
        return await trio.open_tcp_stream(host, port)
    context = await trio.to_thread.run_sync(ssl.create_default_context)
    return await trio.open_ssl_over_tcp_stream(host, port, ssl_context=context)


def _reason(error: BaseException) -> str:
    match error:
        case Silent():
            return "it says nothing more"
        case Unreadable():
            return str(error)
        case ProtocolError() | h11.ProtocolError() | UnicodeError():
            return "it does not speak as a websocket does"
        case ConnectionClosed():
            return "it was closed"
        case trio.TooSlowError():
            return "no connection in time"
        case BaseExceptionGroup(exceptions=(first, *_)):
            return _reason(first)
        case _:
            return "no connection"
