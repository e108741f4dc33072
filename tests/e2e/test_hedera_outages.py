"""What becomes of a transaction whose node, mirror or daemon is away at the worst moment.

Never lost, never credited twice, never `failed` while nobody knows, and never under a new id.
"""

import base64
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
import trio

from paydaemon_hedera.proto import response_code_pb2 as rc
from paydaemon_hedera.sandbox.faults import Call, Fault, Kind
from paydaemon_hedera.sandbox.ledger import HBAR
from paydaemon_hedera.sandbox.names import SECOND_NS, TransactionName, number
from paydaemon_hedera.sandbox.wallet import sign, transfer_body
from tests.support.daemon import Json, patiently
from tests.support.hederanet import HederaNet, hederanet

IMPATIENT = {
    "submit_timeout_s": 1,
    "submit_tries": 2,
    "receipt_timeout_s": 1,
    "follow_s": 20,
    "mirror_timeout_s": 1,
    "absence_after_s": 10,
}
LIFE_S = 200
"""Longer than a receipt lives."""

STILL_S = 5
"""Time for everybody to be asked again."""


@pytest.fixture
async def net(tmp_path: Path) -> AsyncIterator[HederaNet]:
    async with hederanet(tmp_path, clocked=True, chain_limits=IMPATIENT) as found:
        yield found


async def signed(net: HederaNet) -> tuple[Json, str]:
    """An invoice, and what pays it, signed."""
    invoice = await net.invoice()
    return invoice, net.signed(invoice)


async def relay_of(net: HederaNet, id: str) -> Json:
    return await net.daemon.call("GET", f"/v1/relay/hedera/{id}")


async def until_relay(net: HederaNet, id: str, status: str) -> Json:
    found: dict[str, Any] = {}

    async def has_come() -> bool:
        found.update(await relay_of(net, id))
        return bool(found["status"] == status)

    await patiently(has_come)
    return found


async def paid_once(net: HederaNet, invoice: Json, relay: Json) -> None:
    """The invoice is settled by that one transaction, which was carried out and charged once."""
    settled = await net.daemon.until_status(invoice["id"], "settled")
    paid = [payment for option in settled["options"] for payment in option["payments"]]
    assert [payment["transaction_id"] for payment in paid] == [relay["transaction_id"]]
    assert settled["flags"] == []
    kinds = [event["type"] for event in await net.daemon.journal() if event["type"].startswith("relay.")]
    assert kinds.count("relay.succeeded") == 1
    assert "relay.failed" not in kinds
    with net.sandbox.network.lock:
        handled = list(net.sandbox.network.history.newest_first())
    assert len(handled) == 1


def arm(net: HederaNet, kind: Kind, call: Call = Call.SUBMIT, *, delay_ms: int = 0) -> None:
    net.sandbox.faults.arm(Fault(kind, call, times=None, delay_ms=delay_ms))


async def pass_time(net: HederaNet, seconds: int) -> None:
    """For the network and for the daemon."""
    net.sandbox.clock.advance(seconds)
    net.daemon.turn_clock(seconds)
    await trio.lowlevel.checkpoint()


async def make_payer_known(net: HederaNet, invoice: Json) -> None:
    """Have its key looked up, by a transaction for another invoice than is named: nothing of that is kept."""
    other = net.signed(await net.invoice())
    body = {"transaction": other, "invoice_id": invoice["id"]}
    refused = await net.daemon.call("POST", "/v1/relay/hedera", body, expect=4)
    assert refused["error"]["code"] == "wrong_memo"


async def test_answers_lost_and_an_outage_longer_than_a_receipts_life(net: HederaNet) -> None:
    invoice, transaction = await signed(net)
    await make_payer_known(net, invoice)
    arm(net, Kind.DROP_AFTER)
    arm(net, Kind.DROP_BEFORE, Call.RECEIPT)
    net.sandbox.is_mirror_down = True
    relay = await net.hand_in(transaction, invoice, wait="precheck")
    assert relay["status"] == "unknown"
    await pass_time(net, LIFE_S)
    net.sandbox.faults.clear()  # the nodes are back, and have forgotten it
    await trio.sleep(STILL_S)
    assert (await relay_of(net, relay["transaction_id"]))["status"] == "unknown"
    net.sandbox.is_mirror_down = False
    await paid_once(net, invoice, await until_relay(net, relay["transaction_id"], "succeeded"))


