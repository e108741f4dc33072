"""Whatever the mirror does, the chain says what is wrong, and goes on where it was once that is over."""

import json

import pytest
import trio

from tests.hedera.front import DRIP, HANG_UP, SILENCE, reply
from tests.hedera.world import World, world
from tests.support.waiting import until

SMALL = {"limits.mirror_tries": 1, "limits.mirror_timeout_s": 0.3}


async def _goes_stale(here: World, reason: str) -> None:
    await until(lambda: reason in here.chain.health().reason)
    assert not here.healthy()


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        (HANG_UP, "does not answer: Server disconnected"),
        (SILENCE, "does not answer in time"),
        (DRIP, "does not answer in time"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 90\r\n\r\n{", "does not answer in time"),
        (b"SSH-2.0-OpenSSH_9\r\n\r\n", "does not answer: "),
        (reply({}, status="500 No"), "the mirror answers 500"),
        (reply({}, status="503 No"), "the mirror answers 503"),
        (reply({}, status="404 No"), "the mirror answers 404"),
        (reply(raw=b"<html>"), "the mirror is not understood: no JSON"),
        (reply(raw=b"[" * 1_900), "the mirror is not understood: no JSON"),
        (reply([1]), "the mirror is not understood: an object is missing"),
        (reply({"blocks": [{"timestamp": {"to": 7}}]}), "a time is not written as seconds"),
        (reply("x" * 3_000), "the mirror's answer is larger than 2000 bytes"),
    ],
    ids=range(13),
)
async def test_trouble_makes_it_stale_and_it_comes_back(answer: bytes, reason: str) -> None:
    async with world(**SMALL, **{"limits.mirror_answer_bytes": 2_000}) as here, here.watching():
        here.front.always(answer)
        await _goes_stale(here, reason)
        here.pay("away")
        here.front.says = None
        await until(here.healthy)
        await here.seen("away")


async def test_it_rests_for_as_long_as_the_mirror_asks() -> None:
    async with world() as here, here.watching():
        here.front.always(reply({}, status="429 Enough", head="Retry-After: 1\r\n"))
        await _goes_stale(here, "the mirror answers 429, and asks for 1 s of rest")
        asked = len(here.front.asked)
        await trio.sleep(0.4)
        assert len(here.front.asked) == asked
        here.front.says = None
        await until(here.healthy)


async def test_it_is_asked_again_before_it_counts_as_away() -> None:
    async with world() as here, here.watching():
        failing = [reply({}, status="502 No"), HANG_UP]
        here.front.says = lambda path: failing.pop(0) if failing else None
        await until(lambda: not failing)
        await here.looked()
        assert here.healthy()


async def test_no_address_is_asked_that_it_names() -> None:
    async with world(**SMALL) as here, here.watching():
        elsewhere = f"{here.front.url}/elsewhere"
        moved = reply({}, status="302 Moved", head=f"Location: {elsewhere}\r\n")
        here.front.always(moved)
        await _goes_stale(here, "the mirror answers 302")

        def linked(path: str) -> bytes | None:
            told = here.front._honest(path)
            body = json.loads(told.partition(b"\r\n\r\n")[2])
            return reply({**body, "links": {"next": elsewhere}}) if "/transactions?" in path else None

        here.front.says = linked
        here.pay("000000")
        await here.seen("000000")
        await until(here.healthy)
        assert not any("elsewhere" in path for path in here.front.asked)


async def test_a_page_that_is_told_again_and_again_is_no_endless_loop() -> None:
    async with world(**SMALL) as here, here.watching():
        page: list[bytes] = []

        def same(path: str) -> bytes | None:
            if "/transactions?" not in path:
                return None
            told = json.loads(here.front._honest(path).partition(b"\r\n\r\n")[2])
            if told["transactions"] and not page:
                page.append(reply({**told, "links": {"next": "/api/v1/transactions"}}))
            return page[0] if page else None

        here.front.says = same
        here.pay("000000")
        await _goes_stale(here, "the transactions are not those that were asked for")


async def test_a_chain_that_starts_without_its_mirror_comes_up_once_it_is_there() -> None:
    async with world(**SMALL) as here:
        here.front.always(HANG_UP)
        async with here.watching(ready=False):
            await _goes_stale(here, "does not answer")
            here.front.says = None
            await until(here.healthy)


async def test_a_network_without_a_block_yet_is_waited_for() -> None:
    async with world(**SMALL) as here:

        def empty(path: str) -> bytes | None:
            return reply({"blocks": []}) if "/blocks" in path else None

        here.front.says = empty
        async with here.watching(ready=False):
            await _goes_stale(here, "the mirror has no block yet")
            here.front.says = None
            await until(here.healthy)
