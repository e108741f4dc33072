"""The mirror node: the network's memory, asked by HTTP.

It is public, throttled, some seconds behind, and may be away. Questions are asked at a bounded pace, a few at
once, and again where it did not answer; then `MirrorUnavailable` says why. Nothing it says is trusted further
than its shape (`paydaemon_hedera.answers`).
"""

import json
from collections.abc import Callable, Mapping
from types import TracebackType
from typing import Any, Self, TypeVar
from urllib.parse import urlencode

import httpx
import trio

from paydaemon_hedera.answers import Page, Recorded, Unreadable, decimals, newest_ns, page, timestamp
from paydaemon_hedera.errors import MirrorUnavailable
from paydaemon_hedera.ids import TransactionId
from paydaemon_hedera.limits import HederaLimits

T = TypeVar("T")

_BUSY = frozenset({429, 500, 502, 503, 504})
_FIRST_PAUSE_S = 0.25


class Mirror:
    """One mirror node, such as ``https://mainnet.mirrornode.hedera.com``; to be used in an ``async with``."""

    def __init__(self, url: str, limits: HederaLimits) -> None:
        self._limits = limits
        self._slots = trio.CapacityLimiter(limits.mirror_calls)
        self._next_at = 0.0
        self._url = url
        self._client: httpx.AsyncClient | None = None

    async def __aenter__(self) -> Self:
        self._client = httpx.AsyncClient(
            base_url=self._url,
            timeout=self._limits.mirror_timeout_s,
            follow_redirects=False,
            trust_env=False,
            headers={"Accept": "application/json"},
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
        """Up to when it has everything; None where it has nothing yet."""
        return await self._ask(_path("blocks", limit=1, order="desc"), newest_ns)

    async def transactions(self, account: str, after_ns: int, until_ns: int) -> Page:
        """The first of the transactions of `account` with consensus in ``(after_ns, until_ns]``."""
        between = [("timestamp", f"gt:{timestamp(after_ns)}"), ("timestamp", f"lte:{timestamp(until_ns)}")]
        about = {"account.id": account, "order": "asc", "limit": self._limits.page}
        return await self.following("/api/v1/transactions?" + urlencode([*about.items(), *between]))

    async def following(self, path: str) -> Page:
        """The page at the path that the one before it named."""
        return await self._ask(path, page)

    async def transaction(self, id: TransactionId) -> tuple[Recorded, ...]:
        """All that consensus made of one transaction: itself, what it brought about, and its duplicates."""
        found = await self._ask(f"/api/v1/transactions/{id.mirror}", page, missing=Page((), None))
        return found.transactions

    async def account(self, id: str) -> Mapping[str, Any] | None:
        """An account as the mirror has it; None where there is none."""
        return await self._ask(f"/api/v1/accounts/{id}?transactions=false", dict, missing=None)

    async def decimals(self, token: str) -> int | None:
        """The decimals of a token; None where there is none of that id."""
        return await self._ask(f"/api/v1/tokens/{token}", decimals, missing=None)

    async def has_token(self, account: str, token: str) -> bool:
        """Whether an account is associated with a token, so that it can be paid in it."""
        path = f"/api/v1/accounts/{account}/tokens?{urlencode({'token.id': token})}"
        found: Mapping[str, Any] = await self._ask(path, dict, missing={"tokens": []})
        return bool(found.get("tokens"))

    async def nodes(self) -> list[Mapping[str, Any]]:
        """The network's address book, whole."""
        found: list[Mapping[str, Any]] = []
        path: str | None = _path("network/nodes", limit=25, order="asc")
        while path is not None:
            said: Mapping[str, Any] = await self._ask(path, dict)
            found += said.get("nodes", [])
            path = (said.get("links") or {}).get("next")
        return found

    # How

    async def _ask(self, path: str, read: Callable[[Any], T], **otherwise: T) -> T:
        """What `read` makes of the answer; where there is no such thing, what is given as `missing`."""
        trouble = ""
        for number in range(self._limits.mirror_tries):
            try:
                async with self._slots:
                    await self._at_our_pace()
                    return await self._once(path, read, otherwise)
            except _Again as again:
                trouble = again.reason
                await trio.sleep(max(again.after_s, _FIRST_PAUSE_S * 2**number))
            except (httpx.HTTPError, httpx.InvalidURL) as error:
                trouble = f"the mirror does not answer: {_named(error)}"
                await trio.sleep(_FIRST_PAUSE_S * 2**number)
        raise MirrorUnavailable(trouble)

    async def _once(self, path: str, read: Callable[[Any], T], otherwise: Mapping[str, T]) -> T:
        if self._client is None:
            raise MirrorUnavailable("the mirror is not asked while the chain does not run")
        async with self._client.stream("GET", path) as answer:
            if answer.status_code in _BUSY:
                raise _Again(f"the mirror answers {answer.status_code}", _retry_after_s(answer))
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

    async def _body(self, answer: httpx.Response) -> bytes:
        body = bytearray()
        async for chunk in answer.aiter_bytes():
            body += chunk
            if len(body) > self._limits.mirror_answer_bytes:
                most = self._limits.mirror_answer_bytes
                raise MirrorUnavailable(f"the mirror's answer is larger than {most} bytes")
        return bytes(body)

    async def _at_our_pace(self) -> None:
        """So many a second at most, evenly: a throttled mirror takes none for a while."""
        now = trio.current_time()
        at = max(self._next_at, now)
        self._next_at = at + 1 / self._limits.mirror_requests_per_s
        await trio.sleep_until(at)


class _Again(Exception):
    """It may answer later."""

    def __init__(self, reason: str, after_s: float) -> None:
        super().__init__(reason)
        self.reason = reason
        self.after_s = after_s


def _path(name: str, **asked: object) -> str:
    return f"/api/v1/{name}?{urlencode(asked)}"


def _retry_after_s(answer: httpx.Response) -> float:
    """RFC 9110, section 10.2.3, in its form of seconds; never more than a minute."""
    given = answer.headers.get("Retry-After", "")
    return min(float(given), 60.0) if given.isascii() and given.isdigit() else 0.0


def _named(error: Exception) -> str:
    return str(error) or type(error).__name__
