"""Somebody at the desk: what a browser without a script does, over real HTTP."""

import re
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from html.parser import HTMLParser

import httpx

from tests.support.served import PUBLIC_URL, Served
from tests.support.waiting import BOUND_S

COOKIE = "__Secure-paydaemon_desk"
TOKEN = re.compile(r'name="token" value="([0-9a-f]{64})"')

OURS = {"Origin": PUBLIC_URL, "Sec-Fetch-Site": "same-origin"}
"""What a browser says of a form on a page of the desk."""


class Page(HTMLParser):
    """What a page holds: its tags with their attributes, and its text."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.text += data


@dataclass
class Visitor:
    """A browser: it keeps the cookie and what the last page's forms hold."""

    client: httpx.AsyncClient
    headers: dict[str, str] = field(default_factory=dict)
    cookie: str | None = None
    token: str = ""

    async def get(self, path: str, **headers: str) -> httpx.Response:
        """A page."""
        return self._seen(await self.client.get(f"/desk/{path}", headers=self._all(headers)))

    async def post(
        self, path: str, fields: Mapping[str, str] | None = None, *, says: Mapping[str, str] = OURS
    ) -> httpx.Response:
        """A form of the last page."""
        filled = {"token": self.token, **(fields or {})} if path != "login" else fields
        return self._seen(await self.client.post(f"/desk/{path}", data=filled, headers=self._all(dict(says))))

    async def page(self, path: str) -> str:
        """The HTML of a page that must be there."""
        answer = await self.get(path)
        assert answer.status_code == 200, (path, answer.status_code, answer.text)
        return answer.text

    async def log_in(self, key: str) -> httpx.Response:
        """And look at the first page, whose forms hold the session's token."""
        answer = await self.post("login", {"key": key})
        if answer.status_code == 303:
            await self.get("")
        return answer

    def _all(self, headers: dict[str, str]) -> dict[str, str]:
        cookie = {"Cookie": f"{COOKIE}={self.cookie}"} if self.cookie is not None else {}
        return {**self.headers, **cookie, **headers}

    def _seen(self, answer: httpx.Response) -> httpx.Response:
        given = answer.headers.get("Set-Cookie", "")
        if given.startswith(f"{COOKIE}="):
            self.cookie = given.partition("=")[2].partition(";")[0].strip('"') or None
        if token := TOKEN.search(answer.text):
            self.token = token[1]
        return answer


@asynccontextmanager
async def visitor(daemon: Served, key: str | None = None, **headers: str) -> AsyncIterator[Visitor]:
    """A browser; logged in with a key, by default the operator's, or ("") not."""
    url = f"http://127.0.0.1:{daemon.port}"
    async with httpx.AsyncClient(base_url=url, timeout=BOUND_S, verify=False) as client:
        browser = Visitor(client, headers)
        chosen = daemon.key if key is None else key
        if chosen:
            answer = await browser.log_in(chosen)
            assert answer.status_code == 303, answer.text
        yield browser
