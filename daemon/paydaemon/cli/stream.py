"""The event stream over the daemon's Unix socket, as commands read it."""

import json
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import click
import trio
from trio_websocket import ConnectionClosed, ConnectionRejected, WebSocketConnection, wrap_client_stream

from paydaemon.cli.client import in_its_words
from paydaemon.cli.ending import first, reason

Json = dict[str, Any]

Hear = Callable[[Json], Awaitable[bool]]
"""Hears one event or live push; whether that is enough."""

FIRST_PAUSE_S, LONGEST_PAUSE_S = 0.1, 2.0
"""How long to wait for a daemon that is away before it is asked for again; each time doubles it."""

HANDSHAKE_TIMEOUT_S = 10.0

UNAVAILABLE = 503
BEYOND_THE_JOURNAL = "beyond_the_journal"


class NoStream(click.ClickException):
    """Nobody answered at the socket, or not now."""


class OfAnotherJournal(click.ClickException):
    """The journal there is does not have the event that was to be gone on from."""


@asynccontextmanager
async def follow(socket: Path, query: Mapping[str, str]) -> AsyncIterator[AsyncIterator[Json]]:
    """Events as they come, live pushes included; ends when the daemon does.

    Raises `NoStream` where no daemon runs, or takes no more readers now, and `click.ClickException` in the
    daemon's words where it refuses.
    """
    async with await _dial(socket) as stream:
        with _refusals_told():
            async with trio.open_nursery() as nursery:
                async with await _opened(nursery, stream, query) as connection:
                    yield _messages(connection.get_message)
                nursery.cancel_scope.cancel()


async def follow_on(socket: Path, query: Mapping[str, str], hear: Hear) -> None:
    """Hear of every event once, also where the daemon ends and comes back, until `hear` has had enough.

    Raises like `follow`, where that is at the beginning. Later a daemon that is away, or has no room for
    readers, is waited for. It is asked for what is after the last event by that one's id: where a backup was
    restored meanwhile, which gives numbers a second time, that ends it, with what to do.
    """
    left_off = dict(query)

    async def heard_enough() -> bool:
        async with follow(socket, left_off) as events:
            async for event in events:
                if "id" in event:
                    left_off["after"] = event["id"]
                if await hear(event):
                    return True
        return False

    if await _ended_well(heard_enough):
        return
    while True:
        click.echo("the daemon has ended; waiting for it", err=True)
        try:
            if await _once_it_is_back(heard_enough):
                return
        except OfAnotherJournal:
            raise _restored(left_off["after"]) from None


async def _once_it_is_back(heard_enough: Callable[[], Awaitable[bool]]) -> bool:
    pause_s = FIRST_PAUSE_S
    while True:
        await trio.sleep(pause_s)
        pause_s = min(2 * pause_s, LONGEST_PAUSE_S)
        try:
            return await _ended_well(heard_enough)
        except NoStream:
            continue


async def _ended_well(heard_enough: Callable[[], Awaitable[bool]]) -> bool:
    """The same, with an error as it was raised and not in a group."""
    try:
        return await heard_enough()
    except BaseExceptionGroup as group:
        told, others = group.split(click.ClickException)
        if told is None or others is not None:
            raise
        raise first(told) from None


async def _dial(socket: Path) -> trio.SocketStream:
    try:
        return await trio.open_unix_socket(str(socket))
    except OSError as error:
        said = f"no event stream at {socket} ({reason(error)}): is the daemon running?"
        raise NoStream(said) from error


async def _opened(
    nursery: trio.Nursery, stream: trio.SocketStream, query: Mapping[str, str]
) -> WebSocketConnection:
    """The library waits for an answer for ever, also where the daemon ends before it has given one."""
    path = f"/v1/events?{urlencode(query)}"
    try:
        with trio.fail_after(HANDSHAKE_TIMEOUT_S):
            return await wrap_client_stream(nursery, stream, "paydaemon", path)
    except trio.TooSlowError as error:
        said = f"the daemon has not opened the event stream in {HANDSHAKE_TIMEOUT_S:g} s"
        raise NoStream(said) from error


@contextmanager
def _refusals_told() -> Iterator[None]:
    """A refusal as `_refusal` words it: the library raises it from a task of its own, and so in a group."""
    try:
        yield
    except BaseExceptionGroup as group:
        told, others = group.split(ConnectionRejected)
        if told is None or others is not None:
            raise
        raise _refusal(first(told)) from None


def _refusal(error: BaseException) -> click.ClickException:
    assert isinstance(error, ConnectionRejected)
    content = _content(error.body)
    said = in_its_words(content, error.status_code)
    if error.status_code == UNAVAILABLE:
        return NoStream(said)
    return OfAnotherJournal(said) if _code(content) == BEYOND_THE_JOURNAL else click.ClickException(said)


def _content(body: bytes | None) -> object:
    try:
        return json.loads(body or b"{}")
    except ValueError:
        return None


def _code(content: object) -> object:
    error = content.get("error") if isinstance(content, dict) else None
    return error.get("code") if isinstance(error, dict) else None


def _restored(last: str) -> click.ClickException:
    return click.ClickException(
        f"a backup was restored meanwhile: the journal no longer has {last}, the last event told here. "
        "Run this again from the beginning (--after 0), and leave out the ids that you have dealt with"
    )


async def _messages(receive: Any) -> AsyncIterator[Json]:
    while True:
        try:
            yield json.loads(await receive())
        except ConnectionClosed:
            return
