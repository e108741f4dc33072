"""What is not taken is tried again, later and later, and parked in the end; what comes behind it goes on."""

from collections.abc import Callable
from itertools import pairwise

import pytest
import trio
from trio.testing import MockClock

from paydaemon.core.access import LOCAL_OPERATOR
from paydaemon.core.delivery import DeliveryState
from paydaemon.core.errors import Refusal
from paydaemon.engine.deliveries import DeliveryLimits, Records
from paydaemon.hooks.notifier import Audience, Notice, NotTold, Target, Told
from tests.deliveries.office import Office, office
from tests.deliveries.played import is_away, refuses

DAY_S = 86_400
PENDING, PARKED, DELIVERED = DeliveryState.PENDING, DeliveryState.PARKED, DeliveryState.DELIVERED


def refuses_what_is_about(about: str, *, target_down: bool = True):  # type: ignore[no-untyped-def]
    def say(target: Target, notices: object) -> Told:
        for notice in notices:  # type: ignore[attr-defined]
            if notice.body["data"]["chain"] == about:
                raise NotTold("no", status=500, target_down=target_down)
        return Told()

    return say


async def test_pauses_grow_up_to_the_longest_and_then_it_is_parked(autojump_clock: MockClock) -> None:
    async with office() as desk:
        await desk.endpoint("we_1")
        desk.notifier.says["we_1"] = is_away
        await desk.happen("a")
        await trio.sleep(4 * DAY_S)
        tries = desk.notifier.tried("we_1")
        pauses = [later - sooner for sooner, later in pairwise(tries)]
        assert all(2.4 < pause < 21_600.1 for pause in pauses)
        assert all(pause <= 5.1 * 2**number for number, pause in enumerate(pauses))
        assert max(pauses) > 3_600
        assert 3 * DAY_S <= tries[-1] < 3.3 * DAY_S
        one = await desk.state("we_1", 1)
        assert (one.state, one.attempts, one.reason) == (PARKED, len(tries), "connection refused")
        assert len(await desk.store.read(lambda reader: reader.attempts(one.id))) == 20
        assert await desk.types() == ["chain.stale", "delivery.parked"]


async def test_what_waits_with_it_for_as_long_is_parked_with_it(autojump_clock: MockClock) -> None:
    async with office() as desk:
        await desk.endpoint("we_1")
        desk.notifier.says["we_1"] = is_away
        for number in range(1_000):
            await desk.happen(str(number % 7))
        await trio.sleep(2 * DAY_S)
        await desk.happen("later")
        await trio.sleep(2 * DAY_S)
        assert await desk.count("we_1", PARKED) == 1_000
        assert (await desk.state("we_1", 1_001)).state is PENDING
        assert (await desk.types()).count("delivery.parked") == 1, "one for all of them"
        del desk.notifier.says["we_1"]
        await trio.sleep(DAY_S)
        assert desk.notifier.seqs("we_1") == [1_001]


async def test_one_that_is_refused_for_good_is_parked_and_the_next_goes_on(autojump_clock: MockClock) -> None:
    async with office() as desk:
        await desk.endpoint("we_1")
        await desk.endpoint("we_2")
        desk.notifier.says["we_1"] = refuses
        for _ in range(3):
            await desk.happen("a")
        await trio.sleep(1)
        assert await desk.count("we_1", PARKED) == 3
        assert len(desk.notifier.tried("we_1")) == 3
        assert (await desk.target("we_1")).condition.is_down is False
        [parked] = [notice for notice in desk.notifier.taken["we_2"] if notice.type == "delivery.parked"]
        assert parked.body["data"]["target"] == "we_1"  # type: ignore[index]


async def test_two_that_are_away_do_not_tell_of_each_other_without_end(autojump_clock: MockClock) -> None:
    async with office() as desk:
        for id in ("we_1", "we_2"):
            await desk.endpoint(id)
            desk.notifier.says[id] = refuses
        await desk.happen("a")
        await trio.sleep(DAY_S)
        assert await desk.types() == ["chain.stale", "delivery.parked", "delivery.parked"]


