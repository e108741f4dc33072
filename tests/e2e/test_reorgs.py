"""Blocks that leave the chain, before an invoice has settled and after."""

import pytest

from paydaemon_bitcoin.regtest import RegtestNode
from tests.support.daemon import Daemon, address_of, due_of, payments_of
from tests.support.node import elsewhere, reorganise, take_back

SEEN = ["created", "payment_seen", "processing"]
SETTLED = ["payment.confirmed", "settled"]


async def _paid(node: RegtestNode, daemon: Daemon, confirmations: int = 6) -> tuple[str, str, str]:
    """A paid invoice: its id, the payment, and a rival of the payment that is not sent."""
    invoice = await daemon.invoice(confirmations=confirmations)
    coin = await node.coin()
    raw = await node.spend(coin, [(address_of(invoice), due_of(invoice))])
    rival = await node.spend(coin, [(await elsewhere(node), 20_834)], fee_minor=5_000)
    await node.send(raw)
    await daemon.until_status(invoice["id"], "processing")
    return invoice["id"], raw, rival


async def test_before_it_settled_its_depth_begins_anew(node: RegtestNode, daemon: Daemon) -> None:
    id, raw, _ = await _paid(node, daemon)
    await node.mine(3)
    await daemon.until_depth(id, 3)
    await take_back(node, 3)
    back = await daemon.until_depth(id, 0)
    assert (back["status"], back["flags"], payments_of(back)[0]["block"]) == ("processing", [], None)
    block = await node.mine_only(raw)
    await node.mine(4)
    assert (await daemon.until_depth(id, 5))["status"] == "processing"
    await node.mine(1)
    settled = await daemon.until_status(id, "settled")
    assert (settled["flags"], payments_of(settled)[0]["block"]) == ([], block)
    assert await daemon.types(id) == [*SEEN, "payment.unconfirmed", *SETTLED]


@pytest.mark.parametrize("required", [1, 6])
async def test_after_it_settled_it_is_reversed_and_settles_again_when_mined_again(
    node: RegtestNode, daemon: Daemon, required: int
) -> None:
    id, _, _ = await _paid(node, daemon, confirmations=required)
    await node.mine(required)
    assert (await daemon.until_status(id, "settled"))["flags"] == []
    await reorganise(node, required)
    reversed_ = await daemon.until_status(id, "processing")
    assert reversed_["flags"] == ["reversed"]
    assert [payment["state"] for payment in payments_of(reversed_)] == ["pending"]
    await node.mine(required)
    again = await daemon.until_status(id, "settled")
    assert again["flags"] == ["reversed"], "a scar that stays"
    assert await daemon.types(id) == [
        *(*SEEN, *SETTLED, "payment.unconfirmed", "reversed", "processing", *SETTLED),
    ]


async def test_after_it_settled_a_double_spend_in_the_new_blocks_takes_everything_back(
    node: RegtestNode, daemon: Daemon
) -> None:
    id, _, rival = await _paid(node, daemon, confirmations=2)
    await node.mine(2)
    await daemon.until_status(id, "settled")
    await reorganise(node, 2, rival)
    reversed_ = await daemon.until_invoice(id, lambda it: payments_of(it)[0]["state"] == "conflicted")
    assert (reversed_["status"], reversed_["flags"]) == ("new", ["reversed"])
    assert reversed_["options"][0]["confirmed_minor"] == "0"
    types = await daemon.types(id)
    assert types[:5] == [*SEEN, *SETTLED]
    assert types[5:] in (
        ["payment.conflicted", "reversed"],
        ["payment.unconfirmed", "reversed", "processing", "payment.conflicted"],
    ), "seen at once, or on the way through the mempool"


async def test_a_reorganisation_while_the_daemon_was_down_is_found_at_its_start(
    node: RegtestNode, daemon: Daemon
) -> None:
    id, raw, _ = await _paid(node, daemon, confirmations=1)
    await node.mine(1)
    await daemon.until_status(id, "settled")
    await daemon.stop()
    await reorganise(node, 1)
    await daemon.start()
    assert (await daemon.until_status(id, "processing"))["flags"] == ["reversed"]
    await node.mine_only(raw)
    await daemon.until_status(id, "settled")
    assert await daemon.types(id) == [
        *(*SEEN, *SETTLED, "payment.unconfirmed", "reversed", "processing", *SETTLED),
    ]
