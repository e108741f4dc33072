"""Provocations of what a publisher may take."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
import trio
from trio_websocket import WebSocketRequest, serve_websocket

from paydaemon.hooks.notifier import NotTold, Told
from paydaemon_socketio.publisher.notifier import PublisherNotifier
from tests.limits.trial import Trial, provokes, with_value
from tests.publisher.world import SITE, config, keep_key, notice, telling
from tests.webhook.wires import dripping_head, endless_body, serving, silent


@asynccontextmanager
async def limited(trial: Trial, url: str, small: float) -> AsyncIterator[PublisherNotifier]:
    """A notifier that runs, with this one limit."""
    settings = config(url=url, key=keep_key(trial.folder))
    key = trial.key.removeprefix("notifiers.publisher.")
    async with telling(with_value(settings, key, trial.value(small))) as notifier:
        yield notifier


@provokes("notifiers.publisher.limits.connect_timeout_s")
async def a_handshake_without_an_end(trial: Trial) -> str:
    async with serving(silent) as port, limited(trial, f"https://127.0.0.1:{port}/", 0.1) as notifier:
        with pytest.raises(NotTold, match=r"^no connection in time$"):
            await notifier.tell(SITE, [notice()])
    return "the delivery fails, and is tried again: no connection in time"


@provokes("notifiers.publisher.limits.answer_timeout_s")
async def a_publisher_that_is_silent(trial: Trial) -> str:
    async with serving(silent) as port, limited(trial, f"http://127.0.0.1:{port}/", 0.1) as notifier:
        with pytest.raises(NotTold, match=r"^no answer in 0\.1 s$"):
            await notifier.tell(SITE, [notice()])
    return "the delivery fails, and is tried again: no answer in so many seconds"


@provokes("notifiers.publisher.limits.timeout_s")
async def an_answer_without_an_end(trial: Trial) -> str:
    async with serving(dripping_head) as port, limited(trial, f"http://127.0.0.1:{port}/", 0.1) as notifier:
        with pytest.raises(NotTold, match=r"^it took longer than 0\.1 s$"):
            await notifier.tell(SITE, [notice()])
    return "the delivery fails, and is tried again: it took longer than so many seconds"


@provokes("notifiers.publisher.limits.answer_bytes")
async def more_than_is_read(trial: Trial) -> str:
    """Of an answer, and of a message of a Socket.IO server's."""

    async def babbles(request: WebSocketRequest) -> None:
        await (await request.accept()).send_message("0" * 1_000)

    async with serving(endless_body) as port, limited(trial, f"http://127.0.0.1:{port}/", 100) as notifier:
        with trio.fail_after(1):
            assert await notifier.tell(SITE, [notice()]) == Told(200, "OK")
    async with trio.open_nursery() as nursery:
        server = await nursery.start(serve_websocket, babbles, "127.0.0.1", 0, None)
        settings = config(socket_url=f"ws://127.0.0.1:{server.port}")
        async with telling(with_value(settings, "limits.answer_bytes", 100)) as notifier:
            with pytest.raises(NotTold, match="it ended the websocket"):
                await notifier.tell(SITE, [notice()])
        nursery.cancel_scope.cancel()
    return (
        "the rest of an answer is not read, and what was answered holds; a longer message ends the "
        "connection, and the delivery is tried again"
    )


@provokes("notifiers.publisher.limits.events_at_once")
async def more_events_than_go_over_one_connection(trial: Trial) -> str:
    settings = config(socket_url="ws://127.0.0.1:1", limits={"events_at_once": trial.value(2)})
    assert [audience.batch for audience in PublisherNotifier("publisher", settings).audiences] == [2]
    return "the rest goes over the next connection"
