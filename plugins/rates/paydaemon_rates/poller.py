"""The one runner of all sources that are asked: look, publish what came, say what did not, wait, look again.

A source that fails is asked again soon, then ever more rarely. One that asks for rest gets it. Where all of a
request is refused, as one of its pairs may be unknown, each pair is asked for by itself at the next look;
what is not refused then goes with the others again. A look has an end: what it does not reach comes first in
the next one, after what is asked together.
"""

from collections import defaultdict
from collections.abc import Sequence
from http import HTTPStatus

import structlog
import trio

from paydaemon.hooks.ports import Rate, RateHost
from paydaemon_rates.client import Away, Client, Refused
from paydaemon_rates.config import SourceSettings
from paydaemon_rates.exchange import Exchange, NotTraded, Reading, Request, Unreadable
from paydaemon_rates.freshness import Freshness
from paydaemon_rates.limits import TimelessLimits
from paydaemon_rates.pairs import Pair
from paydaemon_rates.pauses import after_failures, jittered

log = structlog.get_logger(__name__)

_NOT_FOR_THEIR_PAIRS = frozenset({401, 403, 407, 408, 451})
_MOST_REMEMBERED = 200
_NEVER_S = -1.0

LONGEST_LOOK_S = 45.0
"""When no further request is begun. So all that is asked at once is asked again before it is too old."""


class Poller:
    """Asks one source for all its pairs, but those that are `covered` by other means."""

    def __init__(self, exchange: Exchange, settings: SourceSettings) -> None:
        self.covered: frozenset[Pair] = frozenset()
        self._exchange = exchange
        self._settings = settings
        self._alone: set[Pair] = set()
        self._asked_s: dict[Pair, float] = {}
        self._failures = 0
        self._rests_until_s = self._next_at_s = -1.0
        self._wake = trio.Event()
        self._heard: dict[str, Freshness] = {}

    def look_soon(self) -> None:
        """Look again now, or as soon as a source that asked for rest has had it."""
        self._wake.set()

    async def run(
        self,
        host: RateHost,
        client: Client,
        *,
        task_status: trio.TaskStatus[None] = trio.TASK_STATUS_IGNORED,
    ) -> None:
        """Look until cancelled. It has started when it has looked once."""
        await self.look(host, client)
        task_status.started()
        while True:
            with trio.move_on_after(self._pause_s()):
                await self._wake.wait()
            self._wake = trio.Event()
            await trio.sleep_until(max(self._rests_until_s, trio.current_time()))
            await self.look(host, client)

    async def look(self, host: RateHost, client: Client) -> None:
        """Ask once for everything, as far as time allows; publish what comes, tell why the rest does not."""
        ends_s = trio.current_time() + LONGEST_LOOK_S
        left = [pair for pair in self._settings.asked if pair not in self.covered]
        came = not left
        for request in self._requests(left):
            if max(self._next_at_s, trio.current_time()) >= ends_s:
                break
            try:
                came |= await self._ask(host, client, request)
            except Away as away:
                host.failed(str(away), left)
                self._rests_until_s = trio.current_time() + (away.rest_s or 0)
                break
            left = [pair for pair in left if pair not in request.pairs]
        self._failures = 0 if came else self._failures + 1

    def _requests(self, pairs: Sequence[Pair]) -> Sequence[Request]:
        """Those of several pairs first, then whose turn it is."""
        together = [pair for pair in pairs if pair not in self._alone]
        parts = [together, *([pair] for pair in pairs if pair in self._alone)]
        requests = [request for part in parts for request in self._exchange.requests(part)]
        return sorted(requests, key=lambda request: (len(request.pairs) == 1, self._turn_s(request)))

    def _turn_s(self, request: Request) -> float:
        """When it was asked for last, be it for one of its pairs."""
        return min(self._asked_s.get(pair, _NEVER_S) for pair in request.pairs)

    async def _ask(self, host: RateHost, client: Client, request: Request) -> bool:
        """Whether there is any price in its answer. Raises `Away` where there is none."""
        await self._at_its_pace()
        self._asked_s |= dict.fromkeys(request.pairs, trio.current_time())
        try:
            body = await client.get(request.target)
            now_ms = host.now_ms()
            reading = self._exchange.read(request, body, now_ms)
        except (Refused, Unreadable) as why:
            host.failed(str(why), request.pairs)
            if _may_be_of_one(why) and self._can_be_parted(request):
                self._alone.update(request.pairs)
            return False
        self._alone.difference_update(request.pairs)
        self._hear(request.target, body, now_ms)
        return self._tell(host, request, reading, now_ms)

    def _tell(self, host: RateHost, request: Request, reading: Reading, now_ms: int) -> bool:
        rates: list[Rate] = []
        reasons: dict[str, list[Pair]] = defaultdict(list)
        for pair in request.pairs:
            try:
                rates.append(self._rate(request, reading, pair, now_ms))
            except Unreadable as why:
                reasons[str(why)].append(pair)
        if rates:
            host.publish(rates)
        for reason, pairs in reasons.items():
            log.debug("a source has no price", source=self._exchange.name, reason=reason)
            host.failed(reason, pairs)
        return bool(rates)

    def _rate(self, request: Request, reading: Reading, pair: Pair, now_ms: int) -> Rate:
        price = reading[pair]
        if isinstance(price, Unreadable):
            raise price
        at_ms = self._heard[request.target].at_ms(price, now_ms)
        return Rate(pair.base, pair.quote, price.value, at_ms)

    def _hear(self, target: str, body: bytes, now_ms: int) -> None:
        if target not in self._heard and len(self._heard) >= _MOST_REMEMBERED:
            self._heard.clear()
        limits = self._settings.limits
        frozen_ms = limits.frozen_s * 1000 if isinstance(limits, TimelessLimits) else None
        self._heard.setdefault(target, Freshness(frozen_ms)).hear(body, now_ms)

    async def _at_its_pace(self) -> None:
        await trio.sleep_until(max(self._next_at_s, trio.current_time()))
        self._next_at_s = trio.current_time() + self._exchange.apart_s

    def _pause_s(self) -> float:
        if self._failures:
            return after_failures(self._failures, self._settings.limits.longest_pause_s)
        return jittered(self._settings.every_s)

    def _can_be_parted(self, request: Request) -> bool:
        return any(one.target != request.target for one in self._exchange.requests(request.pairs[:1]))


def _may_be_of_one(why: Exception) -> bool:
    """Whether it may be one pair's fault that all of a request were refused."""
    if isinstance(why, Refused):
        return HTTPStatus.BAD_REQUEST <= why.status < 500 and why.status not in _NOT_FOR_THEIR_PAIRS
    return isinstance(why, NotTraded)