@pytest.mark.parametrize("says", [refuses, is_away])
async def test_what_is_parked_after_word_of_another_is_told_of(
    autojump_clock: MockClock, says: Callable[..., Told]
) -> None:
    """That word itself is not, but it must not stand for all that is lost behind it."""
    async with office() as desk:
        for id in ("we_1", "we_2"):
            await desk.endpoint(id)
            desk.notifier.says[id] = says
            if id == "we_1":
                await desk.happen("a")
        await trio.sleep(8 * DAY_S)
        assert await desk.count("we_2", PARKED) == 1, "that we_1 could not be told"
        await desk.happen("b")
        await trio.sleep(8 * DAY_S)
        assert await desk.types() == ["chain.stale", "delivery.parked", "chain.stale", "delivery.parked"]


@pytest.mark.parametrize("target_down", [True, False])
async def test_one_that_fails_by_its_own_fault_holds_up_only_its_own_kind(
    autojump_clock: MockClock, target_down: bool
) -> None:
    async with office() as desk:
        await desk.endpoint("we_1")
        desk.notifier.says["we_1"] = refuses_what_is_about("bad", target_down=target_down)
        for number in range(50):
            await desk.happen("bad" if number % 10 == 0 else str(number))
        await trio.sleep(60)
        assert len(desk.notifier.seqs("we_1")) == 45
        for _ in range(20):
            await trio.sleep(600)
            await desk.happen("good")
        await trio.sleep(1_300)  # after failures in 600 s, the longest pause that can follow
        assert len(desk.notifier.seqs("we_1")) == 65
        tried = sum(notice.body["data"]["chain"] == "bad" for notice in notices(desk))  # type: ignore[index]
        assert 5 < tried < (150 if target_down else 30), "one of the five, later and later"


async def test_what_was_never_tried_comes_before_what_fails_whenever_it_is(autojump_clock: MockClock) -> None:
    """However many of those there are, it waits for one pause of the target's, and not for one of each."""
    async with office() as desk:
        await desk.endpoint("we_1")
        desk.notifier.says["we_1"] = refuses_what_is_about("bad", target_down=True)
        for _ in range(5):
            await desk.happen("bad")
        await trio.sleep(300)
        good = await desk.happen("good")
        await trio.sleep(650)
        assert desk.notifier.seqs("we_1") == [good.seq]


def notices(desk: Office) -> list[Notice]:
    return [notice for call in desk.notifier.calls for notice in call.notices]


@pytest.mark.parametrize(("asked_s", "waits_s"), [(100.0, 100), (0.0, 1), (10.0**9, 21_600)])
async def test_a_recipient_may_ask_for_a_pause_within_bounds(
    autojump_clock: MockClock, asked_s: float, waits_s: float
) -> None:
    def busy(target: Target, notices: object) -> Told:
        raise NotTold("busy", status=429, retry_after_s=asked_s)

    async with office() as desk:
        await desk.endpoint("we_1")
        desk.notifier.says["we_1"] = busy
        await desk.happen("a")
        await desk.until(lambda: len(desk.notifier.calls) == 2, step_s=waits_s / 20)
        first_s, second_s = desk.notifier.tried("we_1")
        assert second_s - first_s == pytest.approx(waits_s, abs=0.1)


async def test_what_a_notifier_raises_or_returns_is_its_own_trouble(autojump_clock: MockClock) -> None:
    def broken(target: Target, notices: object) -> object:
        raise ValueError("the password is hunter2")

    def leaves(target: Target, notices: object) -> object:
        raise SystemExit(1)

    async with office() as desk:
        says = {"we_raises": broken, "we_leaves": leaves, "we_lies": lambda *_: "told you so"}
        for id, say in says.items():
            await desk.endpoint(id)
            desk.notifier.says[id] = say
        await desk.endpoint("we_well")
        await desk.happen("a")
        await trio.sleep(1)
        assert desk.notifier.seqs("we_well") == [1]
        reasons = {id: (await desk.state(id, 1)).reason for id in says}
        assert reasons == {
            "we_raises": "the notifier failed: ValueError",
            "we_leaves": "the notifier failed: SystemExit",
            "we_lies": "the notifier failed: TypeError",
        }
        assert (await desk.state("we_raises", 1)).state is PENDING


