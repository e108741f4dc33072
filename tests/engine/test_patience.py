"""Patience: one sleep for all who wait equally long."""

import trio
import trio.testing

from paydaemon.engine.limits import EngineLimits
from paydaemon.engine.patience import Patience


async def test_each_is_reminded_once_after_its_own_wait(
    nursery: trio.Nursery, autojump_clock: trio.testing.MockClock
) -> None:
    patience, told = Patience(EngineLimits(answer_wait_s=10)), list[tuple[int, float]]()
    nursery.start_soon(patience.run)

    def reminds(number: int) -> None:
        patience.remind(lambda: told.append((number, trio.current_time() - began_s)))

    await trio.sleep(100)
    began_s = trio.current_time()
    for number in range(3):
        reminds(number)
        await trio.sleep(3)
    await trio.sleep(100)
    reminds(3)
    await trio.sleep(100)
    assert [(number, round(at_s)) for number, at_s in told] == [(0, 10), (1, 13), (2, 16), (3, 119)]


async def test_whoever_took_it_back_is_not_reminded(
    nursery: trio.Nursery, autojump_clock: trio.testing.MockClock
) -> None:
    patience, told = Patience(EngineLimits(answer_wait_s=10)), list[str]()
    nursery.start_soon(patience.run)

    def first() -> None:
        told.append("first")
        patience.forget(third)

    def second() -> None:
        told.append("second")

    def third() -> None:
        told.append("third")

    for call in (first, second, third):
        patience.remind(call)
    await trio.sleep(5)
    patience.forget(second)
    await trio.sleep(100)
    assert told == ["first"]
