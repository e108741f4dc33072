"""Being told as it happens. The shared daemon polls once a minute, so what comes at once came by ZMQ."""

from statistics import median

import trio

from paydaemon_bitcoin.regtest import RegtestNode
from tests.e2e.setup import NEVER_S
from tests.support.daemon import Daemon, address_of, due_of, payments_of
from tests.support.node import pay_many

PAYMENTS = 20


async def test_a_payment_in_the_mempool_is_told_without_waiting_for_the_poll(
    node: RegtestNode, daemon: Daemon
) -> None:
    """Half of the poll's interval is the bound; what it usually takes is printed (`pytest -s`)."""
    invoices = [await daemon.invoice() for _ in range(PAYMENTS)]
    await _fresh_pass(node, daemon)
    waited_ms = []
    async with daemon.stream(after=None) as stream:
        for invoice in invoices:
            raw = await node.spend(await node.coin(), [(address_of(invoice), due_of(invoice))])
            sent_at_s = trio.current_time()
            await node.send(raw)
            with trio.fail_after(NEVER_S / 2):
                event = await stream.until("invoice.payment_seen", invoice["id"])
            waited_ms.append(1000 * (stream.came_at_s(event) - sent_at_s))
            assert event["data"]["payment"]["confirmations"] == 0
    print(
        f"\nfrom sendrawtransaction to the websocket: median {median(waited_ms):.1f} ms, "
        f"slowest {max(waited_ms):.1f} ms, of {PAYMENTS}"
    )
    await node.mine(1)


async def test_each_new_depth_is_pushed_and_six_settle_it(node: RegtestNode, daemon: Daemon) -> None:
    invoice = await daemon.invoice()
    async with daemon.stream(after=None) as stream:
        await pay_many(node, (address_of(invoice), due_of(invoice)))
        await stream.until("invoice.processing", invoice["id"])
        for depth in range(1, 6):
            await node.mine(1)
            shown = await daemon.until_depth(invoice["id"], depth)
            assert shown["status"] == "processing"
        assert stream.find("invoice.settled", invoice["id"]) is None
        await node.mine(1)
        settled = await stream.until("invoice.settled", invoice["id"])
    told = [push["data"]["payment"] for push in stream.pushes if push["invoice_id"] == invoice["id"]]
    assert [(payment["confirmations"], payment["confirmations_required"]) for payment in told] == [
        (depth, 6) for depth in range(1, 6)
    ]
    assert {push["type"] for push in stream.pushes} == {"payment.confirming"}
    assert [payment["confirmations"] for payment in payments_of(settled["data"]["invoice"])] == [6]
    assert stream.types(invoice["id"]) == [
        *("invoice.payment_seen", "invoice.processing", "payment.confirmed", "invoice.settled"),
    ]
    assert "payment.confirming" not in {event["type"] for event in await daemon.journal()}


async def test_an_invoice_settles_at_its_own_number_and_not_before(node: RegtestNode, daemon: Daemon) -> None:
    invoices = {number: await daemon.invoice(confirmations=number) for number in (1, 2, 3)}
    invoices[6] = await daemon.invoice()
    await pay_many(node, *[(address_of(invoice), due_of(invoice)) for invoice in invoices.values()])
    for depth in range(1, 7):
        await node.mine(1)
        for number, invoice in invoices.items():
            shown = await daemon.until_depth(invoice["id"], depth)
            assert shown["status"] == ("settled" if depth >= number else "processing"), (number, depth)


async def test_a_payment_that_no_mempool_held_is_told_from_its_block(
    node: RegtestNode, daemon: Daemon
) -> None:
    invoice = await daemon.invoice(confirmations=1)
    await node.mine_only(await node.spend(await node.coin(), [(address_of(invoice), due_of(invoice))]))
    await daemon.until_status(invoice["id"], "settled")
    assert await daemon.types(invoice["id"]) == ["created", "payment_seen", "payment.confirmed", "settled"]


async def test_a_seller_is_told_of_its_own_invoices_alone(node: RegtestNode, daemon: Daemon) -> None:
    rival_key = await daemon.add_seller("rival-on-the-stream")
    theirs = await daemon.invoice(seller_id="rival-on-the-stream")
    ours = await daemon.invoice()
    async with daemon.stream(after=0, key=rival_key) as stream:
        await pay_many(node, *[(address_of(invoice), due_of(invoice)) for invoice in (ours, theirs)])
        await node.mine(1)
        await daemon.until_depth(ours["id"], 1)
        await stream.until("payment.confirming", theirs["id"])
    assert {event["invoice_id"] for event in stream.events} == {theirs["id"]}


async def _fresh_pass(node: RegtestNode, daemon: Daemon) -> None:
    """Let the daemon look at the chain now, so that its next poll is as far away as can be."""
    invoice = await daemon.invoice(confirmations=1)
    await pay_many(node, (address_of(invoice), due_of(invoice)))
    await node.mine(1)
    await daemon.until_depth(invoice["id"], 1)
