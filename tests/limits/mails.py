"""Provocations of what a mail server, and whoever reads the mails, can take."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
import trio

from paydaemon.hooks.notifier import NotTold
from paydaemon_email.config import EmailConfig
from paydaemon_email.notifier import EmailNotifier
from tests.email.wires import Handler, Polite, dripping, saying, serving
from tests.email.world import OPS, received
from tests.limits.trial import Trial, provokes, with_value
from tests.support.waiting import until


@asynccontextmanager
async def telling(trial: Trial, handle: Handler, small: float) -> AsyncIterator[EmailNotifier]:
    """A notifier that runs, with this one limit."""
    async with serving(handle) as port, trio.open_nursery() as nursery:
        table = {
            "host": "127.0.0.1",
            "port": port,
            "security": "none",
            "sender": "payments@shop.example",
            "operators": {"ops": "ops@shop.example"},
        }
        key = trial.key.removeprefix("notifiers.email.")
        config = with_value(EmailConfig.model_validate(table), key, trial.value(small))
        notifier = EmailNotifier("email", config)
        await nursery.start(notifier.run)
        yield notifier
        nursery.cancel_scope.cancel()


@provokes("notifiers.email.timeout_s")
async def a_server_that_does_not_answer(trial: Trial) -> str:
    async with telling(trial, saying(), 0.1) as notifier:
        with pytest.raises(NotTold, match=r"no answer in 0\.1 s$"):
            await notifier.tell(OPS, [received()])
    return "the delivery fails, and is tried again: no answer in so many seconds"


@provokes("notifiers.email.limits.mail_timeout_s")
async def a_server_that_answers_without_an_end(trial: Trial) -> str:
    async with telling(trial, dripping, 0.1) as notifier:
        with pytest.raises(NotTold, match=r"it took longer than 0\.1 s$"):
            await notifier.tell(OPS, [received()])
    return "the delivery fails, and is tried again: it took longer than so many seconds"


@provokes("notifiers.email.limits.connections")
async def more_mails_than_connections(trial: Trial) -> str:
    server = Polite(pause_s=0.02)
    async with telling(trial, server, 1) as notifier, trio.open_nursery() as nursery:
        for _ in range(3):
            nursery.start_soon(notifier.tell, OPS, [received()])
    assert (server.taken, server.most) == (3, 1)
    return "the next mail waits"


@provokes("notifiers.email.limits.idle_s")
async def a_connection_that_nobody_uses(trial: Trial) -> str:
    server = Polite()
    async with telling(trial, server, 0.1) as notifier:
        await notifier.tell(OPS, [received()])
        assert server.open == 1
        await until(lambda: server.open == 0)
    return "the connection is closed"


@provokes("notifiers.email.limits.mails_per_connection")
async def a_connection_that_is_used_up(trial: Trial) -> str:
    server = Polite()
    async with telling(trial, server, 2) as notifier:
        for _ in range(3):
            await notifier.tell(OPS, [received()])
    assert (server.taken, server.opened) == (3, 2)
    return "the next mail goes over another connection"


@provokes("notifiers.email.limits.digest_from")
async def many_that_wait_for_one(trial: Trial) -> str:
    server = Polite()
    async with telling(trial, server, 3) as notifier:
        await notifier.tell(OPS, [received(), received()])
        assert server.taken == 2
        await notifier.tell(OPS, [received(), received(), received()])
    assert server.taken == 3
    return "one mail tells of all of them"


@provokes("notifiers.email.limits.digest_events")
async def more_than_one_digest_tells_of(trial: Trial) -> str:
    async with telling(trial, Polite(), 2) as notifier:
        assert [audience.batch for audience in notifier.audiences] == [2]
    return "the rest is told in the next mails"
