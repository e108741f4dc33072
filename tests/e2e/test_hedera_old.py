"""What Hedera's old browser extension signs, handed to a daemon: passed on, followed and told."""

import base64
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from paydaemon_hedera.sandbox.genesis import CONTRACT, PAYEE
from paydaemon_hedera.sandbox.running import Options, Running
from tests.hedera.extension import Extension
from tests.support.daemon import Json, running
from tests.support.hederanet import HederaNet, settings

ALICE = 1002


@pytest.fixture
async def net(tmp_path: Path) -> AsyncIterator[HederaNet]:
    """A network, and a daemon that passes on whatever that takes."""
    with Running(Options(consensus_delay_s=0.05)) as sandbox:
        table = settings(sandbox, poll_interval_s=0.1)
        table["relay"] |= {"policy": "open"}
        async with running(tmp_path, table) as daemon:
            yield HederaNet(sandbox, daemon)


def extension(net: HederaNet) -> Extension:
    return Extension(ALICE, net.sandbox.holders[ALICE].private[0].raw, net.sandbox.clock.now_ns)


def base64_of(raw: bytes) -> str:
    return base64.b64encode(raw).decode()


async def told(net: HederaNet, relay: Json) -> Json:
    """The last event about a relay."""
    events = (await net.daemon.call("GET", "/v1/events?type=relay.succeeded"))["data"]
    (found,) = (one["data"]["relay"] for one in events if one["data"]["relay"]["id"] == relay["id"])
    return dict(found)


async def test_its_transfer_and_its_call_come_through_and_a_call_pays_no_invoice(net: HederaNet) -> None:
    await comes_through(net, extension(net).transfer([(PAYEE, 10_000)]), "ANON,POST")
    called = await comes_through(net, extension(net).call(CONTRACT, gas=100_000, tinybars=500, memo=""), "")
    assert called["transfers"] == [
        {"account": "0.0.1002", "asset": "HBAR", "amount_minor": "-500"},
        {"account": "0.0.7001", "asset": "HBAR", "amount_minor": "500"},
    ]
    await refused_for_an_invoice(net)


async def comes_through(net: HederaNet, raw: bytes, memo: str) -> Json:
    relay = await net.hand_in(base64_of(raw))
    assert (relay["status"], relay["receipt"]) == ("succeeded", "SUCCESS")
    assert (relay["payer"], relay["memo"]) == ("0.0.1002", memo)
    assert await told(net, relay) == relay
    return relay


async def refused_for_an_invoice(net: HederaNet) -> None:
    invoice = await net.invoice()
    call = extension(net).call(CONTRACT, gas=100_000, tinybars=500)
    body = {"transaction": base64_of(call), "invoice_id": invoice["id"]}
    refused = await net.daemon.call("POST", "/v1/relay/hedera", body, expect=4)
    assert (refused["error"]["code"], refused["error"]["param"]) == ("not_a_transfer", "type")
    assert len(net.sandbox.network.submissions) == 2