async def test_many_at_once_are_handed_over_in_order_and_one_that_fails_goes_alone(
    autojump_clock: MockClock,
) -> None:
    async with office(Audience("operator", batch=10)) as desk:
        id = "played:operator"
        desk.notifier.says[id] = is_away
        for number in range(25):
            await desk.happen(str(number % 3))
        await trio.sleep(30)
        desk.notifier.says[id] = refuses_what_is_about("1", target_down=False)
        desk.notifier.calls.clear()
        await trio.sleep(600)
        assert desk.notifier.most_under_way[id] == 1
        sizes = [len(call.notices) for call in desk.notifier.calls]
        assert max(sizes) == 10
        assert {n.seq for n in desk.notifier.taken[id]} == {seq for seq in range(1, 26) if seq % 3 != 2}
        for call in desk.notifier.calls:
            seqs = [notice.seq for notice in call.notices]
            assert seqs == sorted(seqs)
        del desk.notifier.says[id]
        await trio.sleep(DAY_S / 2)
        assert sorted(desk.notifier.seqs(id)) == list(range(1, 26))
        told = [notice.seq for notice in desk.notifier.taken[id] if notice.seq % 3 == 2]
        assert told == sorted(told)


async def test_what_is_parked_is_tried_again_in_its_order_when_somebody_says_so(
    autojump_clock: MockClock,
) -> None:
    async with office() as desk:
        await desk.endpoint("we_1")
        desk.notifier.says["we_1"] = refuses
        seqs = [(await desk.happen(str(number % 2))).seq for number in range(450)]
        await trio.sleep(5)
        assert await desk.count("we_1", PARKED) == 450
        records = Records(desk.store, desk.deliveries, desk.clock)
        del desk.notifier.says["we_1"]
        done = await records.retry(LOCAL_OPERATOR, (await desk.state("we_1", seqs[2])).id)
        await trio.sleep(1)
        assert desk.notifier.seqs("we_1") == [seqs[2]]
        with pytest.raises(Refusal, match="taken already"):
            await records.retry(LOCAL_OPERATOR, done.id)
        answer = await records.retry_parked(LOCAL_OPERATOR, "we_1")
        assert (answer.retried, answer.parked) == (449, 0)
        await trio.sleep(5)
        heard = desk.notifier.seqs("we_1")[1:]
        for key in range(2):
            about_it = [seq for seq in seqs[key::2] if seq != seqs[2]]
            assert [seq for seq in heard if seq in about_it] == about_it


async def test_a_clock_that_is_turned_back_keeps_nothing_waiting(autojump_clock: MockClock) -> None:
    clock = [10**12]
    async with office(clock=lambda: clock[0] + round(1000 * trio.current_time())) as desk:
        await desk.endpoint("we_1")
        await desk.endpoint("we_2")
        desk.notifier.says["we_1"] = is_away
        desk.notifier.says["we_2"] = refuses_what_is_about("a", target_down=False)
        await desk.happen("a")
        await trio.sleep(20)
        clock[0] -= 30 * 1000 * DAY_S
        desk.notifier.says.clear()
        await trio.sleep(7 * 3600)
        assert desk.notifier.seqs("we_1") == desk.notifier.seqs("we_2") == [1]


async def test_pausing_one_target_costs_no_look_for_each_event(autojump_clock: MockClock) -> None:
    async with office() as desk:
        await desk.endpoint("we_1")
        desk.notifier.says["we_1"] = is_away
        await desk.happen("a")
        await trio.sleep(100)
        reads = 0
        read = desk.store.read

        async def counted(fn):  # type: ignore[no-untyped-def]
            nonlocal reads
            reads += 1
            return await read(fn)

        desk.store.read = counted  # type: ignore[method-assign]
        for number in range(100):
            await desk.happen(str(number))
            await trio.sleep(0.01)
        assert reads < 150, "one for each event at most, by the feeder"


def test_limits_are_what_decides() -> None:
    policy = DeliveryLimits(retry_pause_s=1, retry_longest_pause_s=2, retry_for_s=3).policy
    assert (policy.first_pause_s, policy.longest_pause_s, policy.retry_for_s) == (1, 2, 3)
