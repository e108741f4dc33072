"""Provocations of what a Bitcoin node, its wallet, and whoever speaks in their name can take."""

import itertools
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import pytest
import trio

from paydaemon.core.payment import ObservedState
from paydaemon_bitcoin.chain import BitcoinChain
from paydaemon_bitcoin.errors import NodeUnavailable
from paydaemon_bitcoin.inquiry import Finding
from paydaemon_bitcoin.node import Entry, Listing, Look
from paydaemon_bitcoin.notifications import CONNECTED, Added, Missed, Notifications, Wake
from paydaemon_bitcoin.observations import Credit, Fate, Recorded
from paydaemon_bitcoin.scripts import Scripts
from paydaemon_bitcoin.wallet import Wallet
from paydaemon_bitcoin.watcher import Watcher
from tests.bitcoin.peer import Peer, answer, peer
from tests.bitcoin.publisher import Publisher, count
from tests.limits.trial import Trial, provokes
from tests.support.host import FakeHost
from tests.support.waiting import until

SILENCE = b"..."
SOON_S = 1.5
MEMPOOL = Fate(ObservedState.SEEN, 1_000)


# --- The node's RPC


@asynccontextmanager
async def asking(
    trial: Trial, small: float, *answers: bytes | None, **others: object
) -> AsyncIterator[tuple[Peer, BitcoinChain]]:
    """A chain with this one limit, and whom it takes for its node."""
    async with peer(*answers) as (node, _):
        cookie = trial.folder / "cookie"
        cookie.write_text("user:password")
        place = {"rpc_url": f"http://127.0.0.1:{node.port}", "cookie_file": str(cookie)}
        chain = BitcoinChain("bitcoin", trial.bitcoin(small, **place, **others))
        try:
            yield node, chain
        finally:
            chain._rpc.close()


@provokes("chains.bitcoin.rpc_workers")
async def a_call_too_many(trial: Trial) -> str:
    async with asking(trial, 1, SILENCE, SILENCE) as (node, chain), trio.open_nursery() as nursery:
        for _ in range(2):
            nursery.start_soon(chain._rpc.call, "getblockcount")
        await until(lambda: len(node.requests) == 1)
        await trio.sleep(0.05)
        assert len(node.requests) == 1
        nursery.cancel_scope.cancel()
    return "the next call waits"


@provokes(
    "chains.bitcoin.rpc_timeout_s",
    "chains.bitcoin.limits.long_call_timeout_s",
    "chains.bitcoin.limits.rescan_timeout_s",
)
async def a_node_that_is_silent(trial: Trial) -> str:
    async with asking(trial, 0.1, SILENCE) as (_, chain):
        calls: dict[str, Callable[[], Awaitable[object]]] = {
            "rpc_timeout_s": partial(chain._rpc.call, "getblockcount"),
            "long_call_timeout_s": partial(chain._node.listing, None),
            "rescan_timeout_s": partial(chain._wallet._scan, 0, trio.Event()),
        }
        with trio.fail_after(SOON_S), pytest.raises(NodeUnavailable) as away:
            await calls[trial.key.rpartition(".")[2]]()
    assert away.value.reason.endswith("does not answer in time")
    return "the chain is stale: the node does not answer in time"


@provokes("chains.bitcoin.limits.rpc_tries")
async def a_node_that_hangs_up(trial: Trial) -> str:
    async with asking(trial, 2, None, None, answer(7)) as (node, chain):
        with pytest.raises(NodeUnavailable):
            await chain._rpc.call("getblockchaininfo")
        assert len(node.requests) == 2
    return "the chain is stale"


@provokes("chains.bitcoin.limits.rpc_answer_bytes")
async def a_node_that_says_too_much(trial: Trial) -> str:
    async with asking(trial, 1_000, answer("x" * 900), answer("x" * 1_000)) as (_, chain):
        assert await chain._rpc.call("getblockcount") == "x" * 900
        with pytest.raises(NodeUnavailable) as away:
            await chain._rpc.call("getblockcount")
    assert away.value.reason.endswith("it is larger than 1000 bytes")
    return "the chain is stale: the answer is larger than so many bytes"


@provokes("chains.bitcoin.limits.reconnect_pause_s")
async def a_node_that_is_away(trial: Trial) -> str:
    async with asking(trial, 0.05) as (node, chain), trio.open_nursery() as nursery:
        nursery.start_soon(chain.run, FakeHost())
        with trio.fail_after(4 * SOON_S):  # with pauses that double it would be after 0.25 s · (2⁵ - 1)
            await until(lambda: len(node.requests) == 6)
        nursery.cancel_scope.cancel()
    return "the node is tried again"


# --- The node's wallet


@dataclass
class AWallet:
    """The few calls by which a wallet's range grows."""

    descriptor: str
    end: int = 40
    grown: list[int] = field(default_factory=list)

    def wallet(self, name: str) -> "AWallet":
        return self

    async def call(self, method: str, *params: Any, timeout_s: float | None = None) -> Any:
        if method == "keypoolrefill":
            self.grown.append(params[0])
            self.end += params[0]
        listed = {"desc": self.descriptor, "active": True, "range": [0, self.end - 1], "next_index": 0}
        return {"descriptors": [listed]}


