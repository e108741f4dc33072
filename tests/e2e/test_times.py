"""Late, after monitoring, and in time although nobody was looking: whose clock decides, and when.

Nothing waits here: daemon and node share a clock of their own, and it is turned forward.
"""

import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
import trio

from paydaemon_bitcoin.regtest import RegtestNode
from tests.e2e.setup import NEVER_S, bitcoin
from tests.support.daemon import Daemon, Json, address_of, due_of, payments_of
from tests.support.node import copy_node, pay_many
from tests.support.rpcproxy import RpcProxy, rpc_proxy

EXPIRES_IN_S = 60
MONITOR_FOR_S = 600
PAST_EXPIRY_S = 100
PAST_MONITORING_S = 800
FORGETS_AFTER_HOURS = 3


@dataclass
class Clock:
    """The one clock of a daemon and its node. It only goes forward, and none of these tests leaves it as it
    was.
    """

    node: RegtestNode
    door: RpcProxy
    daemon: Daemon
    late_by_s: int = 0

    async def advance(self, seconds: int) -> None:
        """Let it be so much later."""
        self.late_by_s += seconds
        self.door.late_by_s = self.late_by_s
        self.daemon.turn_clock(self.late_by_s)
        await self.set_node()

    async def set_node(self, ahead_by_s: int = 0) -> None:
        """Let the node date what it sees by this clock, or by one ahead of it."""
        await self.node.rpc.call("setmocktime", int(time.time()) + self.late_by_s + ahead_by_s)


