"""How much was paid: amounts as only Bitcoin has them; what every chain has, the conformance suite tries.

Most tests also know the exact journal that the invoice must have, no event more and none less.
"""

from paydaemon_bitcoin.regtest import RegtestNode
from tests.support.daemon import Daemon, Json, address_of, due_of, payments_of
from tests.support.node import pay_many

CONFIRMED_AND_SETTLED = ["payment.confirmed", "settled"]
DUST_LIMIT = 294
"""The least that nodes relay to a wpkh address, in satoshi."""


def paid_minor(invoice: Json) -> int:
    return int(invoice["options"][0]["pending_minor"]) + int(invoice["options"][0]["confirmed_minor"])


async def test_exact(node: RegtestNode, daemon: Daemon) -> None:
    body = {"amount": "12.50", "currency": "EUR", "seller_id": "shop"}
    invoice = await daemon.call("POST", "/v1/invoices", body)
    assert due_of(invoice) == 20_834, "12.50 EUR at 60000 is 20833.3 satoshi, rounded up"
    txid = await node.pay(address_of(invoice), 20_834)
    seen = await daemon.until_status(invoice["id"], "processing")
    (payment,) = payments_of(seen)
    assert (payment["transaction_id"], payment["amount_minor"]) == (txid, "20834")
    assert (payment["state"], payment["confirmations"]) == ("pending", 0)
    assert (seen["options"][0]["pending_minor"], seen["options"][0]["remaining_minor"]) == ("20834", "0")
    await node.mine(6)
    settled = await daemon.until_status(invoice["id"], "settled")
    assert settled["flags"] == []
    assert settled["options"][0]["confirmed_minor"] == "20834"
    assert settled["options"][0]["pending_minor"] == "0"
    assert [one["state"] for one in payments_of(settled)] == ["confirmed"]
    assert await daemon.types(invoice["id"]) == [
        "created",
        "payment_seen",
        "processing",
        *CONFIRMED_AND_SETTLED,
    ]


async def test_one_satoshi_short_never_settles_until_that_satoshi_comes(
    node: RegtestNode, daemon: Daemon
) -> None:
    invoice = await daemon.invoice()
    await pay_many(node, (address_of(invoice), due_of(invoice) - 1))
    await node.mine(6)
    short = await daemon.until_depth(invoice["id"], 6)
    assert (short["status"], short["flags"]) == ("new", ["partial"])
    assert short["options"][0]["remaining_minor"] == "1"
    # No node relays so little, but a block may hold it.
    await node.mine_only(await node.spend(await node.coin(), [(address_of(invoice), 1)]))
    await daemon.until_status(invoice["id"], "processing")
    await node.mine(5)
    settled = await daemon.until_status(invoice["id"], "settled")
    assert (settled["flags"], paid_minor(settled)) == ([], due_of(invoice))


async def test_two_outputs_of_one_transaction_to_one_invoice(node: RegtestNode, daemon: Daemon) -> None:
    invoice = await daemon.invoice()
    address = address_of(invoice)
    txid = await pay_many(node, (address, 20_000), (address, 834))
    seen = await daemon.until_status(invoice["id"], "processing")
    assert {(one["ref"], one["amount_minor"]) for one in payments_of(seen)} == {
        (f"{txid}:0", "20000"),
        (f"{txid}:1", "834"),
    }
    await node.mine(6)
    settled = await daemon.until_status(invoice["id"], "settled")
    assert (settled["flags"], paid_minor(settled)) == ([], 20_834)
    assert await daemon.types(invoice["id"]) == [
        *("created", "payment_seen", "payment_seen", "processing"),
        *("payment.confirmed", "payment.confirmed", "settled"),
    ]


async def test_dust(node: RegtestNode, daemon: Daemon) -> None:
    invoice = await daemon.invoice(btc="0.00000294")
    assert due_of(invoice) == DUST_LIMIT
    await pay_many(node, (address_of(invoice), DUST_LIMIT))
    await daemon.until_status(invoice["id"], "processing")
    await node.mine(6)
    settled = await daemon.until_status(invoice["id"], "settled")
    assert (settled["flags"], paid_minor(settled)) == ([], DUST_LIMIT)


async def test_200_outputs_to_one_invoice(node: RegtestNode, daemon: Daemon) -> None:
    invoice = await daemon.invoice(btc="0.00200000")
    txid = await pay_many(node, *[(address_of(invoice), 1_000)] * 200)
    seen = await daemon.until_status(invoice["id"], "processing")
    assert {one["ref"] for one in payments_of(seen)} == {f"{txid}:{vout}" for vout in range(200)}
    await node.mine(6)
    settled = await daemon.until_status(invoice["id"], "settled")
    assert (settled["flags"], paid_minor(settled)) == ([], 200_000)
    types = await daemon.types(invoice["id"])
    assert types == [
        *("created", *["payment_seen"] * 200, "processing"),
        *(*["payment.confirmed"] * 200, "settled"),
    ]
