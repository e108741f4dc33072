"""Somebody says that there is something to see: the mirror is looked at at once, within what it can take."""

import trio

from paydaemon.hooks.ports import HealthState, Prompt
from paydaemon_hedera.watcher import _APART_S
from tests.hedera.front import HANG_UP
from tests.hedera.world import PAYEE, World, world
from tests.support.waiting import BOUND_S, until

NEVER_S = 100 * BOUND_S
SLOW = {".poll_interval_s": NEVER_S}


def looks(here: World) -> int:
    return sum(told.as_of is not None for told in here.host.told)


async def test_a_payment_is_seen_before_its_time() -> None:
    async with world(**SLOW) as here, here.watching() as chain:
        assert isinstance(chain, Prompt)
        here.pay("m")
        await until(lambda: here.balance(PAYEE) == 1_000)
        assert here.host.payments == {}
        chain.look_now()
        await here.seen("m")


async def test_however_often_it_is_said_looks_keep_their_distance() -> None:
    async with world(**SLOW) as here, here.watching() as chain:
        before, began_at = looks(here), trio.current_time()
        while trio.current_time() < began_at + 4 * _APART_S:
            chain.look_now()
            await trio.sleep(0.01)
        assert 2 <= looks(here) - before <= 5


async def test_while_nothing_is_watched_it_does_no_harm() -> None:
    async with world(**SLOW) as here:
        here.chain.look_now()
        async with here.watching() as chain:
            here.front.always(HANG_UP)
            chain.look_now()
            await until(lambda: chain.health().state is HealthState.STALE)
            chain.look_now()
            here.front.says = None
            await until(here.healthy)
        chain.look_now()
