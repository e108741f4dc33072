"""A real node for tests: a copy of a prepared one, and what is done to its chain."""

import shutil
from pathlib import Path

from paydaemon_bitcoin.regtest import RegtestNode

COINS = 20
"""How many coins the miner of a prepared node has to pay with."""


async def prepare(folder: Path) -> None:
    """Make the folder of a stopped node whose miner has `COINS` coins."""
    async with RegtestNode(folder) as node:
        await node.prepare()
        await node.mine(COINS - 1)


def copy_node(prepared: Path, folder: Path, *, zmq: bool = True, **options: object) -> RegtestNode:
    """A node on a copy of a stopped node's folder; `options` are further lines of its configuration."""
    shutil.copytree(prepared, folder)
    return RegtestNode(folder, zmq=zmq, options=options)


async def elsewhere(node: RegtestNode) -> str:
    """An address that is no seller's."""
    return str(await node.miner.call("getnewaddress", "", "bech32"))


async def pay_many(node: RegtestNode, *payments: tuple[str, int]) -> str:
    """One transaction with an output for each payment, also where several go to one address."""
    fee_minor = 1_000 + 50 * len(payments)
    return await node.send(await node.spend(await node.coin(), payments, fee_minor))


async def take_back(node: RegtestNode, blocks: int) -> None:
    """Let the chain lose its newest blocks. What they held is in the mempool again."""
    height = await node.rpc.call("getblockcount")
    await node.rpc.call("invalidateblock", await node.rpc.call("getblockhash", height - blocks + 1))


async def reorganise(node: RegtestNode, blocks: int, *raws: str) -> None:
    """Replace the newest blocks by one more than that, of which only the first holds these transactions."""
    await take_back(node, blocks)
    await node.mine_only(*raws)
    for _ in range(blocks):
        await node.mine_only()