async def test_what_never_arrived_has_failed_only_once_that_is_proven(net: HederaNet) -> None:
    invoice, transaction = await signed(net)
    arm(net, Kind.DROP_BEFORE)
    relay = await net.hand_in(transaction, invoice, wait="precheck")
    assert relay["status"] == "unknown"
    await trio.sleep(STILL_S)
    assert (await relay_of(net, relay["transaction_id"]))["status"] == "unknown"
    await pass_time(net, LIFE_S)
    failed = await until_relay(net, relay["transaction_id"], "failed")
    assert failed["receipt"] is None
    assert (await net.daemon.show(invoice["id"]))["options"][0]["payments"] == []
    assert net.sandbox.network.submitted == 0


@pytest.mark.parametrize("when", ["before", "while", "after"])
async def test_killed_around_the_submission_it_is_carried_out_once(net: HederaNet, when: str) -> None:
    invoice, transaction = await signed(net)
    if when == "before":
        for node in net.sandbox.nodes:
            node.stop()
    elif when == "while":
        arm(net, Kind.HANG, delay_ms=60_000)
    async with trio.open_nursery() as nursery:
        nursery.start_soon(_unanswered, net, transaction, invoice)
        await patiently(lambda: _was_recorded(net))
        await net.daemon.kill()
        nursery.cancel_scope.cancel()
    net.sandbox.faults.clear()
    for node in net.sandbox.nodes:
        if not node.is_up:
            node.start()
    await net.daemon.start()
    (received,) = [event for event in await net.daemon.journal() if event["type"] == "relay.received"]
    id = received["data"]["relay"]["transaction_id"]
    await paid_once(net, invoice, await until_relay(net, id, "succeeded"))


async def test_whoever_repeats_its_request_across_a_crash_is_told_no_failure(net: HederaNet) -> None:
    """The node has taken it and its answer is lost; started again, the daemon reaches nobody for a while."""
    invoice, transaction = await signed(net)
    arm(net, Kind.HANG, delay_ms=60_000)
    async with trio.open_nursery() as nursery:
        nursery.start_soon(_unanswered, net, transaction, invoice)
        await patiently(lambda: _was_recorded(net))
        await patiently(lambda: _was_submitted(net))
        await net.daemon.kill()
        nursery.cancel_scope.cancel()
    net.sandbox.faults.clear()
    for node in net.sandbox.nodes:
        node.stop()
    async with trio.open_nursery() as nursery:
        nursery.start_soon(_repeating, net, transaction, invoice)
        await net.daemon.start()
        await trio.sleep(STILL_S)
        for node in net.sandbox.nodes:
            node.start()
        (received,) = [event for event in await net.daemon.journal() if event["type"] == "relay.received"]
        id = received["data"]["relay"]["transaction_id"]
        await paid_once(net, invoice, await until_relay(net, id, "succeeded"))
        nursery.cancel_scope.cancel()


async def _repeating(net: HederaNet, transaction: str, invoice: Json) -> None:
    while True:
        await _unanswered(net, transaction, invoice, wait="precheck")
        await trio.sleep(0.05)


async def _was_submitted(net: HederaNet) -> bool:
    await trio.lowlevel.checkpoint()
    return net.sandbox.network.submitted > 0


async def _was_recorded(net: HederaNet) -> bool:
    return any(event["type"] == "relay.received" for event in await net.daemon.journal())


async def _unanswered(net: HederaNet, transaction: str, invoice: Json, *, wait: str = "consensus") -> None:
    try:
        await net.hand_in(transaction, invoice, wait=wait)
    except Exception:  # noqa: BLE001 - the daemon is killed under it
        await trio.lowlevel.checkpoint()


