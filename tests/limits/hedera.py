"""Provocations of what a Hedera network's mirror and nodes, and whoever hands in transactions, can take."""

import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial

import pytest
import trio

from paydaemon.core.errors import ErrorType, Refusal
from paydaemon.core.relay import Outcome, RelayStatus
from paydaemon_hedera import outcomes
from paydaemon_hedera.errors import MirrorUnavailable
from paydaemon_hedera.kinds import BALANCE, RECEIPT
from paydaemon_hedera.proto import response_code_pb2 as rc
from paydaemon_hedera.sandbox.faults import Call, Fault, Kind
from tests.hedera.front import HANG_UP, SILENCE
from tests.hedera.test_accounts import about_keys, shortened
from tests.hedera.test_extension import the_world
from tests.hedera.world import PAYEE, World, world
from tests.limits.trial import Trial, provokes
from tests.support.waiting import until

SOON_S = 1.5
FAILED, UNKNOWN = RelayStatus.FAILED, RelayStatus.UNKNOWN
ELSEWHERE = (
    "the transaction goes to the next node it is signed for; after the last one the relay has `failed`"
)


@asynccontextmanager
async def small_world(trial: Trial, small: float, **others: object) -> AsyncIterator[World]:
    """A world with this one limit."""
    key = trial.key.removeprefix("chains.hedera.")
    base = {"limits.mirror_tries": 1, "limits.submit_tries": 1}
    # A "." makes it a key that is set whatever its range is.
    name = key if "." in key else f".{key}"
    async with world(**{**base, **others, name: trial.value(small)}) as here:
        yield here


def arm(here: World, kind: Kind, *, call: Call = Call.SUBMIT, node: int | None = None, code: int = 0) -> None:
    here.sandbox.faults.arm(Fault(kind, call, node, None, code, delay_ms=5_000))


# --- The mirror


@provokes("chains.hedera.poll_interval_s")
async def time_that_passes(trial: Trial) -> str:
    async with small_world(trial, 0.06) as here, here.watching():
        with trio.fail_after(SOON_S):
            await until(lambda: sum("/blocks" in path for path in here.front.asked) >= 6)
    return "the mirror is looked at"


@provokes("chains.hedera.limits.mirror_timeout_s")
async def a_mirror_that_is_silent(trial: Trial) -> str:
    async with small_world(trial, 0.1) as here, here.watching() as chain:
        here.front.always(SILENCE)
        await until(lambda: not here.healthy())
        assert chain.health().reason == "the mirror does not answer in time"
    return "the chain is stale: the mirror does not answer in time"


@provokes("chains.hedera.limits.mirror_tries")
async def a_mirror_that_hangs_up(trial: Trial) -> str:
    async with small_world(trial, 2) as here, here.watching() as chain:
        here.front.always(HANG_UP)
        await until(lambda: not here.healthy())
        here.front.asked.clear()
        with pytest.raises(MirrorUnavailable):
            await chain._mirror.decimals("0.0.1")
        assert here.front.asked.count("/api/v1/tokens/0.0.1") == 2
    return "the chain is stale"


@provokes("chains.hedera.limits.mirror_answer_bytes")
async def a_mirror_that_says_too_much(trial: Trial) -> str:
    async with small_world(trial, 10) as here, here.watching(ready=False) as chain:
        await until(lambda: "larger than 10 bytes" in chain.health().reason)
    return "the chain is stale: the answer is larger than so many bytes"


@provokes("chains.hedera.limits.mirror_calls")
async def a_question_too_many(trial: Trial) -> str:
    async with small_world(trial, 1) as here, here.chain._mirror as mirror:
        here.front.always(SILENCE)
        async with trio.open_nursery() as nursery:
            for _ in range(2):
                nursery.start_soon(mirror.newest_ns)
            await until(lambda: len(here.front.asked) == 1)
            await trio.sleep(0.05)
            assert len(here.front.asked) == 1
            nursery.cancel_scope.cancel()
    return "the next question waits"


@provokes("chains.hedera.limits.mirror_requests_per_s")
async def many_questions_in_a_second(trial: Trial) -> str:
    async with small_world(trial, 20) as here, here.chain._mirror as mirror:
        began_at = trio.current_time()
        for _ in range(7):
            await mirror.newest_ns()
        assert trio.current_time() - began_at >= 6 / 20
    return "the next question waits"


@provokes("chains.hedera.limits.longest_pause_s")
async def a_mirror_that_is_away(trial: Trial) -> str:
    async with small_world(trial, 0.05) as here:
        here.front.always(HANG_UP)
        async with here.watching(ready=False):
            with trio.fail_after(4 * SOON_S):  # with pauses that double it would be after 0.25 s · (2⁵ - 1)
                await until(lambda: len(here.front.asked) >= 6)
    return "the mirror is tried again"


