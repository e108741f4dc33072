"""Everybody is told what they want, once, in order for each thing, and nobody waits for anybody else."""

import trio
from trio.testing import MockClock

from paydaemon.core.delivery import DeliveryState
from paydaemon.core.events import EventType
from paydaemon.engine.deliveries import DeliveryLimits
from paydaemon.hooks.notifier import Audience, Told
from tests.deliveries.office import office
from tests.deliveries.played import hangs, is_away

SETTLED, STALE = EventType.INVOICE_SETTLED, EventType.CHAIN_STALE


async def test_an_event_is_told_and_recorded(autojump_clock: MockClock) -> None:
    async with office() as desk:
        await desk.endpoint("we_1")
        event = await desk.happen("bitcoin")
        await trio.sleep(1)
        [call] = desk.notifier.calls
        [notice] = call.notices
        assert (notice.seq, notice.event_id, notice.type, notice.attempt) == (1, event.id, "chain.stale", 1)
        assert notice.body["id"] == event.id
        one = await desk.state("we_1", 1)
        assert (one.state, one.attempts, one.status, one.reason) == (DeliveryState.DELIVERED, 1, 200, "OK")
        assert one.id == notice.delivery_id
        [attempt] = await desk.store.read(lambda reader: reader.attempts(one.id))
        assert (attempt.number, attempt.taken, attempt.status) == (1, True, 200)


async def test_everybody_hears_what_they_want_from_when_they_came(autojump_clock: MockClock) -> None:
    operator = Audience("operator", frozenset({STALE}))
    async with office(operator) as desk:
        await desk.happen("before")
        await desk.endpoint("we_all")
        await desk.endpoint("we_settled", SETTLED)
        await desk.endpoint("we_rival", seller_id="rival")
        await desk.endpoint("we_own", seller_id=None)
        for type, seller in ((STALE, "shop"), (SETTLED, "shop"), (STALE, "rival"), (SETTLED, "rival")):
            await desk.happen("x", type, seller)
        await trio.sleep(1)
        told = {id: desk.notifier.seqs(id) for id in desk.notifier.taken}
        assert told == {
            "played:operator": [1, 2, 4],
            "we_all": [2, 3],
            "we_settled": [3],
            "we_rival": [4, 5],
            "we_own": [2, 3, 4, 5],
        }


async def test_while_nobody_is_told_the_journal_is_not_read(autojump_clock: MockClock) -> None:
    async with office() as desk:
        read, reads = desk.store.read, 0

        async def counted(fn):  # type: ignore[no-untyped-def]
            nonlocal reads
            reads += 1
            return await read(fn)

        desk.store.read = counted  # type: ignore[method-assign]
        for _ in range(10):
            await desk.happen("before")
            await trio.sleep(0.01)
        assert reads == 0
        await desk.endpoint("we_1")
        await desk.happen("after")
        await trio.sleep(1)
        assert desk.notifier.seqs("we_1") == [11]
        desk.deliveries.ended("we_1")
        await desk.happen("for nobody")
        await trio.sleep(1)
        reads = 0
        await desk.happen("for nobody")
        await trio.sleep(1)
        assert reads == 0


async def test_one_that_is_away_holds_up_nobody_but_itself(autojump_clock: MockClock) -> None:
    async with office() as desk:
        for id in ("we_away", "we_here"):
            await desk.endpoint(id)
        desk.notifier.says["we_away"] = is_away
        for number in range(200):
            await desk.happen(str(number))
        await trio.sleep(1)
        assert len(desk.notifier.seqs("we_here")) == 200
        assert len(desk.notifier.tried("we_away")) == 1, "the others are not tried meanwhile"


async def test_what_comes_late_is_told_once_the_target_is_back(autojump_clock: MockClock) -> None:
    async with office() as desk:
        await desk.endpoint("we_1")
        desk.notifier.says["we_1"] = is_away
        for number in range(20):
            await desk.happen(str(number % 3))
        await trio.sleep(3600)
        before = len(desk.notifier.calls)
        assert 5 < before < 60
        del desk.notifier.says["we_1"]
        await trio.sleep(12 * 3600)
        assert sorted(desk.notifier.seqs("we_1")) == list(range(1, 21))
        for key in range(3):
            told = [n.seq for n in desk.notifier.taken["we_1"] if n.body["data"]["chain"] == str(key)]  # type: ignore[index]
            assert told == sorted(told)
        assert (await desk.target("we_1")).condition.is_down is False


async def test_of_one_thing_the_next_waits_for_the_one_before(autojump_clock: MockClock) -> None:
    async with office() as desk:
        await desk.endpoint("we_1")
        for _ in range(10):
            await desk.happen("the same")
        await trio.sleep(1)
        assert desk.notifier.most_under_way["we_1"] == 1
        assert desk.notifier.seqs("we_1") == list(range(1, 11))


async def test_so_many_are_told_at_once_and_no_more(autojump_clock: MockClock) -> None:
    async with office(limits=DeliveryLimits(at_once=5, at_once_target=3)) as desk:
        ids = [f"we_{number}" for number in range(4)]
        for id in ids:
            await desk.endpoint(id)
            desk.notifier.says[id] = lambda *_: _slowly()
        for number in range(30):
            await desk.happen(str(number))
        most = 0
        for _ in range(300):
            await trio.sleep(0.1)
            most = max(most, desk.notifier.under_way)
        assert most == 5
        assert {len(desk.notifier.seqs(id)) for id in ids} == {30}


async def test_one_target_takes_so_many_at_once_and_no_more(autojump_clock: MockClock) -> None:
    async with office(limits=DeliveryLimits(at_once_target=3)) as desk:
        await desk.endpoint("we_1")
        desk.notifier.says["we_1"] = lambda *_: _slowly()
        for number in range(30):
            await desk.happen(str(number))
        await desk.until(lambda: len(desk.notifier.seqs("we_1")) == 30)
        assert desk.notifier.most_under_way["we_1"] == 3
        assert len({call.at_s for call in desk.notifier.calls[:2]}) == 2, "one thing first"


async def _slowly() -> object:
    await trio.sleep(0.3)
    return Told()


async def test_a_hundred_that_hang_hold_up_nobody_else(autojump_clock: MockClock) -> None:
    async with office() as desk:
        for number in range(100):
            await desk.endpoint(f"we_{number}")
            desk.notifier.says[f"we_{number}"] = hangs
        await desk.endpoint("we_here")
        began_s = trio.current_time()
        for number in range(50):
            await desk.happen(str(number))
        await desk.until(lambda: len(desk.notifier.seqs("we_here")) == 50)
        assert trio.current_time() - began_s < 5
        await trio.sleep(100)
        began_s = trio.current_time()
        await desk.happen("later")
        await desk.until(lambda: len(desk.notifier.seqs("we_here")) == 51)
        assert trio.current_time() - began_s < 0.5