@pytest.fixture(scope="module")
def node(prepared: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[RegtestNode]:
    """A running node whose clock may be turned."""
    folder = tmp_path_factory.mktemp("clocked") / "node"
    node = copy_node(prepared, folder, mempoolexpiry=FORGETS_AFTER_HOURS)
    try:
        trio.run(node.start)
        yield node
    finally:
        trio.run(node.stop)


@pytest.fixture(scope="module")
def clock(node: RegtestNode, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Clock]:
    """The clock of `node` and of a running daemon."""
    with rpc_proxy(node.rpc_port) as door:
        tables = bitcoin(node, rpc_url=door.url, poll_interval_s=NEVER_S)
        tables["invoices"] = {"expires_in_s": EXPIRES_IN_S, "monitor_for_s": MONITOR_FOR_S}
        tables["health"] = {"stale_after_s": 86_400}
        daemon = Daemon(tmp_path_factory.mktemp("clocked-daemon"), tables, clocked=True)
        try:
            trio.run(daemon.start)
            yield Clock(node, door, daemon)
            trio.run(daemon.stop)
            assert daemon.errors() == []
        finally:
            trio.run(daemon.kill)


@pytest.fixture
def daemon(clock: Clock) -> Daemon:
    """The daemon of `clock`."""
    return clock.daemon


async def pay(node: RegtestNode, invoice: Json, amount_minor: int | None = None) -> str:
    """Pay an invoice, all of it unless told how much."""
    return await pay_many(node, (address_of(invoice), amount_minor or due_of(invoice)))


async def test_paid_in_time_and_mined_after_the_expiry_is_not_late(
    node: RegtestNode, daemon: Daemon, clock: Clock
) -> None:
    invoice = await daemon.invoice()
    await pay(node, invoice)
    await daemon.until_status(invoice["id"], "processing")
    await clock.advance(PAST_EXPIRY_S)
    await node.mine(6)
    settled = await daemon.until_status(invoice["id"], "settled")
    assert settled["flags"] == []
    assert await daemon.types(invoice["id"]) == [
        *("created", "payment_seen", "processing", "payment.confirmed", "settled"),
    ]


async def test_a_fee_raised_after_the_expiry_does_not_make_the_payment_late(
    node: RegtestNode, daemon: Daemon, clock: Clock
) -> None:
    invoice, coin = await daemon.invoice(), await node.coin()
    await node.send(await node.spend(coin, [(address_of(invoice), due_of(invoice))], fee_minor=1_000))
    await daemon.until_status(invoice["id"], "processing")
    await clock.advance(PAST_EXPIRY_S)
    await node.send(await node.spend(coin, [(address_of(invoice), due_of(invoice))], fee_minor=9_000))
    await daemon.until_invoice(invoice["id"], lambda it: len(payments_of(it)) == 2)
    await node.mine(6)
    settled = await daemon.until_status(invoice["id"], "settled")
    assert settled["flags"] == []
    assert await daemon.types(invoice["id"]) == [
        *("created", "payment_seen", "processing", "payment.replaced", "payment_seen"),
        *("payment.conflicted", "payment.confirmed", "settled"),
    ]


async def test_what_is_added_to_a_payment_after_the_expiry_is_late(
    node: RegtestNode, daemon: Daemon, clock: Clock
) -> None:
    """Else a payment of almost nothing would hold the rate until the rest is worth paying."""
    invoice, coin = await daemon.invoice(), await node.coin()
    await node.send(await node.spend(coin, [(address_of(invoice), 600)], fee_minor=1_000))
    await daemon.until_invoice(invoice["id"], lambda it: len(payments_of(it)) == 1)
    await clock.advance(PAST_EXPIRY_S)
    await node.send(await node.spend(coin, [(address_of(invoice), due_of(invoice))], fee_minor=9_000))
    await node.mine(1)
    # Which of the two is told first is chance: that time has run out, or what has come since.
    await daemon.until_invoice(invoice["id"], lambda it: it["status"] == "expired" and "late" in it["flags"])


async def test_paid_late_is_held_until_somebody_marks_it(
    node: RegtestNode, daemon: Daemon, clock: Clock
) -> None:
    invoice = await daemon.invoice()
    await clock.advance(PAST_EXPIRY_S)
    await node.mine(1)
    assert (await daemon.until_status(invoice["id"], "expired"))["flags"] == []
    await pay(node, invoice)
    late = await daemon.until_invoice(invoice["id"], lambda it: it["flags"] == ["late"])
    assert late["status"] == "expired"
    await node.mine(6)
    await daemon.until_depth(invoice["id"], 6)
    assert (await daemon.show(invoice["id"]))["status"] == "expired"
    marked = await daemon.call("POST", f"/v1/invoices/{invoice['id']}/mark", {"status": "settled"})
    assert (marked["status"], marked["flags"]) == ("settled", ["late", "marked"])
    assert await daemon.types(invoice["id"]) == [
        *("created", "expired", "payment_seen", "paid_late", "payment.confirmed", "marked", "settled"),
    ]


async def test_paid_late_settles_by_itself_where_the_seller_lets_it(
    node: RegtestNode, daemon: Daemon, clock: Clock
) -> None:
    invoice = await daemon.invoice(late="settle")
    await clock.advance(PAST_EXPIRY_S)
    await node.mine(1)
    await daemon.until_status(invoice["id"], "expired")
    await pay(node, invoice)
    await daemon.until_status(invoice["id"], "processing")
    await node.mine(6)
    assert (await daemon.until_status(invoice["id"], "settled"))["flags"] == ["late"]


async def test_a_part_in_time_and_the_rest_late_is_late(
    node: RegtestNode, daemon: Daemon, clock: Clock
) -> None:
    invoice = await daemon.invoice()
    await pay(node, invoice, 10_000)
    await daemon.until_invoice(invoice["id"], lambda it: it["flags"] == ["partial"])
    await clock.advance(PAST_EXPIRY_S)
    await node.mine(1)
    assert (await daemon.until_status(invoice["id"], "expired"))["flags"] == ["partial"]
    await pay(node, invoice, due_of(invoice) - 10_000)
    late = await daemon.until_invoice(invoice["id"], lambda it: it["flags"] == ["late"])
    assert (late["status"], late["options"][0]["remaining_minor"]) == ("expired", "0")
    await node.mine(1)
    assert await daemon.types(invoice["id"]) == [
        *("created", "payment_seen", "partially_paid", "expired", "payment_seen", "paid_late"),
    ]


async def test_after_monitoring_a_payment_is_recorded_and_told_and_changes_nothing(
    node: RegtestNode, daemon: Daemon, clock: Clock
) -> None:
    invoice = await daemon.invoice()
    await clock.advance(PAST_MONITORING_S)
    await node.mine(1)
    await daemon.until_status(invoice["id"], "expired")
    async with daemon.stream(after=None) as stream:
        txid = await pay(node, invoice)
        await stream.until("invoice.payment_seen", invoice["id"])
        await node.mine(6)
        await stream.until("payment.confirmed", invoice["id"])
    shown = await daemon.show(invoice["id"])
    assert (shown["status"], shown["flags"]) == ("expired", [])
    (payment,) = payments_of(shown)
    assert (payment["transaction_id"], payment["state"]) == (txid, "confirmed")
    assert shown["options"][0]["confirmed_minor"] == "20834"
    assert await daemon.types(invoice["id"]) == ["created", "expired", "payment_seen", "payment.confirmed"]


async def test_what_was_not_final_when_monitoring_ended_is_invalid_until_it_is(
    node: RegtestNode, daemon: Daemon, clock: Clock
) -> None:
    invoice = await daemon.invoice()
    await pay(node, invoice)
    await daemon.until_status(invoice["id"], "processing")
    await clock.advance(PAST_MONITORING_S)
    await node.mine(1)
    assert (await daemon.until_status(invoice["id"], "invalid"))["flags"] == []
    await node.mine(5)
    assert (await daemon.until_status(invoice["id"], "settled"))["flags"] == []
    assert await daemon.types(invoice["id"]) == [
        *("created", "payment_seen", "processing", "invalid", "payment.confirmed", "settled"),
    ]


async def test_stopped_over_payment_confirmation_and_expiry_it_settles_and_is_not_late(
    node: RegtestNode, daemon: Daemon, clock: Clock
) -> None:
    paid, unpaid, paid_too_late = [await daemon.invoice() for _ in range(3)]
    await daemon.stop()
    await pay(node, paid)
    await node.mine(6)
    await clock.advance(PAST_EXPIRY_S)
    await pay(node, paid_too_late)
    await node.mine(6)
    await daemon.start()
    assert (await daemon.until_status(paid["id"], "settled"))["flags"] == []
    assert (await daemon.until_status(unpaid["id"], "expired"))["flags"] == []
    await daemon.until_invoice(
        paid_too_late["id"], lambda it: (it["status"], it["flags"]) == ("expired", ["late"])
    )
    assert await daemon.types(paid["id"]) == ["created", "payment_seen", "payment.confirmed", "settled"]
    assert await daemon.types(unpaid["id"]) == ["created", "expired"]


async def test_nothing_expires_before_its_chain_was_seen_past_the_expiry(
    node: RegtestNode, daemon: Daemon, clock: Clock
) -> None:
    paid, unpaid = await daemon.invoice(), await daemon.invoice()
    raw = await node.spend(await node.coin(), [(address_of(paid), due_of(paid))])
    async with daemon.stream(after=None) as stream:
        await node.send(raw)
        await node.stop()
        await stream.until("chain.stale")
        clock.daemon.turn_clock(clock.late_by_s + PAST_EXPIRY_S)
        assert (await daemon.show(unpaid["id"]))["status"] == "new"
        await node.start()
        await clock.advance(PAST_EXPIRY_S)
        await stream.until("chain.recovered")
        await node.mine(1)
        await stream.until("invoice.expired", unpaid["id"])
    assert (await daemon.until_depth(paid["id"], 1))["status"] == "processing"
    assert (await daemon.show(paid["id"]))["flags"] == []


async def test_a_payment_that_the_mempool_forgets_is_dropped_and_counts_again_when_sent_again(
    node: RegtestNode, daemon: Daemon, clock: Clock
) -> None:
    invoice = await daemon.invoice()
    raw = await node.spend(await node.coin(), [(address_of(invoice), due_of(invoice))])
    await node.send(raw)
    await daemon.until_status(invoice["id"], "processing")
    await clock.set_node(ahead_by_s=3_600 * (FORGETS_AFTER_HOURS + 1))
    # A mempool forgets when it takes something else in.
    await pay(node, await daemon.invoice())
    dropped = await daemon.until_status(invoice["id"], "new")
    assert [payment["state"] for payment in payments_of(dropped)] == ["dropped"]
    assert (dropped["flags"], dropped["options"][0]["pending_minor"]) == ([], "0")
    await clock.set_node()
    await node.send(raw)
    await daemon.until_status(invoice["id"], "processing")
    await node.mine(6)
    assert (await daemon.until_status(invoice["id"], "settled"))["flags"] == []
    assert await daemon.types(invoice["id"]) == [
        *("created", "payment_seen", "processing", "payment.dropped"),
        *("payment_seen", "processing", "payment.confirmed", "settled"),
    ]