async def test_what_another_transaction_under_its_id_did_is_no_success(net: HederaNet) -> None:
    """Its payer has handed one that pays somebody else straight to a node, and this one to us."""
    invoice = await net.invoice()
    name = TransactionName(1002, net.sandbox.clock.now_ns() - 5 * SECOND_NS)
    keys = net.sandbox.holders[1002].signers
    elsewhere = transfer_body(name, 3, {HBAR: {1002: -1, 1003: 1}})
    assert net.sandbox.network.submit(3, sign(elsewhere, keys)).code == rc.OK
    to, due = invoice["options"][0]["destination"], int(invoice["options"][0]["due_minor"])
    ours = transfer_body(name, 3, {HBAR: {1002: -due, number(to["address"]): due}}, to["memo"])
    transaction = base64.b64encode(sign(ours, keys)).decode()
    relay = await net.hand_in(transaction, invoice)
    assert (relay["status"], relay["precheck"]) == ("failed", "DUPLICATE_TRANSACTION")
    assert relay["error"] == "another transaction was carried out under this id"
    assert await net.hand_in(transaction, invoice) == relay, "it may not come again"
    kinds = [event["type"] for event in await net.daemon.journal() if event["type"].startswith("relay.")]
    assert kinds == ["relay.received", "relay.accepted", "relay.failed"]
    assert (await net.daemon.show(invoice["id"]))["status"] == "new"


async def test_after_an_outage_of_two_seconds_it_is_handed_over_again(net: HederaNet) -> None:
    invoice, transaction = await signed(net)
    arm(net, Kind.DROP_BEFORE)
    relay = await net.hand_in(transaction, invoice, wait="precheck")
    assert relay["status"] == "unknown"
    net.sandbox.faults.clear()
    await paid_once(net, invoice, await until_relay(net, relay["transaction_id"], "succeeded"))
    assert net.sandbox.network.submitted == 1


async def test_a_hundred_at_once_of_the_same_are_one(net: HederaNet) -> None:
    invoice, transaction = await signed(net)
    relays: list[Json] = []

    async def hand_in() -> None:
        relays.append(await net.hand_in(transaction, invoice))

    async with trio.open_nursery() as nursery:
        for _ in range(100):
            nursery.start_soon(hand_in)
    assert len({relay["id"] for relay in relays}) == 1
    assert {relay["status"] for relay in relays} == {"succeeded"}
    await paid_once(net, invoice, relays[0])
    assert net.sandbox.network.submitted == 1


async def test_while_the_mirror_is_away_nothing_new_is_offered_and_what_is_paid_is_seen_later(
    net: HederaNet,
) -> None:
    invoice, transaction = await signed(net)
    later, second = await signed(net)
    third = net.signed(await net.invoice(), payer=1003)
    relay = await net.hand_in(transaction, invoice)
    net.sandbox.is_mirror_down = True

    async def is_stale() -> bool:
        return bool((await net.daemon.readiness())["chains"][0]["state"] == "stale")

    await patiently(is_stale)
    assert await net.hand_in(transaction, invoice) == relay, "what is known is known"
    assert (await net.hand_in(second, later))["status"] == "succeeded", "the nodes answer for themselves"
    unknown = await net.daemon.call("POST", "/v1/relay/hedera", {"transaction": third}, expect=5)
    assert unknown["error"]["code"] == "chain_unavailable"
    assert "the key of account 0.0.1003 cannot be looked up now" in unknown["error"]["message"]
    order = {"amount": "1.00", "currency": "EUR", "seller_id": "shop"}
    refused = await net.daemon.call("POST", "/v1/invoices", order, expect=5)
    assert refused["error"]["code"] == "nothing_to_offer"
    net.sandbox.is_mirror_down = False
    for paid in (invoice, later):
        assert (await net.daemon.until_status(paid["id"], "settled"))["flags"] == []