@provokes("chains.hedera.limits.page")
async def more_than_a_page(trial: Trial) -> str:
    async with small_world(trial, 2) as here:
        async with here.watching():
            pass
        for number in range(5):
            here.pay(f"n{number}")
        await until(lambda: here.balance(PAYEE) == 5_000)
        here.front.asked.clear()
        async with here.watching():
            await until(lambda: len(here.host.payments) == 5)
        assert sum("limit=2&" in path for path in here.front.asked) >= 3
    return "the rest is told on the next page"


@provokes("chains.hedera.limits.told_at_once")
async def much_to_tell(trial: Trial) -> str:
    async with small_world(trial, 2) as here:
        async with here.watching():
            pass
        for number in range(5):
            here.pay(f"n{number}")
        await until(lambda: here.balance(PAYEE) == 5_000)
        async with here.watching():
            await until(lambda: len(here.host.payments) == 5)
        assert max(len(told.observations) for told in here.host.told) == 2
    return "the rest is told in the next go"


@provokes("chains.hedera.limits.overlap_s")
async def a_mirror_that_learns_very_late(trial: Trial) -> str:
    async with small_world(trial, 10) as here, here.watching() as chain:
        here.sandbox.faults.arm(Fault(Kind.HOLD, Call.MIRROR, delay_ms=60_000))
        here.pay("late")
        await until(lambda: here.balance(PAYEE) == 1_000)
        for _ in range(2):
            here.sandbox.clock.advance(31)
            await here.looked()
        assert chain._watcher is not None
        chain._watcher._again_at = -1.0
        await here.looked()
        assert here.host.payments == {}
    return "what the mirror learns later still is not seen"


# --- Keys


@provokes("chains.hedera.limits.keys_remembered")
async def keys_of_many_accounts(trial: Trial) -> str:
    async with small_world(trial, 1) as here, here.watching() as chain:
        transfer = here.inspect(shortened(here.signed()))
        before = about_keys(here)
        for _ in range(2):
            await chain.verify(transfer)
        assert about_keys(here) == before + 4
    return "the key longest known is forgotten, and asked for at its next use"


@provokes("chains.hedera.limits.keys_for_s")
async def a_key_that_was_asked_for_long_ago(trial: Trial) -> str:
    async with small_world(trial, 0) as here, here.watching() as chain:
        transfer = here.inspect(shortened(here.signed()))
        before = about_keys(here)
        for _ in range(2):
            await chain.verify(transfer)
        assert about_keys(here) == before + 4
    return "the key is asked for again"


@provokes("chains.hedera.limits.keys_waiting")
async def keys_that_many_ask_for(trial: Trial) -> str:
    async with small_world(trial, 1) as here, here.watching() as chain:
        transfer = here.inspect(shortened(here.signed()))
        here.front.says = lambda path: SILENCE if "/accounts/" in path else None
        async with trio.open_nursery() as nursery:
            for _ in range(5):  # four turns, which are half of those at the mirror, and one that waits
                nursery.start_soon(chain.verify, transfer)
            await until(lambda: chain._relay._accounts._turns.statistics().tasks_waiting == 1)
            with pytest.raises(Refusal) as refused:
                await chain.verify(transfer)
            nursery.cancel_scope.cancel()
    # The daemon's own word for whatever a chain cannot check now.
    assert refused.value.type is ErrorType.UNAVAILABLE
    return "`503` `chain_unavailable` for a transaction that needs them"


# --- Nodes


@provokes("chains.hedera.limits.book_again_s")
async def a_node_that_is_missed(trial: Trial) -> str:
    async with small_world(trial, 0.05, nodes=None) as here, here.watching() as chain:
        await until(lambda: bool(chain._nodes.ids))
        read = sum("/network/nodes" in path for path in here.front.asked)
        chain._nodes.missed.set()
        with trio.fail_after(SOON_S):
            await until(lambda: sum("/network/nodes" in path for path in here.front.asked) == read + 1)
    return "the address book is read again"


@provokes("chains.hedera.limits.connect_timeout_s")
async def a_node_that_takes_no_connection(trial: Trial) -> str:
    with socket.create_server(("127.0.0.1", 0), backlog=0) as silent:
        nodes = {"0.0.3": f"127.0.0.1:{silent.getsockname()[1]}"}
        async with small_world(trial, 0.2, nodes=nodes) as here, here.watching():
            with trio.fail_after(SOON_S):
                _, outcome = await here.hand_in(here.signed())
    assert (outcome.status, outcome.precheck) == (FAILED, None)
    return ELSEWHERE


@provokes("chains.hedera.limits.submit_timeout_s")
async def a_node_that_is_silent(trial: Trial) -> str:
    async with small_world(trial, 0.1, **{"limits.submit_tries": 2}) as here, here.watching():
        arm(here, Kind.LATENCY)
        with trio.fail_after(SOON_S):
            _, outcome = await here.hand_in(here.signed())
    assert outcome.status is UNKNOWN
    return "it is handed to the same node again; then the relay is `unknown`"


