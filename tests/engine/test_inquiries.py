"""Questions that are led to a chain, and prompts: whatever it does, whoever asked is told something."""

from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Hashable
from contextlib import asynccontextmanager

import pytest
import trio
from trio.testing import wait_all_tasks_blocked

from paydaemon.core.errors import ErrorType, Refusal, invalid, unavailable
from paydaemon.core.policy import RelayPolicy
from paydaemon.engine.chains import LiveChain
from paydaemon.engine.clock import system_clock
from paydaemon.engine.inquiries import Inquiries
from paydaemon.engine.limits import EngineLimits
from paydaemon.hooks.ports import Reply
from paydaemon.store.sqlite import open_store
from paydaemon.testing.fakechain import FakeChain
from paydaemon.testing.fakenetwork import FakeNetwork

BALANCE = Reply("balance", "OK", {"balance_minor": 7})

Answering = Callable[[], Awaitable[Reply]]


class AskedChain(FakeChain):
    """Answers questions as a test has it, and counts how often it is prompted."""

    answering: Answering
    prompted = 0

    async def ask(self, question: bytes, kinds: Collection[str], *, may_pay: bool, asker: Hashable) -> Reply:
        self.last = question, tuple(kinds), may_pay
        return await self.answering()

    def look_now(self) -> None:
        self.prompted += 1
        if self.prompted > 1:
            raise RuntimeError("a secret")


@asynccontextmanager
async def asking(
    answering: Answering,
    policy: RelayPolicy = RelayPolicy.PAYEES,
    wait_s: float = 5.0,
    per_client: int = 20,
) -> AsyncIterator[tuple[AskedChain, Inquiries, dict[str, LiveChain]]]:
    chain = AskedChain(FakeNetwork(system_clock, "asked"))
    chain.answering = answering
    async with open_store(":memory:", executor="inline") as store:
        live = {
            one.id: LiveChain(one, "fake", store, system_clock, stale_after_ms=1_000, wait_s=1.0)
            for one in (chain, FakeChain(FakeNetwork(system_clock, "plain")))
        }
        limits = EngineLimits(answer_wait_s=wait_s, questions_per_client=per_client)
        yield chain, Inquiries(live, policy, limits), live


async def answers() -> Reply:
    await trio.lowlevel.checkpoint()
    return BALANCE


async def raises() -> Reply:
    await trio.lowlevel.checkpoint()
    raise RuntimeError("a secret")


async def refuses() -> Reply:
    await trio.lowlevel.checkpoint()
    raise invalid("query", "is no question")


async def mumbles() -> Reply:
    await trio.lowlevel.checkpoint()
    return "mumble"  # type: ignore[return-value]


async def waits() -> Reply:
    await trio.sleep(60)
    return BALANCE


@pytest.mark.parametrize(
    ("policy", "may_pay"),
    [(RelayPolicy.OPEN, True), (RelayPolicy.PAYEES, False), (RelayPolicy.INVOICE, False)],
)
async def test_a_question_is_led_to_its_chain(policy: RelayPolicy, may_pay: bool) -> None:
    async with asking(answers, policy) as (chain, inquiries, _):
        assert await inquiries.ask("somebody", "asked", b"?", ["balance"]) == BALANCE
        assert chain.last == (b"?", ("balance",), may_pay)


@pytest.mark.parametrize("does", [raises, mumbles, waits])
async def test_whatever_a_chain_does_is_told_as_away(does: Answering) -> None:
    async with asking(does, wait_s=0.1) as (_, inquiries, _live):
        with pytest.raises(Refusal) as refused:
            await inquiries.ask("somebody", "asked", b"?", ["balance"])
    assert (refused.value.type, refused.value.code) == (ErrorType.UNAVAILABLE, "chain_unavailable")
    assert "secret" not in refused.value.message


async def test_what_a_chain_refuses_is_told_as_it_is() -> None:
    async with asking(refuses) as (_, inquiries, _live):
        with pytest.raises(Refusal, match="is no question") as refused:
            await inquiries.ask("somebody", "asked", b"?", ["balance"])
    assert refused.value.param == "query"


@pytest.mark.parametrize(("chain", "code"), [("plain", "chain_does_not_answer"), ("none", "chain_not_found")])
async def test_a_chain_that_answers_none(chain: str, code: str) -> None:
    async with asking(answers) as (_, inquiries, _live):
        with pytest.raises(Refusal) as refused:
            await inquiries.ask("somebody", chain, b"?", ["balance"])
    assert (refused.value.type, refused.value.code) == (ErrorType.NOT_FOUND, code)


async def test_who_asks_for_what_never_comes_keeps_nobody_else_from_an_answer() -> None:
    """A chain that answers four questions at once, and refuses others, as Hedera's does."""
    under_way: list[trio.CancelScope] = []

    async def waits_in_a_place() -> Reply:
        if len(under_way) >= 4:
            raise unavailable("too_many_questions", "too many")
        with trio.CancelScope() as scope:
            under_way.append(scope)
            await trio.sleep_forever()
        under_way.remove(scope)
        return BALANCE

    async with (
        asking(waits_in_a_place, per_client=3) as (chain, inquiries, _),
        trio.open_nursery() as nursery,
    ):
        for _ in range(3):
            nursery.start_soon(inquiries.ask, "greedy", "asked", b"?", ["balance"])
        await wait_all_tasks_blocked()
        with pytest.raises(Refusal, match="too many questions of yours") as refused:
            await inquiries.ask("greedy", "asked", b"?", ["balance"])
        assert (refused.value.type, refused.value.code) == (ErrorType.UNAVAILABLE, "too_many_questions")
        nursery.start_soon(inquiries.ask, "somebody", "asked", b"?", ["balance"])
        await wait_all_tasks_blocked()
        assert len(under_way) == 4, "there was a place for somebody else"
        for scope in under_way:
            scope.cancel()
        await wait_all_tasks_blocked()
        chain.answering = answers
        assert await inquiries.ask("greedy", "asked", b"?", ["balance"]) == BALANCE
        assert not inquiries._under_way, "nobody is remembered who asks nothing"


async def test_a_prompt_hurts_nobody() -> None:
    async with asking(answers) as (chain, _, live):
        for id in ("asked", "asked", "plain"):
            live[id].look_now()
        assert chain.prompted == 2
