"""Provocations of what an endpoint, and whoever looks its name up, can take."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
import trio

from paydaemon.hooks.notifier import NotTold, Told
from paydaemon_webhook.config import WebhookConfig
from paydaemon_webhook.names import Names
from paydaemon_webhook.notifier import WebhookNotifier
from tests.limits.trial import Trial, provokes, with_value
from tests.support.waiting import until
from tests.webhook.wires import Saying, answer, dripping_head, endless_body, serving, silent
from tests.webhook.world import LOOPBACK, notice, target


@asynccontextmanager
async def telling(trial: Trial, small: float) -> AsyncIterator[WebhookNotifier]:
    """A notifier that runs, with this one limit."""
    key = trial.key.removeprefix("notifiers.webhook.")
    config = with_value(WebhookConfig(allow=tuple(LOOPBACK)), key, trial.value(small))
    notifier = WebhookNotifier("webhook", config)
    async with trio.open_nursery() as nursery:
        await nursery.start(notifier.run)
        yield notifier
        nursery.cancel_scope.cancel()


@provokes("notifiers.webhook.limits.connect_timeout_s")
async def a_handshake_without_an_end(trial: Trial) -> str:
    async with telling(trial, 0.1) as notifier, serving(silent) as port:
        with pytest.raises(NotTold, match=r"no connection in time$"):
            await notifier.tell(target(f"https://127.0.0.1:{port}/"), [notice()])
    return "the delivery fails, and is tried again: no connection in time"


@provokes("notifiers.webhook.limits.answer_timeout_s")
async def an_endpoint_that_is_silent(trial: Trial) -> str:
    async with telling(trial, 0.1) as notifier, serving(silent) as port:
        with pytest.raises(NotTold, match=r"no answer in 0\.1 s$"):
            await notifier.tell(target(f"http://127.0.0.1:{port}/"), [notice()])
    return "the delivery fails, and is tried again: no answer in so many seconds"


@provokes("notifiers.webhook.limits.timeout_s")
async def an_answer_without_an_end(trial: Trial) -> str:
    async with telling(trial, 0.1) as notifier, serving(dripping_head) as port:
        with pytest.raises(NotTold, match=r"it took longer than 0\.1 s$"):
            await notifier.tell(target(f"http://127.0.0.1:{port}/"), [notice()])
    return "the delivery fails, and is tried again: it took longer than so many seconds"


@provokes("notifiers.webhook.limits.answer_bytes")
async def a_body_without_an_end(trial: Trial) -> str:
    async with telling(trial, 100) as notifier, serving(endless_body) as port:
        began_s = trio.current_time()
        assert await notifier.tell(target(f"http://127.0.0.1:{port}/"), [notice()]) == Told(200, "OK")
        assert trio.current_time() - began_s < 1
    return "the connection is closed; what was answered holds"


@provokes("notifiers.webhook.limits.connections")
async def more_notices_than_connections(trial: Trial) -> str:
    server = Saying(answer(), pause_s=0.02)
    async with telling(trial, 1) as notifier, serving(server) as port, trio.open_nursery() as nursery:
        for _ in range(3):
            nursery.start_soon(notifier.tell, target(f"http://127.0.0.1:{port}/"), [notice()])
    assert (len(server.requests), server.most) == (3, 1)
    return "the next notice to it waits"


@provokes("notifiers.webhook.limits.idle_s")
async def a_connection_that_nobody_uses(trial: Trial) -> str:
    server = Saying(answer())
    async with telling(trial, 0.1) as notifier, serving(server) as port:
        await notifier.tell(target(f"http://127.0.0.1:{port}/"), [notice()])
        assert server.open == 1
        await until(lambda: server.open == 0)
    return "the connection is closed"


@provokes("notifiers.webhook.limits.endpoints_kept")
async def more_endpoints_than_are_kept(trial: Trial) -> str:
    server = Saying(answer())
    async with telling(trial, 2) as notifier, serving(server) as port:
        for id in ("we_a", "we_b", "we_c"):
            await notifier.tell(target(f"http://127.0.0.1:{port}/", id=id), [notice()])
        assert server.open == 3
        await until(lambda: server.open == 2)
        await notifier.tell(target(f"http://127.0.0.1:{port}/", id="we_b"), [notice()])
        assert server.opened == 3
    return "connections to the one that was longest not told anything are closed"


@provokes("notifiers.webhook.limits.lookups")
async def more_names_than_are_looked_up_at_once(trial: Trial) -> str:
    names = Names(int(trial.value(1)))
    async with names._threads, trio.open_nursery() as nursery:
        nursery.start_soon(names.look_up, "localhost", None)
        await until(lambda: names._threads.statistics().tasks_waiting == 1)
        nursery.cancel_scope.cancel()
    return "the next endpoint waits until its name is looked up"
