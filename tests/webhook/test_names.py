"""Looking names up: a name server that never answers holds up its own names, and nobody else's."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from ipaddress import ip_address
from threading import Event, Lock

import pytest
import trio
import trio.testing

from paydaemon_webhook.guard import Address
from paydaemon_webhook.names import Names
from tests.support.waiting import until

FOUND = (ip_address("192.0.2.1"),)
LOOKUPS = 8


class Hanging:
    """A resolver that blocks for whatever is of ``evil.example``, until it is let go."""

    def __init__(self) -> None:
        self.go_on = Event()
        self.asked: list[str] = []
        self.under_way = 0
        self._lock = Lock()

    def ask(self, host: str) -> Sequence[Address]:
        with self._lock:
            self.asked.append(host)
            self.under_way += 1
        if host.endswith("evil.example"):
            self.go_on.wait()
        with self._lock:
            self.under_way -= 1
        return FOUND


@asynccontextmanager
async def hanging() -> AsyncIterator[tuple[Names, Hanging]]:
    resolver = Hanging()
    try:
        yield Names(LOOKUPS, resolver.ask), resolver
    finally:
        resolver.go_on.set()
        await until(lambda: resolver.under_way == 0)


async def given_up(names: Names, hosts: Sequence[str], seller_id: str | None) -> None:
    """Look all of them up, and give up while they hang."""
    with trio.move_on_after(0.1):
        async with trio.open_nursery() as nursery:
            for host in hosts:
                nursery.start_soon(names.look_up, host, seller_id)


async def test_a_name_that_hangs_has_two_threads_whoever_asks_and_however_often() -> None:
    async with hanging() as (names, resolver):
        for seller_id in ("mallory", "another", "a-third", None):
            await given_up(names, ["evil.example"] * 20, seller_id)
        assert resolver.under_way == 2
        for seller_id in ("another", "shop", None):
            with trio.fail_after(5):
                assert await names.look_up("shop.example", seller_id) == FOUND


async def test_a_seller_of_many_names_that_hang_takes_a_part_of_all() -> None:
    async with hanging() as (names, resolver):
        await given_up(names, [f"{number}.evil.example" for number in range(50)], "mallory")
        assert resolver.under_way == LOOKUPS // 4
        for seller_id in ("shop", None):
            with trio.fail_after(5):
                assert await names.look_up("shop.example", seller_id) == FOUND


async def test_who_waited_for_a_name_goes_on_once_it_is_answered() -> None:
    async with hanging() as (names, resolver):
        await given_up(names, [f"{number}.evil.example" for number in range(4)], "mallory")
        async with trio.open_nursery() as nursery:
            nursery.start_soon(names.look_up, "mallory.example", "mallory")
            await trio.testing.wait_all_tasks_blocked()
            assert "mallory.example" not in resolver.asked
            resolver.go_on.set()
        assert resolver.asked[-1] == "mallory.example"


async def test_one_who_may_look_up_a_single_name_still_can() -> None:
    for lookups in (1, 3):
        with trio.fail_after(5):
            assert await Names(lookups, Hanging().ask).look_up("shop.example", "shop") == FOUND


async def test_what_the_resolver_refuses_gives_its_places_back() -> None:
    def refuse(host: str) -> Sequence[Address]:
        raise OSError(f"no such name: {host}")

    names = Names(1, refuse)
    for _ in range(5):
        with trio.fail_after(5), pytest.raises(OSError, match="no such name"):
            await names.look_up("nobody.example", "shop")
