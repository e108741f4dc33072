"""The event stream over the daemon's Unix socket, as commands read it."""

import json
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import click
import trio
from trio_websocket import ConnectionClosed, ConnectionRejected, HandshakeError, wrap_client_stream

from paydaemon.cli.client import in_its_words
from paydaemon.cli.ending import first, reason

Json = dict[str, Any]

Hear = Callable[[Json], Awaitable[bool]]
"""Hears one event or live push; whether that is enough."""

FIRST_PAUSE_S, LONGEST_PAUSE_S = 0.1, 2.0
"""How long to wait for a daemon that is away before it is asked for again; each time doubles it."""

UNAVAILABLE = 503


class NoStream(click.ClickException):
    """Nobody answered at the socket, or not now."""


@asynccontextmanager
async def follow(socket: Path, query: Mapping[str, str]) -> AsyncIterator[AsyncIterator[Json]]:
    """Events as they come, live pushes included; ends when the daemon does.

    Raises `NoStream` where no daemon runs, and `click.ClickException` in the daemon's words where it refuses.
    """
    async with trio.open_nursery() as nursery:
        try:
            stream = await trio.open_unix_socket(str(socket))
            connection = await wrap_client_stream(
                nursery, stream, "paydaemon", f"/v1/events?{urlencode(query)}"
            )
        except (OSError, HandshakeError) as error:
            raise _refusal(socket, error) from error
        async with connection:
            yield _messages(connection.get_message)
        nursery.cancel_scope.cancel()


async def follow_on(socket: Path, query: Mapping[str, str], hear: Hear) -> None:
    """Hear of every event once, also where the daemon ends and comes back, until `hear` has had enough.

    Raises like `follow`, where that is at the beginning. Later a daemon that is away is waited for. It is
    asked for what is after the last event by that one's id: where a backup was restored meanwhile, which
    gives numbers a second time, it says so.
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
        if await _once_it_is_back(heard_enough):
            return


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


def _refusal(socket: Path, error: Exception) -> click.ClickException:
    if isinstance(error, ConnectionRejected) and error.status_code != UNAVAILABLE:
        return click.ClickException(in_its_words(json.loads(error.body or b"{}"), error.status_code))
    said = f"no event stream at {socket} ({reason(error)}): is the daemon running?"
    return NoStream(said)


async def _messages(receive: Any) -> AsyncIterator[Json]:
    while True:
        try:
            yield json.loads(await receive())
        except ConnectionClosed:
            return
