"""What the watcher asks the node and its wallet, in types."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from paydaemon_bitcoin.descriptors import Network
from paydaemon_bitcoin.errors import NO_WALLET, NOT_FOUND, NodeUnavailable, RpcError
from paydaemon_bitcoin.limits import BitcoinLimits
from paydaemon_bitcoin.observations import Credit, Recorded, credit, recorded
from paydaemon_bitcoin.rpc import Rpc
from paydaemon_bitcoin.transactions import Transaction, parse


@dataclass(frozen=True, slots=True)
class Look:
    """The node at one moment. `at_ms` is by its own clock; `lag` says what it still has to catch up on.

    Everything that the node accepted up to `at_ms` is listed by calls made after this. `breaks` is how often
    connections had failed by then; where that has grown, the node may have been restarted since.
    """

    at_ms: int
    tip: str
    height: int
    lag: str | None
    breaks: int


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of the wallet's list: a credit, and what is recorded of its transaction."""

    credit: Credit
    recorded: Recorded


@dataclass(frozen=True, slots=True)
class Listing:
    """The wallet's list since some block, complete up to the block `tip`.

    `removed` are the transactions of blocks that left the chain since then.
    """

    tip: str
    entries: tuple[Entry, ...]
    removed: frozenset[str]


@dataclass(frozen=True, slots=True)
class WalletTransaction:
    """What the wallet knows of one transaction: what it records of it, and the transaction itself."""

    recorded: Recorded
    transaction: Transaction


class Node:
    """The questions. Each raises `NodeUnavailable` where the node, or its wallet, is away."""

    def __init__(self, rpc: Rpc, wallet: Rpc, network: Network, limits: BitcoinLimits) -> None:
        self._rpc = rpc
        self._limits = limits
        self._wallet = wallet
        self._network = network

    def unbroken_since(self, look: Look) -> bool:
        """Whether it is surely the same run of the node that `look` saw."""
        return self._rpc.breaks == look.breaks

    async def look(self) -> Look:
        """The node now. Waits until its wallet has taken in what its mempool already has."""
        clock = await self._rpc.call("getnettotals")
        breaks = self._rpc.breaks
        await self.catch_up()
        chain = await self._rpc.call("getblockchaininfo")
        mempool = await self._rpc.call("getmempoolinfo")
        peers = await self._rpc.call("getconnectioncount")
        return Look(
            at_ms=_before(clock["timemillis"]),
            tip=chain["bestblockhash"],
            height=chain["blocks"],
            lag=lag(self._network, chain, mempool, peers),
            breaks=breaks,
        )

    async def catch_up(self) -> None:
        """Wait until the wallet has taken in everything that the mempool has now."""
        await self._rpc.call("syncwithvalidationinterfacequeue")

    async def listing(self, since: str | None) -> Listing | None:
        """What the wallet lists since a block, or since ever; None where the node knows no such block.

        A wallet of many thousand entries takes its time.
        """
        within_s = self._limits.long_call_timeout_s
        told = (since or "", 1, True, True, True)
        try:
            said = await self._ask_wallet("listsinceblock", *told, timeout_s=within_s)
        except RpcError as error:
            if error.code == NOT_FOUND and since is not None:
                return None
            raise
        return Listing(
            said["lastblock"],
            tuple(_entries(said["transactions"])),
            frozenset(entry["txid"] for entry in said["removed"]),
        )

    async def in_mempool_since(self, txid: str) -> int | None:
        """When it came into the mempool, in seconds; None where it is not there."""
        try:
            return int((await self._rpc.call("getmempoolentry", txid))["time"])
        except RpcError as error:
            _check_unknown(error)
            return None

    async def transaction(self, txid: str) -> WalletTransaction | None:
        """What the wallet knows of a transaction; None where it does not know it (yet)."""
        try:
            said = await self._ask_wallet("gettransaction", txid, True)
        except RpcError as error:
            _check_unknown(error)
            return None
        return WalletTransaction(recorded(said), parse(bytes.fromhex(said["hex"])))

    async def in_chain(self, block: str) -> bool:
        """Whether this block is part of the node's best chain."""
        try:
            header = await self._rpc.call("getblockheader", block)
        except RpcError as error:
            _check_unknown(error)
            return False
        return bool(header["confirmations"] > 0)

    async def block_at(self, height: int) -> str:
        """The hash of the best chain's block of that number, or of its first block for one below."""
        return str(await self._rpc.call("getblockhash", max(0, height)))

    async def _ask_wallet(self, method: str, *params: object, timeout_s: float | None = None) -> Any:
        try:
            return await self._wallet.call(method, *params, timeout_s=timeout_s)
        except RpcError as error:
            if error.code == NO_WALLET:
                raise NodeUnavailable("the node has its wallet not loaded") from None
            raise


def lag(network: Network, chain: dict[str, Any], mempool: dict[str, Any], peers: int) -> str | None:
    """What the node still has to catch up on, for people; None where nothing.

    A header comes a moment before its block, so one block less than headers is no lag. After a restart the
    mempool is read back in the background: until then it lacks what it had.
    """
    if chain["initialblockdownload"] or chain["blocks"] + 1 < chain["headers"]:
        percent = 100 * chain["blocks"] // max(1, chain["headers"])
        return f"the node is catching up with the chain ({percent} %)"
    if not mempool.get("loaded", True):
        return "the node is reading its mempool back"
    if network is not Network.REGTEST and peers == 0:
        return "the node has no peers"
    return None


def _before(clock_ms: int) -> int:
    """The last millisecond of the second before: the node tells times of transactions in whole seconds.

    One accepted from now on has a time of its current second or later, so this much is surely complete.
    """
    return clock_ms // 1000 * 1000 - 1


def _entries(said: list[dict[str, Any]]) -> Iterator[Entry]:
    for entry in said:
        ours = credit(entry)
        if ours is not None:
            yield Entry(ours, recorded(entry))


def _check_unknown(error: RpcError) -> None:
    if error.code != NOT_FOUND:
        raise error