@provokes("chains.hedera.limits.submit_tries")
async def a_node_that_stays_busy(trial: Trial) -> str:
    async with small_world(trial, 2) as here, here.watching():
        arm(here, Kind.CODE, code=rc.BUSY)
        _, outcome = await here.hand_in(here.signed(nodes=(3, 4)))
        assert [one.node for one in here.sandbox.network.submissions] == [3, 3, 4, 4]
    assert outcome.status is FAILED
    return ELSEWHERE


@provokes("chains.hedera.limits.submit_nodes")
async def several_busy_nodes(trial: Trial) -> str:
    async with small_world(trial, 1) as here, here.watching():
        arm(here, Kind.CODE, code=rc.BUSY, node=3)
        _, outcome = await here.hand_in(here.signed(nodes=(3, 4)))
    assert outcome.status is FAILED
    return "the relay has `failed`"


@provokes("chains.hedera.limits.receipt_timeout_s")
async def a_node_that_tells_nothing(trial: Trial) -> str:
    async with small_world(trial, 0.1) as here, here.watching():
        transfer, _ = await here.hand_in(here.signed())
        arm(here, Kind.LATENCY, call=Call.RECEIPT)
        with trio.fail_after(SOON_S), pytest.MonkeyPatch.context() as patch:
            patch.setattr(outcomes, "_RECEIPTS_ALONE_S", 0.0)
            outcome = await here.follow(transfer)
    assert outcome == Outcome(RelayStatus.SUCCEEDED, receipt="SUCCESS")
    return "another node is asked, and then the mirror"


# --- Questions of clients


@provokes("chains.hedera.limits.asks")
async def a_question_of_a_client_too_many(trial: Trial) -> str:
    async with small_world(trial, 1) as here, here.watching() as chain:
        here.front.says = lambda path: SILENCE if "/accounts/0.0.1003" in path else None
        ask = partial(chain.ask, the_world(here).balance(1003), (BALANCE,), may_pay=False, asker="somebody")
        async with trio.open_nursery() as nursery:
            nursery.start_soon(ask)
            await until(lambda: chain._inquiry._under_way == 1)
            with pytest.raises(Refusal, match="too many questions are being answered already") as refused:
                await ask()
            nursery.cancel_scope.cancel()
    return f"a refusal, `{refused.value.code}`: {refused.value.message}"


@provokes("chains.hedera.limits.ask_s")
async def a_receipt_that_is_not_there_yet(trial: Trial) -> str:
    async with small_world(trial, 0.2) as here, here.watching() as chain:
        raw = the_world(here).receipt(the_world(here).transfer([(PAYEE, 1)]))
        with trio.fail_after(SOON_S):
            told = await chain.ask(raw, (RECEIPT,), may_pay=False, asker="somebody")
    return f"of a receipt that is not there yet, the status `{told.content['status']}`"


@provokes("chains.hedera.limits.follow_s")
async def an_outcome_that_nobody_tells(trial: Trial) -> str:
    async with small_world(trial, 0.2) as here, here.watching():
        transfer = here.inspect(here.signed())
        with trio.fail_after(SOON_S):
            assert (await here.follow(transfer)).status is UNKNOWN
    return "the relay is `unknown`, and asked about again later"


@provokes("chains.hedera.limits.absence_after_s")
async def a_transaction_that_never_arrived(trial: Trial) -> str:
    async with small_world(trial, 300, **{"limits.follow_s": 0.4}) as here, here.watching():
        transfer = here.inspect(here.signed())
        here.sandbox.clock.advance(400)
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(outcomes, "_RECEIPTS_ALONE_S", 0.0)
            patch.setattr(outcomes, "_FIRST_PAUSE_S", 0.01)
            assert (await here.follow(transfer)).status is UNKNOWN
            here.sandbox.clock.advance(50)
            await until(partial(_has_failed, here, transfer))
    return "until then the relay stays `unknown`; then it has `failed`"


async def _has_failed(here: World, transfer: object) -> bool:
    return (await here.follow(transfer)).status is FAILED  # type: ignore[arg-type]


@provokes("chains.hedera.limits.calls")
async def a_call_too_many(trial: Trial) -> str:
    async with small_world(trial, 1) as here, here.watching() as chain:
        arm(here, Kind.HANG)
        async with trio.open_nursery() as nursery:
            for memo in ("a", "b"):
                nursery.start_soon(
                    partial(chain.submit, here.inspect(here.signed(memo=memo)), in_doubt=False)
                )
            await until(lambda: len(here.taken()) == 1)
            await trio.sleep(0.05)
            assert len(here.taken()) == 1
            nursery.cancel_scope.cancel()
    return "the next call waits"


# --- What is remembered


@provokes("chains.hedera.limits.read_bytes")
async def much_that_was_read(trial: Trial) -> str:
    async with small_world(trial, 1) as here, here.watching() as chain:
        first, second = (here.inspect(here.signed(memo=memo)) for memo in ("a", "b"))
        memory = chain._relay._memory
        assert (memory.recall(first), memory.recall(second) is None) == (None, False)
        assert (await chain.submit(first, in_doubt=False)).status is RelayStatus.ACCEPTED
    return "the oldest is forgotten, and read anew when it is needed"
