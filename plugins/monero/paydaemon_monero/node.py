"""What is asked of monerod, in types. It alone says how long the chain is, and where a transaction stands."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeVar

from paydaemon_monero import answers
from paydaemon_monero.answers import NodeInfo, Whereabouts
from paydaemon_monero.errors import RpcError, Unavailable, Unreadable
from paydaemon_monero.rpc import Rpc
from paydaemon_monero.teller import parts

T = TypeVar("T")

NETWORKS = {"mainnet": "mainnet", "stagenet": "stagenet", "testnet": "testnet", "regtest": "fakechain"}
"""What monerod calls each network."""


class Node:
    """The questions. Each raises `Unavailable` where the node is away, or is not understood."""

    def __init__(self, rpc: Rpc, asked_at_once: int) -> None:
        self._rpc = rpc
        self._asked_at_once = asked_at_once

    async def info(self) -> NodeInfo:
        """How the node is now."""
        return understood("monerod", answers.node_info, await self._rpc.call("get_info"))

    async def block_at(self, height: int) -> str:
        """The hash of the block of that number. Raises `RpcError` where there is none."""
        said = await self._rpc.call("on_get_block_hash", [height])
        return understood("monerod", lambda said: answers.hash_of(said, "result"), said)

    async def has_block(self, height: int, block: str) -> bool:
        """Whether that block is part of the node's chain."""
        try:
            return await self.block_at(height) == block
        except RpcError:
            return False

    async def whereabouts(self, txids: Sequence[str]) -> Mapping[str, Whereabouts]:
        """Where these transactions are; what is not in it is neither in the pool nor in a block."""
        found: dict[str, Whereabouts] = {}
        for part in parts(txids, self._asked_at_once):
            asked = {"txs_hashes": list(part), "decode_as_json": False, "prune": True}
            said = await self._rpc.post("/get_transactions", asked)
            found |= understood("monerod", answers.whereabouts, said)
        return found


def lag(info: NodeInfo, network: str) -> str | None:
    """What the node still has to catch up on, for people; None where nothing."""
    if info.network != NETWORKS[network]:
        return f"monerod is on the network {info.network}, and {network} is configured"
    if not info.synchronized or info.blocks + 1 < info.target:
        percent = 100 * info.blocks // max(info.blocks, info.target, 1)
        return f"monerod is catching up with the chain ({percent} %)"
    if info.peers == 0 and network != "regtest":
        return "monerod has no peers"
    return None


def understood(who: str, read: Callable[[Any], T], said: Any) -> T:
    """What `read` makes of an answer. Raises `Unavailable` where it is of another form than it should be."""
    try:
        if not isinstance(said, (dict, str)):
            raise Unreadable(f"it is a {type(said).__name__}")
        return read(said)
    except Unreadable as error:
        raise Unavailable(f"{who} is not understood: {error}") from None
