"""Payments to addresses of the seller's that no invoice was given."""

from paydaemon_bitcoin.regtest import RegtestNode
from tests.support.daemon import Daemon, Json, due_of, patiently
from tests.support.node import pay_many


async def _unmatched(daemon: Daemon) -> dict[str, Json]:
    listed = await daemon.call("GET", "/v1/payments?unmatched=true")
    return {payment["transaction_id"]: payment for payment in listed["data"]}


async def _is_confirmed(daemon: Daemon, txid: str) -> bool:
    payment = (await _unmatched(daemon)).get(txid)
    return payment is not None and payment["state"] == "confirmed"


async def test_it_is_recorded_told_and_settles_the_invoice_it_is_assigned_to(
    node: RegtestNode, daemon: Daemon, unissued_address: str
) -> None:
    async with daemon.stream(after=None) as stream:
        txid = await pay_many(node, (unissued_address, 20_834))
        await node.mine(1)
        event = await stream.until("payment.unmatched")
    payment = event["data"]["payment"]
    assert (event["invoice_id"], payment["transaction_id"]) == (None, txid)
    assert (payment["amount_minor"], payment["destination"]) == ("20834", unissued_address)
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
    node: RegtestNode, daemon: Daemon, unissued_address: str
) -> None:
    txid = await pay_many(node, (unissued_address, 30_000))
    await node.mine(6)
    await patiently(lambda: _is_confirmed(daemon, txid))
    one, other = await daemon.invoice(), await daemon.invoice()
    path = f"/v1/payments/{(await _unmatched(daemon))[txid]['id']}/assign"
    assigned = await daemon.call("POST", path, {"invoice_id": one["id"]})
    assert (assigned["status"], assigned["flags"]) == ("settled", ["over"])
    refused = await daemon.call("POST", path, {"invoice_id": other["id"]}, expect=4)
    assert refused["error"]["code"] == "payment_matched"
    assert (await daemon.show(other["id"]))["status"] == "new"


async def test_a_seller_neither_sees_nor_takes_it(
    node: RegtestNode, daemon: Daemon, unissued_address: str
) -> None:
    async with daemon.stream(after=None) as stream:
        await pay_many(node, (unissued_address, 20_834))
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
