"""A client of server-sent events, written from the standard and from nothing of ours.

https://html.spec.whatwg.org/multipage/server-sent-events.html, section 9.2.6
"""

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import httpx
import trio

from tests.support.waiting import BOUND_S

Json = dict[str, Any]

_unfinished: trio.lowlevel.RunVar[list["Source"]] = trio.lowlevel.RunVar("unfinished", [])
"""Every source of this run, since nobody can close the generators of httpx that a stream leaves behind in the
middle; trio does so at the end of its run, and would complain of them before.
"""


@dataclass(frozen=True, slots=True)
class Message:
    """One event as a browser dispatches it."""

    type: str
    data: str
    last_event_id: str

    @property
    def json(self) -> Json:
        """What it holds."""
        return dict(json.loads(self.data))


@dataclass(slots=True)
class Source:
    """One stream. What an `EventSource` keeps between two connections is kept here."""

    response: httpx.Response
    last_event_id: str = ""
    retry_ms: int | None = None
    comments: list[str] = field(default_factory=list)
    _running: AsyncIterator[Message] = field(init=False)

    def __post_init__(self) -> None:
        self._running = self._messages()

    async def _messages(self) -> AsyncIterator[Message]:
        """Every event, until the answer ends."""
        type, data = "", list[str]()
        async for line in self.response.aiter_lines():
            name, _, value = line.partition(":")
            value = value.removeprefix(" ")
            match name:
                case "" if not line:
                    if data:
                        yield Message(type or "message", "\n".join(data), self.last_event_id)
                    type, data = "", []
                case "":
                    self.comments.append(value)
                case "event":
                    type = value
                case "data":
                    data.append(value)
                case "id" if "\0" not in value:
                    self.last_event_id = value
                case "retry" if value.isdigit():
                    self.retry_ms = int(value)

    async def take(self, count: int) -> list[Message]:
        """The next so many events."""
        with trio.fail_after(BOUND_S):
            return [await anext(self._running) for _ in range(count)]

    async def rest(self) -> list[Message]:
        """What still comes until the end."""
        with trio.fail_after(BOUND_S):
            return [message async for message in self._running]


@asynccontextmanager
async def listening(url: str, key: str | None, last_event_id: str = "") -> AsyncIterator[Source]:
    """A stream with a key or none, as a browser that comes back asks for it."""
    headers = {"Accept": "text/event-stream"}
    if key is not None:
        headers["Authorization"] = f"Bearer {key}"
    if last_event_id:
        headers["Last-Event-ID"] = last_event_id
    async with (
        httpx.AsyncClient(timeout=BOUND_S, verify=False) as client,
        client.stream("GET", url, headers=headers) as response,
    ):
        if response.status_code != 200:
            await response.aread()
        source = Source(response)
        _unfinished.set([*_unfinished.get(), source])
        yield source
