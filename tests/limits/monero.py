"""Provocations of what a Monero node, its wallet, and whoever speaks in their name can take."""

import json
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

import pytest
import trio

from paydaemon.core.payment import ChainTime, ObservedState
from paydaemon_monero.answers import Credit, NodeInfo, Transfer
from paydaemon_monero.chain import MoneroChain
from paydaemon_monero.errors import Unavailable
from paydaemon_monero.node import Node
from paydaemon_monero.observations import Fate, Finding
from paydaemon_monero.patience import Patience
from paydaemon_monero.subaddresses import Subaddresses
from paydaemon_monero.wallet import Wallet
from paydaemon_monero.watcher import Watcher
from tests.bitcoin.peer import Peer, answer, peer
from tests.limits.trial import Trial, monero, provokes
from tests.support.host import FakeHost
from tests.support.waiting import until

SILENCE = b"..."
SOON_S = 1.5
POOL = Fate(ObservedState.SEEN, 1_000)


# --- The two RPCs


@asynccontextmanager
async def asking(
    trial: Trial, small: float, *answers: bytes | None
) -> AsyncIterator[tuple[Peer, MoneroChain]]:
    """A chain with this one limit, dialled, and whom it takes for its node and its wallet."""
    async with peer(*answers) as (node, _):
        url = f"http://127.0.0.1:{node.port}"
        chain = MoneroChain("monero", monero(trial, small, wallet_rpc_url=url, monerod_url=url))
        async with chain._node_rpc, chain._wallet_rpc:
            yield node, chain


@provokes(
    "chains.monero.rpc_timeout_s",
    "chains.monero.limits.catch_up_timeout_s",
    "chains.monero.limits.rescan_timeout_s",
)
async def somebody_who_is_silent(trial: Trial) -> str:
    async with asking(trial, 0.1, SILENCE) as (_, chain):
        calls: dict[str, Callable[[], Awaitable[object]]] = {
            "rpc_timeout_s": chain._node.info,
            "catch_up_timeout_s": chain._wallet.catch_up,
            "rescan_timeout_s": lambda: chain._subaddresses._rescan(lambda what: None),
        }
        with trio.fail_after(SOON_S), pytest.raises(Unavailable) as away:
            await calls[trial.key.rpartition(".")[2]]()
    assert away.value.reason.endswith("does not answer in time")
    return "the chain is stale: the node, or its wallet, does not answer in time"


@provokes("chains.monero.limits.rpc_tries")
async def a_node_that_hangs_up(trial: Trial) -> str:
    async with asking(trial, 2, None, None, answer({})) as (node, chain):
        with pytest.raises(Unavailable):
            await chain._node_rpc.call("get_info")
        assert len(node.requests) == 2
    return "the chain is stale"


@provokes("chains.monero.limits.rpc_answer_bytes")
async def a_node_that_says_too_much(trial: Trial) -> str:
    async with asking(trial, 1_000, answer("x" * 900), answer("x" * 1_000)) as (_, chain):
        assert await chain._node_rpc.call("get_info") == "x" * 900
        with pytest.raises(Unavailable) as away:
            await chain._node_rpc.call("get_info")
    assert away.value.reason == "monerod answers more than 1000 bytes"
    return "the chain is stale: it answers more than so many bytes"


@provokes("chains.monero.limits.reconnect_pause_s")
async def a_node_that_is_away(trial: Trial) -> str:
    async with peer() as (node, _), trio.open_nursery() as nursery:
        url = f"http://127.0.0.1:{node.port}"
        chain = MoneroChain("monero", monero(trial, 0.05, monerod_url=url))
        nursery.start_soon(chain.run, FakeHost())
        came_s: list[float] = []

        def has_come_six_times() -> bool:
            came_s.extend([trio.current_time()] * (len(node.requests) - len(came_s)))
            return len(came_s) >= 6

        await until(has_come_six_times)
        # Had the pauses doubled from 0.25 s on, the last two were 2 s and 4 s; the rest is the machine's.
        assert min(later - sooner for sooner, later in pairwise(came_s[3:6])) < 2
        nursery.cancel_scope.cancel()
    return "the node is tried again"


# --- The wallet


