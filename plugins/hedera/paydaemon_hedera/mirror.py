"""The mirror node: the network's memory, asked by HTTP.

It is public, throttled, some seconds behind, and may be away. Questions are asked at a bounded pace, a few at
once, and again where it did not answer; then `MirrorUnavailable` says why. Nothing it says is trusted further
than its shape (`paydaemon_hedera.answers`), and no address that it names is ever asked.
"""

import json
from collections.abc import Callable, Mapping
from types import TracebackType
from typing import Any, Self, TypeVar
from urllib.parse import urlencode

import httpx
import trio

from paydaemon_hedera import answers
from paydaemon_hedera.answers import Account, Page, Recorded, Unreadable, timestamp
from paydaemon_hedera.errors import MirrorUnavailable
from paydaemon_hedera.ids import TransactionId
from paydaemon_hedera.limits import HederaLimits
from paydaemon_hedera.reach import Reach

T = TypeVar("T")

_BUSY = frozenset({429, 500, 502, 503, 504})
_FIRST_PAUSE_S = 0.25
_LONGEST_REST_S = 60.0
_NODES_AT_ONCE = 25
_NODE_PAGES = 20


class Mirror:
    """One mirror node, such as ``https://mainnet.mirrornode.hedera.com``; to be used in an ``async with``."""

    def __init__(self, url: str, limits: HederaLimits) -> None:
        self.reach = Reach()
        self._limits = limits
        self._slots = trio.CapacityLimiter(limits.mirror_calls)
        self._next_at = 0.0
        self._rests_until = 0.0
        self._url = url
        self._client: httpx.AsyncClient | None = None

    async def __aenter__(self) -> Self:
        self._client = httpx.AsyncClient(
            base_url=self._url,
            verify=not self._url.startswith("http:"),  # to read the authorities takes a moment
            timeout=self._limits.mirror_timeout_s,
            follow_redirects=False,
            trust_env=False,
            headers={"Accept": "application/json", "Accept-Encoding": "identity"},
            limits=httpx.Limits(max_connections=self._limits.mirror_calls),
        )
        return self

    async def __aexit__(
        self,
        type: type[BaseException] | None = None,
        error: BaseException | None = None,
        trace: TracebackType | None = None,
    ) -> None:
        client, self._client = self._client, None
        assert client is not None
        with trio.CancelScope(shield=True):
            await client.aclose()

    # What is asked

    async def newest_ns(self) -> int | None:
        """Up to when the machine that answers has everything; None where it has nothing yet."""
        newest_ns = await self._ask(_path("blocks", limit=1, order="desc"), answers.newest_ns)
        if newest_ns is not None:
            self.reach.hear(newest_ns)
        return newest_ns

    async def transactions(self, account: str, after_ns: int, until_ns: int) -> Page:
        """The first of the transactions of `account` with consensus in ``(after_ns, until_ns]``."""
        between = [("timestamp", f"gt:{timestamp(after_ns)}"), ("timestamp", f"lte:{timestamp(until_ns)}")]
        about = {"account.id": account, "order": "asc", "limit": self._limits.page}
        path = "/api/v1/transactions?" + urlencode([*about.items(), *between])
        return await self._ask(path, lambda said: answers.page(said, after_ns, until_ns))

    async def transaction(self, id: TransactionId) -> tuple[Recorded, ...]:
        """All that consensus made of one transaction: itself, what it brought about, and its duplicates."""
        return await self._ask(f"/api/v1/transactions/{id.mirror}", answers.transactions, missing=())

    async def account(self, id: str) -> Account | None:
        """An account as the mirror has it; None where there is none."""
        path = f"/api/v1/accounts/{id}?transactions=false"
        return await self._ask(path, answers.account, missing=None)

    async def decimals(self, token: str) -> int | None:
        """The decimals of a token; None where there is none of that id."""
        return await self._ask(f"/api/v1/tokens/{token}", answers.decimals, missing=None)

    async def has_token(self, account: str, token: str) -> bool:
        """Whether an account is associated with a token."""
        path = f"/api/v1/accounts/{account}/tokens?{urlencode({'token.id': token})}"
        return await self._ask(path, answers.holds_tokens, missing=False)

    async def nodes(self) -> list[Mapping[str, Any]]:
        """The network's address book, whole."""
        found: list[Mapping[str, Any]] = []
        asked: dict[str, object] = {"limit": _NODES_AT_ONCE, "order": "asc"}
        for _ in range(_NODE_PAGES):
            page = await self._ask(_path("network/nodes", **asked), answers.node_entries)
            found += page
            if len(page) < _NODES_AT_ONCE:
                break
            asked["node.id"] = f"gt:{page[-1].get('node_id')}"
        return found

    # How

    async def _ask(self, path: str, read: Callable[[Any], T], **otherwise: T) -> T:
        """What `read` makes of the answer; where there is no such thing, what is given as `missing`."""
        tries = self._limits.mirror_tries
        for number in range(tries):
            try:
                async with self._slots:
                    await self._at_our_pace()
                    return await self._in_time(path, read, otherwise)
            except _Again as again:
                if number + 1 == tries:
                    raise MirrorUnavailable(str(again)) from again
            await trio.sleep(_FIRST_PAUSE_S * 2**number)
        raise AssertionError("it is tried at least once")

    async def _at_our_pace(self) -> None:
        """So many a second at most, evenly: a throttled mirror takes none for a while."""
        now = trio.current_time()
        if now < self._rests_until:
            raise MirrorUnavailable(f"the mirror asks for {self._rests_until - now:.0f} s of rest")
        at = max(self._next_at, now)
        self._next_at = at + 1 / self._limits.mirror_requests_per_s
        await trio.sleep_until(at)

    async def _in_time(self, path: str, read: Callable[[Any], T], otherwise: Mapping[str, T]) -> T:
        try:
            with trio.fail_after(self._limits.mirror_timeout_s):
                return await self._once(path, read, otherwise)
        except (trio.TooSlowError, httpx.TimeoutException) as slow:
            raise _Again("the mirror does not answer in time") from slow
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            raise _Again(f"the mirror does not answer: {_named(error)}") from error

    async def _once(self, path: str, read: Callable[[Any], T], otherwise: Mapping[str, T]) -> T:
        if self._client is None:
            raise MirrorUnavailable("the mirror is not asked while the chain does not run")
        async with self._client.stream("GET", path) as answer:
            if answer.status_code in _BUSY:
                raise self._busy(answer)
            body = await self._body(answer)
        if answer.status_code == httpx.codes.NOT_FOUND and "missing" in otherwise:
            return otherwise["missing"]
        if answer.status_code != httpx.codes.OK:
            raise MirrorUnavailable(f"the mirror answers {answer.status_code}")
        try:
            return read(json.loads(body))
        except (ValueError, RecursionError) as error:
            told = str(error) if isinstance(error, Unreadable) else "no JSON"
            raise MirrorUnavailable(f"the mirror is not understood: {told}") from error

    def _busy(self, answer: httpx.Response) -> Exception:
        """What to do about it: try again soon, or leave it alone for as long as it asks for."""
        reason, rest_s = f"the mirror answers {answer.status_code}", _retry_after_s(answer)
        if rest_s is None:
            return _Again(reason)
        self._rests_until = trio.current_time() + rest_s
        return MirrorUnavailable(f"{reason}, and asks for {rest_s:.0f} s of rest")

    async def _body(self, answer: httpx.Response) -> bytes:
        """Cancelled, and not just left alone, where it is too much: httpx then cleans up after itself."""
        body, most = bytearray(), self._limits.mirror_answer_bytes
        with trio.CancelScope() as reading:
            async for chunk in answer.aiter_raw():
                body += chunk
                if len(body) > most:
                    reading.cancel()
        if len(body) > most:
            raise MirrorUnavailable(f"the mirror's answer is larger than {most} bytes")
        return bytes(body)


class _Again(Exception):
    """It may answer the next time."""


def _path(name: str, **asked: object) -> str:
    return f"/api/v1/{name}?{urlencode(asked)}"


def _retry_after_s(answer: httpx.Response) -> float | None:
    """RFC 9110, section 10.2.3, in its form of seconds; never more than a minute."""
    given = answer.headers.get("Retry-After", "")
    return min(float(given), _LONGEST_REST_S) if given.isascii() and given.isdigit() else None


def _named(error: Exception) -> str:
    return str(error) or type(error).__name__
