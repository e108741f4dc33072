"""The event stream over the daemon's Unix socket, as commands read it."""

import json
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import click
import trio
from trio_websocket import ConnectionClosed, HandshakeError, wrap_client_stream

from paydaemon.cli.ending import reason

Json = dict[str, Any]


@asynccontextmanager
async def follow(socket: Path, query: Mapping[str, str]) -> AsyncIterator[AsyncIterator[Json]]:
    """Events as they come, live pushes included; ends when the daemon does."""
    async with trio.open_nursery() as nursery:
        try:
            stream = await trio.open_unix_socket(str(socket))
            connection = await wrap_client_stream(
                nursery, stream, "paydaemon", f"/v1/events?{urlencode(query)}"
            )
        except (OSError, HandshakeError) as error:
            said = f"no event stream at {socket} ({reason(error)}): is the daemon running?"
            raise click.ClickException(said) from error
        async with connection:
            yield _messages(connection.get_message)
        nursery.cancel_scope.cancel()


async def _messages(receive: Any) -> AsyncIterator[Json]:
    while True:
        try:
            yield json.loads(await receive())
        except ConnectionClosed:
            return
