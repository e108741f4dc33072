"""Many invoices at once."""

import trio

from paydaemon_bitcoin.regtest import RegtestNode
from tests.support.daemon import Daemon, Json, address_of, due_of
from tests.support.node import pay_many

AT_ONCE = 64
RACERS = 16


async def _at_once(daemon: Daemon, count: int, idempotency_key: str | None = None) -> list[Json]:
    """Invoices asked for all at the same time, each on a connection of its own."""
    answers: list[Json] = []
    headers = {"Idempotency-Key": idempotency_key} if idempotency_key else {}
    ready = trio.Event()

    async def create() -> None:
        body = {"amount": "0.00020834", "currency": "BTC", "seller_id": "shop", "confirmations": 1}
        async with daemon.client() as client:
            await ready.wait()
            answer = await client.post("/v1/invoices", json=body, headers=headers)
        assert answer.status_code == 201, answer.text
        answers.append(answer.json())

    async with trio.open_nursery() as nursery:
        for _ in range(count):
            nursery.start_soon(create)
        ready.set()
    return answers


async def test_64_at_once_all_get_addresses_of_their_own_and_all_are_paid(
    node: RegtestNode, daemon: Daemon
) -> None:
    before = {address_of(invoice) for invoice in await _all_invoices(daemon)}
    invoices = await _at_once(daemon, AT_ONCE)
    addresses = {address_of(invoice) for invoice in invoices}
    assert len(addresses) == AT_ONCE
    assert not addresses & before
    assert len({invoice["id"] for invoice in invoices}) == AT_ONCE
    await pay_many(node, *[(address_of(invoice), due_of(invoice)) for invoice in invoices])
    await node.mine(1)
    for invoice in invoices:
        assert (await daemon.until_status(invoice["id"], "settled"))["flags"] == []


async def test_one_idempotency_key_used_many_times_at_once_is_one_invoice(daemon: Daemon) -> None:
    first, *others = await _at_once(daemon, RACERS, idempotency_key="order-17")
    assert others == [first] * (RACERS - 1)
    assert await daemon.types(first["id"]) == ["created"]


async def test_after_a_restart_no_address_comes_again_and_a_key_stands_for_its_invoice(
    daemon: Daemon,
) -> None:
    (kept,) = await _at_once(daemon, 1, idempotency_key="order-18")
    before = await _at_once(daemon, 3)
    await daemon.stop()
    await daemon.start()
    (again,) = await _at_once(daemon, 1, idempotency_key="order-18")
    assert again == await daemon.show(kept["id"])
    after = await _at_once(daemon, 3)
    everything = await _all_invoices(daemon)
    assert {one["id"] for one in [kept, *before, *after]} <= {one["id"] for one in everything}
    assert len({address_of(one) for one in everything}) == len(everything)


async def _all_invoices(daemon: Daemon) -> list[Json]:
    """Every invoice with one option, page by page."""
    found: list[Json] = []
    cursor = ""
    while True:
        page = await daemon.call("GET", f"/v1/invoices?limit=50{cursor}")
        found += page["data"]
        if not page["has_more"]:
            return found
        cursor = f"&cursor={page['next_cursor']}"
