"""Payments that the network takes back before a block holds them: raised fees, and what blocks decide."""

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
    invoice = await daemon.invoice()
    coin, paying = await node.coin(), [(address_of(invoice), due_of(invoice))]
    old = await node.send(await node.spend(coin, paying, fee_minor=1_000))
    await daemon.until_status(invoice["id"], "processing")
    new = await node.send(await node.spend(coin, paying, fee_minor=5_000))
    await _until_replaced(daemon, invoice["id"], old, new)
    await node.mine(6)
    settled = await daemon.until_status(invoice["id"], "settled")
    assert (settled["flags"], counted_minor(settled)) == ([], due_of(invoice))
    await _never_counted_more(daemon, invoice["id"], due_of(invoice))


async def test_half_a_payment_bumped_right_after_the_node_hung_up_is_not_taken_for_both_halves(
    node: RegtestNode, folder: Path
) -> None:
    """A node hangs up on whoever was silent for half a minute; nothing that follows may count twice."""
    with rpc_proxy(node.rpc_port) as door:
        tables = bitcoin(node, rpc_url=door.url, poll_interval_s=NEVER_S, allow_zero_confirmations=True)
        async with running(folder, tables) as daemon:
            invoice = await daemon.invoice(btc="0.00040000", confirmations=0)
            coin, paying = await node.coin(), [(address_of(invoice), 20_000)]
            old = await node.send(await node.spend(coin, paying, fee_minor=1_000))
            await daemon.until_invoice(invoice["id"], lambda it: it["flags"] == ["partial"])
            for fee_minor in (5_000, 10_000, 15_000):  # what it takes to go wrong is a matter of milliseconds
                bump = await node.spend(coin, paying, fee_minor=fee_minor)
                door.hang_up()
                new = await node.send(bump)
                await _until_replaced(daemon, invoice["id"], old, new)
                old = new
            await node.mine(1)
            assert (await daemon.until_invoice(invoice["id"], _is_buried))["status"] == "new"
            assert "settled" not in await daemon.types(invoice["id"])
            await _never_counted_more(daemon, invoice["id"], 20_000)


def _is_buried(invoice: Json) -> bool:
    return any(payment["confirmations"] == 1 for payment in payments_of(invoice))


async def _until_replaced(daemon: Daemon, id: str, old: str, new: str) -> None:
    """Wait until one of an invoice's payments has taken the place of another."""
    shown = await daemon.until_invoice(id, lambda it: states(it).get(old) == "replaced" and new in states(it))
    assert states(shown)[new] in ("pending", "confirmed")
    replaced_by = {payment["transaction_id"]: payment["replaced_by"] for payment in payments_of(shown)}
    assert (replaced_by[old], replaced_by[new]) == (new, None)


async def _never_counted_more(daemon: Daemon, id: str, amount_minor: int) -> None:
    for event in await daemon.journal(invoice_id=id):
        assert counted_minor(event["data"]["invoice"]) <= amount_minor, event


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
