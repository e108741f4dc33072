"""Payments that the network takes back before a block holds them."""

from collections.abc import Callable
from pathlib import Path

from paydaemon_bitcoin.regtest import RegtestNode
from tests.e2e.setup import NEVER_S, bitcoin
from tests.support.daemon import Daemon, Json, address_of, due_of, payments_of, running
from tests.support.node import elsewhere
from tests.support.rpcproxy import rpc_proxy


def states(invoice: Json) -> dict[str, str]:
    """The state of each payment, by transaction."""
    return {payment["transaction_id"]: payment["state"] for payment in payments_of(invoice)}


def counted_minor(invoice: Json) -> int:
    (option,) = invoice["options"]
    return int(option["pending_minor"]) + int(option["confirmed_minor"])


async def test_a_fee_bump_that_still_pays_us_counts_once(node: RegtestNode, daemon: Daemon) -> None:
    await _bumped_payment_counts_once(node, daemon, lambda: None)


async def test_a_fee_bump_counts_once_also_where_the_node_has_just_hung_up(
    node: RegtestNode, folder: Path
) -> None:
    """A node does so by itself after half a minute without a call."""
    with rpc_proxy(node.rpc_port) as door:
        async with running(folder, bitcoin(node, rpc_url=door.url, poll_interval_s=NEVER_S)) as daemon:
            await _bumped_payment_counts_once(node, daemon, door.hang_up)


async def _bumped_payment_counts_once(
    node: RegtestNode, daemon: Daemon, in_between: Callable[[], None]
) -> None:
    invoice = await daemon.invoice()
    coin, paying = await node.coin(), [(address_of(invoice), due_of(invoice))]
    old = await node.send(await node.spend(coin, paying, fee_minor=1_000))
    await daemon.until_status(invoice["id"], "processing")
    bump = await node.spend(coin, paying, fee_minor=5_000)
    in_between()
    new = await node.send(bump)
    bumped = await daemon.until_invoice(invoice["id"], lambda it: len(payments_of(it)) == 2)
    bumped = await daemon.until_status(invoice["id"], "processing")
    assert states(bumped) == {old: "replaced", new: "pending"}
    assert {one["transaction_id"]: one["replaced_by"] for one in payments_of(bumped)} == {old: new, new: None}
    await node.mine(6)
    settled = await daemon.until_status(invoice["id"], "settled")
    assert (settled["flags"], counted_minor(settled)) == ([], due_of(invoice))
    for event in await daemon.journal(invoice_id=invoice["id"]):
        assert counted_minor(event["data"]["invoice"]) <= due_of(invoice), event
        assert "over" not in event["data"]["invoice"]["flags"], event


async def test_a_payment_replaced_away_from_us_reverts(node: RegtestNode, daemon: Daemon) -> None:
    invoice = await daemon.invoice()
    coin = await node.coin()
    paid = await node.send(await node.spend(coin, [(address_of(invoice), due_of(invoice))]))
    await daemon.until_status(invoice["id"], "processing")
    away = await node.send(await node.spend(coin, [(await elsewhere(node), 20_834)], fee_minor=5_000))
    reverted = await daemon.until_status(invoice["id"], "new")
    (payment,) = payments_of(reverted)
    assert (payment["state"], payment["replaced_by"]) == ("replaced", away)
    assert (counted_minor(reverted), reverted["options"][0]["remaining_minor"]) == (0, "20834")
    await node.mine(6)
    final = await daemon.until_invoice(invoice["id"], lambda it: states(it) == {paid: "conflicted"})
    assert (final["status"], final["flags"]) == ("new", [])
    assert await daemon.types(invoice["id"]) == [
        *("created", "payment_seen", "processing", "payment.replaced", "payment.conflicted"),
    ]


async def test_a_conflicting_spend_in_a_block_reverts_and_another_payment_settles(
    node: RegtestNode, daemon: Daemon
) -> None:
    invoice = await daemon.invoice()
    coin = await node.coin()
    paid = await node.send(await node.spend(coin, [(address_of(invoice), due_of(invoice))]))
    await daemon.until_status(invoice["id"], "processing")
    await node.mine_only(await node.spend(coin, [(await elsewhere(node), 20_834)]))
    reverted = await daemon.until_status(invoice["id"], "new")
    assert (states(reverted), counted_minor(reverted)) == ({paid: "conflicted"}, 0)
    again = await node.send(await node.spend(await node.coin(), [(address_of(invoice), due_of(invoice))]))
    await node.mine(6)
    settled = await daemon.until_status(invoice["id"], "settled")
    assert states(settled) == {paid: "conflicted", again: "confirmed"}
    assert (settled["flags"], counted_minor(settled)) == ([], due_of(invoice))
    assert await daemon.types(invoice["id"]) == [
        *("created", "payment_seen", "processing", "payment.conflicted"),
        *("payment_seen", "processing", "payment.confirmed", "settled"),
    ]
