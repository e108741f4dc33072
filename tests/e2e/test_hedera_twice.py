"""A buyer clicks twice, or pays in parts: on a real daemon and network no invoice is brought too much."""

import base64
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import trio

from paydaemon_hedera.sandbox.faults import Call, Fault, Kind
from paydaemon_hedera.sandbox.genesis import PAYEE
from tests.support.daemon import Json
from tests.support.hederanet import HederaNet, hederanet

ALICE, BOB = 1002, 1003


@pytest.fixture
async def net(tmp_path: Path) -> AsyncIterator[HederaNet]:
    async with hederanet(tmp_path) as found:
        yield found


async def test_of_two_clicks_one_pays_and_of_two_parts_both(net: HederaNet) -> None:
    await of_two_clicks_one_pays(net)
    await parts_go_side_by_side(net)


async def of_two_clicks_one_pays(net: HederaNet) -> None:
    invoice = await net.invoice()
    relays: list[Json] = []
    refused: list[Json] = []

    async def click(transaction: str) -> None:
        async with net.daemon.client() as client:
            body = {"transaction": transaction, "invoice_id": invoice["id"]}
            answer = await client.post("/v1/relay/hedera?wait=consensus", json=body)
        (relays if answer.is_success else refused).append(answer.json())

    async with trio.open_nursery() as nursery:
        for payer in (ALICE, BOB):
            nursery.start_soon(click, net.signed(invoice, payer))
    [relay], [error] = relays, [one["error"] for one in refused]
    assert relay["status"] == "succeeded"
    assert (error["type"], error["code"]) == ("conflict", "payment_under_way")
    assert relay["transaction_id"] in error["message"]
    assert (await net.daemon.until_status(invoice["id"], "settled"))["flags"] == []
    assert net.sandbox.network.submitted == 1


async def parts_go_side_by_side(net: HederaNet) -> None:
    """The first is seen by the watcher while its own outcome is still to come: it counts once."""
    invoice = await net.invoice()
    option = invoice["options"][0]
    due, memo = int(option["due_minor"]), option["destination"]["memo"]
    net.sandbox.faults.arm(Fault(Kind.DROP_BEFORE, Call.RECEIPT, times=None))

    def part(amount_minor: int) -> str:
        return base64.b64encode(net.sandbox.signed(ALICE, PAYEE, amount_minor, memo=memo)).decode()

    assert (await net.hand_in(part(due - 1_000), wait="precheck"))["status"] == "accepted"
    await net.daemon.until_invoice(invoice["id"], lambda seen: seen["flags"] == ["partial"])
    assert (await net.hand_in(part(1_000), invoice, wait="precheck"))["status"] == "accepted"
    assert (await net.daemon.until_status(invoice["id"], "settled"))["flags"] == []