@dataclass
class AWallet:
    """The few calls by which a wallet's subaddresses become more."""

    made: int = 40
    grown: list[int] = field(default_factory=list)

    async def call(self, method: str, params: Mapping[str, Any] = {}) -> Any:
        match method:
            case "create_address":
                self.grown.append(params["count"])
                self.made += params["count"]
                return {"address_indices": list(range(self.made - params["count"], self.made))}
            case "get_accounts":
                return {"subaddress_accounts": [{"account_index": 0, "base_address": "address 0"}]}
            case "get_address_index":
                return {"index": {"major": 0, "minor": int(params["address"].split()[1])}}
            case _:
                asked = params.get("address_index", ())
                return {"addresses": [{"address": f"address {minor}"} for minor in asked]}


@provokes("chains.monero.lookahead")
async def an_address_beyond_the_wallet(trial: Trial) -> str:
    rpc: Any = AWallet()
    config = monero(trial, 20)
    wallet = Wallet(rpc, 0, 1)
    assert await wallet.recognise("address 0")
    subaddresses = Subaddresses(wallet, config.lookahead, 1)
    subaddresses._made, subaddresses._given = 40, 25
    await subaddresses.keep_ahead()
    assert rpc.grown == [], "half of it is left"
    await subaddresses.address(30)
    await subaddresses.keep_ahead()
    assert rpc.grown == [16]
    await subaddresses.address(56)
    assert rpc.grown == [16, 16], "and this one had to wait"
    return "a new address waits until the wallet has more"


# --- The watcher


@dataclass
class ANode:
    """A chain that stands still, or moves on at every question; and its wallet."""

    moves: bool = False
    asked: int = 0

    async def info(self) -> NodeInfo:
        self.asked += 1
        tip = f"tip {self.asked}" if self.moves else "tip"
        return NodeInfo(201, tip, 0, True, "fakechain", 1_000, None, "")

    async def check(self) -> None:
        pass

    async def height(self) -> int:
        return 201

    async def catch_up(self) -> int:
        return 201

    async def transfers(self, above: int) -> Sequence[Transfer]:
        return ()

    async def nothing(self) -> None:
        pass


async def watcher(trial: Trial, small: float, node: Any) -> tuple[Watcher, FakeHost]:
    host, config = FakeHost(), monero(trial, small)
    asset = MoneroChain("monero", config).assets[0]
    patience = Patience(config.rpc_timeout_s, lambda reason: None)
    return await Watcher.load(node, node, host, asset, "regtest", config.limits, patience), host


@provokes("chains.monero.poll_interval_s")
async def time_that_passes(trial: Trial) -> str:
    node: Any = ANode()
    poll_s = monero(trial, 0.06).poll_interval_s
    watching, host = await watcher(trial, 0.06, node)
    async with trio.open_nursery() as nursery:
        nursery.start_soon(watching.follow, poll_s, lambda behind: None, node.nothing)
        with trio.fail_after(SOON_S):
            await until(lambda: len(host.told) == 4)
        nursery.cancel_scope.cancel()
    return "the wallet and the node are looked at"


@provokes("chains.monero.limits.look_tries")
async def blocks_that_come_too_fast(trial: Trial) -> str:
    watching, host = await watcher(trial, 2, ANode(moves=True))
    with pytest.raises(Unavailable) as away:
        await watching.look()
    assert host.told == []
    assert away.value.reason == "the chain moves on faster than it can be read"
    return "the chain is stale: it moves on faster than it can be read"


@provokes("chains.monero.limits.asked_at_once")
async def many_transactions_to_ask_about(trial: Trial) -> str:
    async with asking(trial, 2, *[_knows_none()] * 3) as (node, chain):
        assert isinstance(chain._node, Node)
        assert await chain._node.whereabouts([f"tx {number}" for number in range(5)]) == {}
        bodies = [json.loads(request.partition(b"\r\n\r\n")[2]) for request in node.requests]
    assert [len(body["txs_hashes"]) for body in bodies] == [2, 2, 1]
    return "the others are asked about in the next go"


@provokes("chains.monero.limits.told_at_once")
async def much_to_tell(trial: Trial) -> str:
    watching, host = await watcher(trial, 2, ANode())
    found = [Finding(Credit(f"tx {number}", 1, 1, "address"), POOL) for number in range(5)]
    await watching._teller.complete(found, ChainTime(1_000, 200), "tip")
    assert [len(told.observations) for told in host.told] == [2, 2, 1]
    return "the rest is told in the next go"


def _knows_none() -> bytes:
    body = b'{"status": "OK", "missed_tx": []}'
    return b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(body) + body
