"""Payments to addresses of the seller's that no invoice was given."""

import re
from itertools import count

from paydaemon_bitcoin.regtest import RegtestNode
from tests.support.daemon import Daemon, Json, due_of
from tests.support.node import pay_many
from tests.support.waiting import until

_unissued = count(200)
"""Indexes inside what the wallet looks ahead, and beyond what the tests of one process issue.

Not far beyond: a wallet that is paid at an index first takes in as many new addresses.
"""


async def _unissued_address(node: RegtestNode, daemon: Daemon) -> str:
    """The address of the seller's descriptor at an index that was not given out."""
    descriptor = re.search(r'"descriptor" = "([^"]+)"', daemon.config.read_text())
    assert descriptor is not None
    index = next(_unissued)
    (address,) = await node.rpc.call("deriveaddresses", descriptor[1], [index, index])
    return str(address)


async def _unmatched(daemon: Daemon) -> dict[str, Json]:
    listed = await daemon.call("GET", "/v1/payments?unmatched=true")
    return {payment["transaction_id"]: payment for payment in listed["data"]}


async def _is_confirmed(daemon: Daemon, txid: str) -> bool:
    payment = (await _unmatched(daemon)).get(txid)
    return payment is not None and payment["state"] == "confirmed"


async def test_it_is_recorded_told_and_settles_the_invoice_it_is_assigned_to(
    node: RegtestNode, daemon: Daemon
) -> None:
    address = await _unissued_address(node, daemon)
    async with daemon.stream(after=None) as stream:
        txid = await pay_many(node, (address, 20_834))
        await node.mine(1)
        event = await stream.until("payment.unmatched")
    payment = event["data"]["payment"]
    assert (event["invoice_id"], payment["transaction_id"]) == (None, txid)
    assert (payment["amount_minor"], payment["destination"]) == ("20834", address)
    assert (await _unmatched(daemon))[txid]["state"] == "pending"

    invoice = await daemon.invoice()
    assert due_of(invoice) == 20_834
    path = f"/v1/payments/{payment['id']}/assign"
    assigned = await daemon.call("POST", path, {"invoice_id": invoice["id"]})
    assert assigned["status"] == "processing"
    assert txid not in await _unmatched(daemon)
    await node.mine(5)
    settled = await daemon.until_status(invoice["id"], "settled")
    assert settled["flags"] == []
    assert await daemon.types(invoice["id"]) == [
        *("created", "payment_seen", "processing", "payment.confirmed", "settled"),
    ]


async def test_it_goes_on_being_followed_and_belongs_to_one_invoice_for_good(
    node: RegtestNode, daemon: Daemon
) -> None:
    txid = await pay_many(node, (await _unissued_address(node, daemon), 30_000))
    await node.mine(6)
    await until(lambda: _is_confirmed(daemon, txid))
    one, other = await daemon.invoice(), await daemon.invoice()
    path = f"/v1/payments/{(await _unmatched(daemon))[txid]['id']}/assign"
    assigned = await daemon.call("POST", path, {"invoice_id": one["id"]})
    assert (assigned["status"], assigned["flags"]) == ("settled", ["over"])
    refused = await daemon.call("POST", path, {"invoice_id": other["id"]}, expect=4)
    assert refused["error"]["code"] == "payment_matched"
    assert (await daemon.show(other["id"]))["status"] == "new"


async def test_a_seller_neither_sees_nor_takes_it(node: RegtestNode, daemon: Daemon) -> None:
    async with daemon.stream(after=None) as stream:
        await pay_many(node, (await _unissued_address(node, daemon), 20_834))
        await node.mine(1)
        payment = (await stream.until("payment.unmatched"))["data"]["payment"]
    key = daemon.keys["shop"]
    invoice = await daemon.invoice()
    listed = await daemon.call("GET", "/v1/payments?unmatched=true", key=key, expect=4)
    assert listed["error"]["type"] == "permission"
    path = f"/v1/payments/{payment['id']}/assign"
    taken = await daemon.call("POST", path, {"invoice_id": invoice["id"]}, key=key, expect=4)
    assert taken["error"]["type"] == "permission"
    assert (await daemon.show(invoice["id"]))["status"] == "new"