@provokes("chains.bitcoin.lookahead")
async def an_address_beyond_the_wallet(trial: Trial) -> str:
    config = trial.bitcoin(5)
    descriptor = config.parsed_descriptor()
    rpc: Any = AWallet(descriptor.canonical)
    wallet = Wallet(rpc, descriptor, name="w", lookahead=config.lookahead, limits=config.limits)
    await wallet._grow(40)
    await wallet.ensure(39)
    assert rpc.grown == []
    await wallet.ensure(40)
    assert rpc.grown == [40 + 1 + 5]
    return "a new address waits until the wallet has more"


# --- The watcher


@dataclass
class ANode:
    """A chain that stands still, or moves on at every look; its wallet lists these transactions."""

    listed: Sequence[str] = ()
    moves: bool = False
    looks: int = 0

    async def look(self) -> Look:
        self.looks += 1
        return Look(1_000, f"tip {self.looks}" if self.moves else "tip", 200, None, 0)

    async def listing(self, since: str | None) -> Listing:
        entries = tuple(Entry(Credit(txid, 0, 1, "address"), Recorded(0, 1)) for txid in self.listed)
        return Listing("tip", entries, frozenset())

    async def block_at(self, height: int) -> str:
        return f"block {height}"

    async def in_chain(self, block: str) -> bool:
        return True

    def unbroken_since(self, look: Look) -> bool:
        return True


async def watcher(trial: Trial, small: float, node: Any) -> tuple[Watcher, FakeHost]:
    host = FakeHost()
    chain = BitcoinChain("bitcoin", trial.bitcoin(small))
    return await Watcher.load(node, host, Scripts(), chain.assets[0], chain._config.limits), host


@provokes("chains.bitcoin.poll_interval_s")
async def a_node_that_says_nothing(trial: Trial) -> str:
    node: Any = ANode()
    poll_s = trial.bitcoin(0.06).poll_interval_s
    watching = (await watcher(trial, 0.06, node))[0]
    async with trio.open_nursery() as nursery:
        nursery.start_soon(watching.follow, poll_s, lambda lag: None)
        with trio.fail_after(SOON_S):
            await until(lambda: node.looks == 4)
        nursery.cancel_scope.cancel()
    return "the node is looked at"


@provokes("chains.bitcoin.limits.list_tries")
async def blocks_that_come_too_fast(trial: Trial) -> str:
    node = ANode(moves=True)
    watching = (await watcher(trial, 2, node))[0]
    with pytest.raises(NodeUnavailable) as away:
        await watching._pass()
    assert node.looks == 2
    assert away.value.reason == "the chain moves on faster than it can be read"
    return "the chain is stale: it moves on faster than it can be read"


@provokes("chains.bitcoin.limits.asked_at_once")
async def many_transactions_to_ask_about(trial: Trial) -> str:
    watching, _ = await watcher(trial, 2, ANode([f"tx {number}" for number in range(5)]))
    asked: list[int] = [0]

    async def known(txid: str, *_: object) -> None:
        asked[-1] += 1

    async def suspects() -> None:
        asked.append(0)

    watching._inquiry.known = known  # type: ignore[method-assign, assignment]
    watching._look_at_suspects = suspects  # type: ignore[method-assign]
    await watching._pass()
    assert asked == [2, 2, 1, 0]
    return "the others are asked about after what is new"


@provokes("chains.bitcoin.limits.told_at_once")
async def much_to_tell(trial: Trial) -> str:
    watching, host = await watcher(trial, 2, ANode())
    paid = [Credit("tx", vout, 1, "address") for vout in range(5)]
    await watching._teller.tell([Finding("tx", paid, MEMPOOL)])
    assert [len(told.observations) for told in host.told] == [2, 2, 1]
    return "the rest is told in the next go"


@provokes("chains.bitcoin.limits.suspects")
async def many_wake_ups(trial: Trial) -> str:
    watching, _ = await watcher(trial, 2, ANode())
    for txid in ("a", "b", "c"):
        watching._book.write(txid, [], MEMPOOL)
        watching.inbox.hear(Added(txid))
    assert not watching.inbox.take_suspects().known
    assert watching.inbox.take_due()
    return "everything is looked at instead"


@provokes("chains.bitcoin.limits.scripts")
async def many_addresses(trial: Trial) -> str:
    config = trial.bitcoin(1)
    chain = BitcoinChain("bitcoin", config)
    old, new = (config.parsed_descriptor().script(index) for index in range(2))
    for index in range(2):
        chain._scripts.add(config.parsed_descriptor().address(index))
    assert [chain._scripts.match([(script, 1)]) for script in (old, new)] == [False, True]
    return "payments to older ones are seen at the next look at the node"


@provokes("chains.bitcoin.limits.zmq_queue")
async def many_messages(trial: Trial) -> str:
    """Sent slowly enough for whoever takes it: a node that keeps little drops it for whoever does not."""
    heard: list[Wake] = []
    numbers = itertools.count()
    publisher = Publisher(keeps=50)
    queue = trial.bitcoin(1).limits.zmq_queue
    try:
        async with (
            Notifications(rawtx=publisher.endpoint, sequence=None, queue=queue) as notifications,
            trio.open_nursery() as nursery,
        ):
            await publisher.subscribed(1)
            for _ in range(300):
                publisher.send(b"rawtx", b"x" * 100_000, count(next(numbers)))
                await trio.sleep(0.002)
            nursery.start_soon(notifications.listen, heard.append)

            def missed() -> bool:
                publisher.send(b"rawtx", b"x", count(next(numbers)))
                return any(isinstance(wake, Missed) and wake.reason != CONNECTED for wake in heard)

            await until(missed)
            nursery.cancel_scope.cancel()
    finally:
        publisher.close()
    return "the node drops the rest, and everything is looked at"
