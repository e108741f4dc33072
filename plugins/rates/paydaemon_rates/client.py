"""The way to one source: a GET within limits, and everything that can go wrong with it as a reason.

Nothing is followed, decoded, or taken from the environment. What an answer is called by its ETag or its date
is said the next time, so that what has not changed need not be sent again.
"""

import ssl
import time
from collections.abc import Mapping
from dataclasses import dataclass
from http import HTTPStatus
from importlib.metadata import version
from types import TracebackType
from typing import Self

import httpx
import trio

from paydaemon.hooks.answers import date_s, retry_after_s
from paydaemon.hooks.reasons import cause_of

REST_S = 60.0
"""For a source that is asked too much, and does not say for how long."""

_REST = frozenset({HTTPStatus.TOO_MANY_REQUESTS, HTTPStatus.IM_A_TEAPOT, HTTPStatus.SERVICE_UNAVAILABLE})
_REDIRECTS = frozenset(range(300, 400)) - {HTTPStatus.NOT_MODIFIED}
_MOST_KEPT = 200
_LONGEST_TAG = 1_000


class Away(Exception):
    """There was no answer; says why. `rest_s` is for how long it is to be left alone, where it said so."""

    def __init__(self, reason: str, rest_s: float | None = None) -> None:
        super().__init__(reason)
        self.rest_s = rest_s


class Refused(Exception):
    """There was an answer, and it was no; the next request may fare better."""

    def __init__(self, status: int) -> None:
        super().__init__(
            f"HTTP {status}" + (", and redirects are not followed" if status in _REDIRECTS else "")
        )
        self.status = status


@dataclass(frozen=True, slots=True)
class _Kept:
    body: bytes
    headers: Mapping[str, str]


class Client:
    """One source's address; to be used in an ``async with``. `headers` go with every request."""

    def __init__(self, url: str, timeout_s: float, answer_bytes: int, headers: Mapping[str, str]) -> None:
        self.off_ms: int | None = None
        """By how much the source's clock was ahead of ours at its newest answer, where it told."""
        self._url = url
        self._timeout_s = timeout_s
        self._answer_bytes = answer_bytes
        self._headers = {
            "Accept-Encoding": "identity",
            "User-Agent": f"paydaemon-rates/{version('paydaemon-rates')}",
            **headers,
        }
        self._kept: dict[str, _Kept] = {}
        self._client: httpx.AsyncClient | None = None

    async def __aenter__(self) -> Self:
        is_open = self._url.startswith("http:")
        trust = False if is_open else await trio.to_thread.run_sync(ssl.create_default_context)
        self._client = httpx.AsyncClient(
            verify=trust,
            timeout=self._timeout_s / 2,
            follow_redirects=False,
            trust_env=False,
            headers=self._headers,
            limits=httpx.Limits(max_connections=1, keepalive_expiry=90),
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

    async def get(self, target: str) -> bytes:
        """What it answers. Raises `Away` and `Refused`."""
        late = f"no answer in {self._timeout_s:g} s"
        try:
            with trio.fail_after(self._timeout_s):
                return await self._get(target)
        except (trio.TooSlowError, httpx.ReadTimeout, httpx.WriteTimeout):
            raise Away(late) from None
        except httpx.ConnectTimeout:
            raise Away("no connection in time") from None
        except httpx.ConnectError as error:
            raise Away(f"no connection: {cause_of(error)}") from None
        except (httpx.HTTPError, httpx.InvalidURL, httpx.StreamError):
            raise Away("the connection was lost") from None

    async def _get(self, target: str) -> bytes:
        assert self._client is not None, "it is asked inside its `async with`"
        kept = self._kept.get(target)
        request = self._client.stream("GET", self._url + target, headers=kept.headers if kept else {})
        async with request as answer:
            self._compare_clocks(answer)
            if answer.status_code == HTTPStatus.NOT_MODIFIED and kept and kept.headers:
                return kept.body
            self._see_that_it_is_one(answer)
            body = await self._body(answer)
        self._keep(target, body, answer.headers)
        return body

    def _compare_clocks(self, answer: httpx.Response) -> None:
        theirs_s = date_s(answer.headers.get("Date"))
        self.off_ms = None if theirs_s is None else int(theirs_s) * 1000 - time.time_ns() // 1_000_000

    def _see_that_it_is_one(self, answer: httpx.Response) -> None:
        status = answer.status_code
        rest_s = retry_after_s(answer.headers.get("Retry-After"), date_s(answer.headers.get("Date")))
        if status in _REST and (rest_s is not None or status != HTTPStatus.SERVICE_UNAVAILABLE):
            raise Away(f"HTTP {status}", REST_S if rest_s is None else rest_s)
        if status != HTTPStatus.OK:
            raise Refused(status)

    async def _body(self, answer: httpx.Response) -> bytes:
        """Cancelled, and not just left alone, where it is too much: httpx then cleans up after itself."""
        body = bytearray()
        with trio.CancelScope() as reading:
            async for chunk in answer.aiter_raw():
                body += chunk
                if len(body) > self._answer_bytes:
                    reading.cancel()
        if len(body) > self._answer_bytes:
            raise Away(f"its answer is larger than {self._answer_bytes} bytes")
        return bytes(body)

    def _keep(self, target: str, body: bytes, headers: httpx.Headers) -> None:
        named = {"If-None-Match": headers.get("ETag"), "If-Modified-Since": headers.get("Last-Modified")}
        said = {name: value for name, value in named.items() if value and len(value) <= _LONGEST_TAG}
        if len(self._kept) >= _MOST_KEPT:
            self._kept.clear()
        self._kept[target] = _Kept(body, said)
