"""Provocations of what those who hand in transactions can take, and the networks that these go to."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from functools import partial
from itertools import count

import pytest
import trio
import trio.testing
from trio_websocket import ConnectionClosed, WebSocketConnection

from paydaemon.core.errors import Refusal
from paydaemon.core.relay import Outcome, RelayStatus
from paydaemon.engine.relays import Wait
from tests.engine.relayed import Relaying, pays, relaying
from tests.engine.test_inquiries import asking, waits
from tests.frontends.relays import PATH, gift, hear, say, submit
from tests.frontends.test_relaysocket import refused_with
from tests.limits.ledger import limited
from tests.limits.trial import Trial, provokes, told
from tests.limits.websockets import closing_code
from tests.support.served import Served, served
from tests.support.waiting import until

SOON_S = 1.5


@asynccontextmanager
async def public(trial: Trial, small: float) -> AsyncIterator[Served]:
    async with served(trial.folder, trial.all(small).frontends, relay_public=True) as daemon:
        yield daemon


@asynccontextmanager
async def limits_of(trial: Trial, small: float) -> AsyncIterator[Relaying]:
    async with relaying() as daemon:
        limited(daemon.world, trial, small)
        yield daemon


@provokes("limits.relay.transaction_bytes")
async def a_large_transaction(trial: Trial) -> str:
    async with public(trial, 20) as daemon, daemon.client() as client, daemon.relay_socket() as socket:
        answer = await client.post(PATH, json={"transaction": "x" * 21})
        await submit(socket, 1, "x" * 21)
        assert (await hear(socket))["error"]["code"] == "too_long"
        await submit(socket, 2, "x" * 2_000)
        return (
            f"{told(answer)}; a websocket that sends still more is closed with `{await closing_code(socket)}`"
        )


@provokes("limits.relay.keyless_sockets")
async def one_websocket_more(trial: Trial) -> str:
    async with public(trial, 1) as daemon, daemon.relay_socket(""):
        status, code = await refused_with(daemon)
        return f"`{status}` `{code}`: the websocket is not opened"


@provokes("limits.relay.keyless_idle_s")
async def a_websocket_that_does_nothing(trial: Trial) -> str:
    async with public(trial, 0.05) as daemon, daemon.relay_socket("") as socket:
        with trio.fail_after(SOON_S):
            return f"the websocket is closed with `{await closing_code(socket)}`"


@provokes("limits.relay.in_flight")
async def a_message_too_many(trial: Trial) -> str:
    async with public(trial, 1) as daemon:
        daemon.engine.hedera.faults_of_relay.waits.add("submit")
        async with daemon.relay_socket() as socket:
            for number in range(2):
                await submit(socket, number, gift(f"tx-{number}"))
            await until(lambda: len(daemon.engine.api.relays.courses) == 1)
            await trio.sleep(0.1)
            assert len(daemon.engine.api.relays.courses) == 1
    return "the next message waits until one is answered"


@provokes("limits.relay.updates_queue")
async def a_client_that_takes_little(trial: Trial) -> str:
    async with public(trial, 1) as daemon, daemon.relay_socket() as socket:
        await submit(socket, 0, gift())
        await hear(socket)
        with trio.fail_after(60):
            return f"the websocket is closed with `{await talked_over(socket)}`"


async def talked_over(socket: WebSocketConnection) -> int:
    """The code by which a websocket is closed that has more to say at once than it may keep."""
    asked = [0]

    async def ask() -> None:
        with suppress(ConnectionClosed):
            for asked[0] in count(1):  # until the kernel takes no more of the answers, nor of these
                await say(socket, asked[0], "follow", transaction_id="tx-1")

    async with trio.open_nursery() as nursery:
        nursery.start_soon(ask)
        while asked[0] != await later(lambda: asked[0]):
            pass
        nursery.cancel_scope.cancel()
    with pytest.raises(ConnectionClosed) as closed:
        await read_all(socket)
    assert closed.value.reason is not None
    return int(closed.value.reason.code)


async def later(number: Callable[[], int]) -> int:
    await trio.sleep(0.5)
    return number()


async def read_all(socket: WebSocketConnection) -> None:
    while True:
        await socket.get_message()


@provokes("limits.relay.unresolved")
async def a_transaction_too_many(trial: Trial) -> str:
    async with limits_of(trial, 1) as daemon:
        daemon.ledger.consensus = trio.Event()
        invoice = await daemon.world.invoice()
        await daemon.hand_in(pays(invoice))
        with pytest.raises(Refusal) as refused:
            await daemon.hand_in(pays(invoice, "tx-2"))
        return f"`503` `{refused.value.code}`"


@provokes("limits.relay.questions_per_client")
async def a_question_too_many(trial: Trial) -> str:
    share = trial.all(1).engine.questions_per_client
    async with asking(waits, per_client=share) as (_, inquiries, _live), trio.open_nursery() as nursery:
        ask = partial(inquiries.ask, "somebody", "asked", b"?", ["balance"])
        nursery.start_soon(ask)
        await trio.testing.wait_all_tasks_blocked()
        with pytest.raises(Refusal) as refused:
            await ask()
        nursery.cancel_scope.cancel()
    return f"a refusal, `{refused.value.code}`: {refused.value.message}"


@provokes("limits.relay.answer_wait_s")
async def a_network_that_takes_its_time(trial: Trial) -> str:
    async with limits_of(trial, 0.05) as daemon:
        daemon.faults.waits.add("submit")
        handed = await daemon.hand_in(pays(await daemon.world.invoice()))
        with trio.fail_after(SOON_S):
            relay = await handed.until(Wait.PRECHECK)
        return f"the answer tells what is known: `{relay.status.value}`"


@provokes("limits.relay.submit_timeout_s", "limits.relay.follow_timeout_s")
async def a_chain_that_never_answers(trial: Trial) -> str:
    call = "submit" if "submit" in trial.key else "follow"
    async with limits_of(trial, 0.05) as daemon:
        daemon.world.limits.follow_pause_s = 0.01
        daemon.faults.waits.add(call)
        handed = await daemon.hand_in(pays(await daemon.world.invoice()))
        with trio.fail_after(SOON_S):
            await until(lambda: handed.course.unanswered >= 2)
        stays = "`received`" if call == "submit" else "as it is"
        assert handed.relay.status is (RelayStatus.RECEIVED if call == "submit" else RelayStatus.ACCEPTED)
        return f"the relay stays {stays}, and the chain is asked again"


@provokes("limits.relay.follow_pause_s", "limits.relay.follow_longest_pause_s")
async def a_chain_that_knows_nothing(trial: Trial) -> str:
    """With pauses that grow to a minute, or begin at a second, this takes longer."""
    answers = 8 if trial.key.endswith("longest_pause_s") else 4
    async with limits_of(trial, 0.05) as daemon:
        daemon.ledger.answers["follow"].extend([Outcome(RelayStatus.UNKNOWN)] * answers)
        if trial.key.endswith("longest_pause_s"):
            daemon.world.limits.follow_pause_s = 0.04
        handed = await daemon.hand_in(pays(await daemon.world.invoice()))
        with trio.fail_after(SOON_S):
            await handed.course.over()
    if trial.key.endswith("longest_pause_s"):
        return "the chain is asked again after no longer"
    return "the chain is asked again after as long"


@provokes("limits.relay.prepared")
async def a_payment_too_many_is_prepared(trial: Trial) -> str:
    async with relaying() as daemon:
        limited(daemon.world, trial, 1)
        invoice = await daemon.world.invoice()
        first, again, _, other = [
            (await daemon.prepare(invoice, payer)).unsigned.transaction_id
            for payer in ("0.0.1002", "0.0.1002", "0.0.1003", "0.0.1002")
        ]
        assert first == again != other
    return "whoever was forgotten is given another one; of the two one is passed on"
