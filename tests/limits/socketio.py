"""Provocations of what clients of the older payment server's Socket.IO can take."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
import trio

from paydaemon.core.errors import Refusal
from paydaemon.hooks.ports import Reply
from paydaemon_socketio.config import SocketIoConfig
from paydaemon_socketio.frontend import SocketIoFrontend
from tests.limits.trial import Trial, provokes, with_value
from tests.socketio.world import TX, Client, Host, Wire, in_base64, running, said, sessions
from tests.support.waiting import until

EVENT = f'42["CRYPTOTRANSFER","{in_base64(TX)}"]'


@asynccontextmanager
async def serving(trial: Trial, small: float, host: Host | None = None) -> AsyncIterator[SocketIoFrontend]:
    """A frontend with this one limit."""
    key = trial.key.removeprefix("frontends.socketio.")
    config = with_value(SocketIoConfig(), key, trial.value(small))
    async with running(host or Host(), config) as frontend:
        yield frontend


async def opened(frontend: SocketIoFrontend, version: int = 3) -> Client:
    client = Client(frontend, version)
    await client.open()
    return client


@provokes("frontends.socketio.limits.sessions", "frontends.socketio.limits.sessions_per_client")
async def one_session_too_many(trial: Trial) -> str:
    async with serving(trial, 1) as frontend:
        await opened(frontend)
        answer = await Client(frontend).get()
    assert answer.status == 403
    message = answer.body.decode().partition('"message":"')[2].removesuffix('"}')
    return f'`403` `{{"code":4,…}}`: {message}; log: a session was refused'


@provokes("frontends.socketio.limits.events_under_way")
async def one_event_too_many(trial: Trial) -> str:
    host = Host(gate=trio.Event())
    async with serving(trial, 1, host) as frontend:
        client = await opened(frontend)
        await client.say(EVENT, EVENT)
        (answer,) = await client.poll()
        error = said(answer)[1]["error"]
    assert error.endswith(": wait for their answers")
    return f"the event is answered at once: {error.removesuffix(': wait for their answers')}"


@provokes("frontends.socketio.limits.queued_messages", "frontends.socketio.limits.queued_bytes")
async def a_client_that_takes_nothing(trial: Trial) -> str:
    async with serving(trial, 120 if trial.key.endswith("_bytes") else 2) as frontend:
        client = await opened(frontend)
        await client.say(*["2"] * 121)
        await until(lambda: sessions(frontend) == 0)
    return "the session is ended: too slow; its client connects again"


@provokes("frontends.socketio.limits.attachment_bytes")
async def a_large_transaction(trial: Trial) -> str:
    async with serving(trial, len(TX) - 1) as frontend:
        client = await opened(frontend)
        await client.emit("CRYPTOTRANSFER", TX)
        answer, error = await client.poll()
        assert (
            said(answer)[1]["error"] == said(error)[1]["error"] == "payload: must be at most 199 bytes long"
        )
        await client.say("4" + "x" * 1_300)
        assert (await client.poll())[-1] == "1"
    return "by an `error`, and by `PAYMENTSERVERERROR`; what is still larger closes the session"


@provokes("frontends.socketio.limits.attachments")
async def many_attachments(trial: Trial) -> str:
    async with serving(trial, 1) as frontend:
        client = await opened(frontend)
        await client.say('452-["CRYPTOTRANSFER"]')
        error, close = await client.poll()
    assert (said(error)[0], close) == ("PAYMENTSERVERERROR", "1")
    return "`PAYMENTSERVERERROR`, and the session is closed"


@provokes("frontends.socketio.limits.body_bytes")
async def a_large_body(trial: Trial) -> str:
    async with serving(trial, 100) as frontend:
        client = await opened(frontend)
        with pytest.raises(Refusal) as refusal:
            await client.post(b"4" * 101)
    return f"`413` `{refusal.value.code}`"


@provokes("frontends.socketio.limits.ping_interval_s")
async def a_session_that_is_quiet(trial: Trial) -> str:
    async with serving(trial, 0.05) as frontend:
        client = await opened(frontend, 4)
        with trio.fail_after(10):
            assert await client.poll() == ["2"]
    return "a ping; who does not answer is noticed by it"


@provokes("frontends.socketio.limits.ping_timeout_s")
async def a_farewell_that_nobody_takes(trial: Trial) -> str:
    async with serving(trial, 0.05) as frontend:
        config = with_value(frontend._config, "limits.ping_interval_s", 0)
    async with running(Host(), config) as frontend, trio.open_nursery() as nursery:
        wire = Wire()
        nursery.start_soon(Client(frontend).talk, wire)
        with trio.fail_after(10):
            await wire.hear_all()
    assert wire.closed is not None
    return f"the session is ended: {wire.closed[1]}"


@provokes("frontends.socketio.limits.speak_within_s")
async def a_session_that_nobody_uses(trial: Trial) -> str:
    async with serving(trial, 0.05) as frontend, trio.open_nursery() as nursery:
        wire = Wire()
        nursery.start_soon(Client(frontend, 4).talk, wire)
        with trio.fail_after(10):
            await wire.hear_all()
    assert wire.closed is not None
    return f"the session is ended: {wire.closed[1]}"


@provokes("frontends.socketio.limits.upgrade_within_s")
async def a_move_without_an_end(trial: Trial) -> str:
    async with serving(trial, 0.05) as frontend:
        client, wire = await opened(frontend), Wire()
        with trio.fail_after(10):
            await client.talk(wire)
        assert wire.closed is not None
        await client.say("2")
        assert await client.poll() == ["3"]
    return "the websocket is closed; polling goes on"


@provokes("frontends.socketio.limits.receipt_wait_s")
async def a_receipt_that_does_not_come(trial: Trial) -> str:
    host = Host(replies=[Reply("transactionGetReceipt", "OK", {"status": "UNKNOWN"})])
    async with serving(trial, 0.6, host) as frontend:
        client = await opened(frontend)
        await client.emit("TRANSACTIONGETRECEIPT", TX)
        with trio.fail_after(10):
            (answer,) = await client.poll()
    assert (said(answer)[1]["receiptStatus"], len(host.asked)) == (21, 2)
    return "the answer tells what is known: the receipt is `UNKNOWN`, or not found"
