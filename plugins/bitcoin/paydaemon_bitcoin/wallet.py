"""The node's wallet: watch-only, with one ranged descriptor, and a range that stays ahead of our indexes.

The node lists only what pays addresses inside the range, and does not look back when the range grows. So no
address is given out before it is inside, and the range grows by ``keypoolrefill``, which derives only what is
new; importing the descriptor again would derive everything again.

The descriptor is imported as the wallet's own for change. At a payment to an address beyond the last one
paid, the node notes down every address between the two in its file, one durable write each, unless they are
for change: with 20,000 unpaid between, it was busy for 43 s, and so for 1.3 s. What it lists is the same.

The wallet itself remembers up to which index it has watched without a gap, as the label of its address 0. The
label is written last, so that a wallet which is new, or older than our indexes, or whose rescan was broken
off, is known by it. Such a wallet is rescanned from the last block below which every payment was seen and
final, before it is trusted.
"""

import re
from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import Any

import structlog
import trio

from paydaemon.hooks.ports import ChainMismatch
from paydaemon_bitcoin.descriptors import Descriptor, Network, parse
from paydaemon_bitcoin.errors import (
    ALREADY_LOADED,
    NO_METHOD,
    NO_WALLET,
    NOT_FOUND,
    NodeUnavailable,
    RpcError,
)
from paydaemon_bitcoin.limits import BitcoinLimits
from paydaemon_bitcoin.rpc import Rpc, gather

log = structlog.get_logger(__name__)

CHAINS = {
    Network.MAINNET: "main",
    Network.TESTNET4: "testnet4",
    Network.SIGNET: "signet",
    Network.REGTEST: "regtest",
}
COMPARED = 3  # addresses that the node derives too, to see that we agree
_PROGRESS_S = 1.0
_ABORT_TRIES = 50
_MARK = re.compile(r"paydaemon: watched below ([0-9]{1,10})", re.ASCII)

KNOWN_WALLET = (
    "a daemon has watched with this wallet before, and this database has given out no address: "
    "if its database was lost, stop and restore a backup, or addresses are given out a second time"
)

Progress = Callable[[str], None]
"""Told what is going on while it takes long."""


class Wallet:
    """The wallet of one descriptor on one node."""

    def __init__(
        self, rpc: Rpc, descriptor: Descriptor, *, name: str, lookahead: int, limits: BitcoinLimits
    ) -> None:
        self.name = name
        self._long_s = limits.long_call_timeout_s
        self._rescan_s = limits.rescan_timeout_s
        self._node = rpc
        self.rpc = rpc.wallet(name)
        self._descriptor = descriptor
        self._lookahead = lookahead
        self._end = 0
        self._marked = False
        self._growing = trio.Lock()
        self._low = trio.Event()

    async def check_node(self) -> str:
        """The hash of the node's first block. Raises `ChainMismatch` where it is on another network."""
        network = self._descriptor.network
        chain = (await self._node.call("getblockchaininfo"))["chain"]
        if chain != CHAINS[network]:
            raise ChainMismatch(f"the node is on the network {chain!r}, but {network} is configured")
        return str(await self._node.call("getblockhash", 0))

    async def open(self, *, next_index: int, base: str | None, issued: bool, progress: Progress) -> None:
        """Load the wallet, or make it; then it has seen all that was ever paid to an issued destination.

        `next_index` is the first that was never issued, `base` the block below which all payments were seen,
        `issued` whether there are destinations at all. Raises `ChainMismatch` where the wallet is another's.
        """
        await self._load()
        await self._check_purpose()
        await self._check_descriptors()
        await self._check_addresses()
        await self._grow(next_index + self._lookahead)
        watched = await watched_below(self.rpc, self._descriptor)
        if watched is not None and next_index == 0 and base is None and not self._marked:
            log.warning(KNOWN_WALLET, wallet=self.name, watched_below=watched)
        if (watched is None or watched < next_index) and (issued or base is not None):
            await self._rescan(await self._height(base), progress)
        await self._remember()

    async def ensure(self, index: int) -> None:
        """Return when the wallet watches the address of this index. Nearly always that is at once."""
        if self._end - index < self._lookahead // 2:
            self._low.set()
        if index >= self._end:
            await self._grow_beyond(index)

    async def keep_ahead(self) -> None:
        """Let the range grow in time, so that nobody waits for it, until cancelled."""
        while True:
            await self._low.wait()
            self._low = trio.Event()
            try:
                await self._grow_beyond(self._end)
            except (RpcError, NodeUnavailable) as error:
                log.warning("the wallet's range did not grow", wallet=self.name, error=str(error))

    # Growing

    async def _grow_beyond(self, index: int) -> None:
        async with self._growing:
            if index >= self._end:
                await self._grow(index + 1 + self._lookahead)
                await self._remember()

    async def _grow(self, end: int) -> None:
        """Let the range reach to `end`, which is not part of it. It never shrinks."""
        ours = await self._ours()
        if ours is None:
            raise NodeUnavailable("the node's wallet has lost its descriptor")
        if ours["range"][1] + 1 < end:
            first = ours.get("next_index", ours.get("next", 0))
            await self.rpc.call("keypoolrefill", end - first, timeout_s=self._long_s)
            ours = await self._ours()
        if ours is None or ours["range"][1] + 1 < end:
            raise NodeUnavailable("the node's wallet does not take more addresses")
        self._end = ours["range"][1] + 1

    # What the wallet remembers

    async def _remember(self) -> None:
        address, label = self._descriptor.address(0), f"paydaemon: watched below {self._end}"
        await self.rpc.call("setlabel", address, label)
        self._marked = True

    # Loading

    async def _load(self) -> None:
        try:
            if self.name in await self._node.call("listwallets"):
                return
            await self._node.call("loadwallet", self.name, True, timeout_s=self._long_s)
        except RpcError as error:
            await self._load_failed(error)

    async def _load_failed(self, error: RpcError) -> None:
        if error.code == ALREADY_LOADED:
            return
        if error.code == NO_METHOD:
            raise NodeUnavailable("the node runs without wallets (-disablewallet)") from None
        if error.code != NO_WALLET:
            raise NodeUnavailable(f"the node cannot load its wallet {self.name!r}: {error.message}") from None
        await self._create()

    async def _create(self) -> None:
        """A wallet that cannot hold private keys and has nothing in it; the node loads it at each start."""
        log.info("making a watch-only wallet on the node", wallet=self.name)
        await self._node.call(
            "createwallet",
            self.name,
            True,  # disable_private_keys
            True,  # blank
            "",  # passphrase
            False,  # avoid_reuse
            True,  # descriptors
            True,  # load_on_startup
            timeout_s=self._long_s,
        )

    async def _check_purpose(self) -> None:
        info = await self.rpc.call("getwalletinfo")
        if info["private_keys_enabled"] or not info.get("descriptors", True):
            raise ChainMismatch(f"the node's wallet {self.name!r} is not a watch-only descriptor wallet")

    async def _check_descriptors(self) -> None:
        found = (await self.rpc.call("listdescriptors"))["descriptors"]
        if not all(self._is_ours(entry) for entry in found):
            raise ChainMismatch(f"the node's wallet {self.name!r} watches other descriptors too")
        if not any(_fits(entry) for entry in found):
            await self._import(max([self._lookahead, *(entry["range"][1] + 1 for entry in found)]))

    async def _import(self, end: int) -> None:
        """Active, since only an active descriptor's range can grow by itself and by ``keypoolrefill``."""
        request = {
            "desc": self._descriptor.canonical,
            "active": True,
            "internal": True,
            "range": [0, end - 1],
            "timestamp": "now",
        }
        (answer,) = await self.rpc.call("importdescriptors", [request], timeout_s=self._long_s)
        if not answer["success"]:
            raise NodeUnavailable(f"the node does not take the descriptor: {answer['error']['message']}")

    async def _ours(self) -> dict[str, Any] | None:
        found = (await self.rpc.call("listdescriptors"))["descriptors"]
        return next((entry for entry in found if entry["active"] and self._is_ours(entry)), None)

    def _is_ours(self, entry: Mapping[str, Any]) -> bool:
        """Whether it stands for the same addresses, however it is written."""
        with suppress(ValueError):
            return parse(entry["desc"], self._descriptor.network).fingerprint == self._descriptor.fingerprint
        return False

    async def _check_addresses(self) -> None:
        theirs = await self._node.call("deriveaddresses", self._descriptor.canonical, [0, COMPARED - 1])
        if theirs != [self._descriptor.address(index) for index in range(COMPARED)]:
            raise ChainMismatch("the node derives other addresses from the descriptor than this daemon")

    # Rescanning

    async def _height(self, block: str | None) -> int:
        """The number of a block, 0 where there is none or the node does not know it."""
        if block is None:
            return 0
        try:
            return int((await self._node.call("getblockheader", block))["height"])
        except RpcError as error:
            if error.code == NOT_FOUND:
                return 0
            raise

    async def _rescan(self, start: int, progress: Progress) -> None:
        """Let the wallet look through all blocks from `start` on, and the mempool. May take hours."""
        log.warning("rescanning the node's wallet", wallet=self.name, from_block=start)
        progress(f"the node's wallet is rescanned from block {start}")
        await self._abort_older_rescan()
        done = trio.Event()
        await gather([lambda: self._scan(start, done), lambda: self._report(start, progress, done)])
        log.info("rescanned the node's wallet", wallet=self.name, from_block=start)

    async def _scan(self, start: int, done: trio.Event) -> None:
        try:
            await self.rpc.call("rescanblockchain", start, timeout_s=self._rescan_s)
        except RpcError as error:
            raise NodeUnavailable(
                f"the node's wallet must be rescanned from block {start}, and cannot: {error.message}"
            ) from None
        done.set()

    async def _report(self, start: int, progress: Progress, done: trio.Event) -> None:
        while not done.is_set():
            scanning = (await self.rpc.call("getwalletinfo"))["scanning"]
            if scanning:
                percent = int(100 * scanning["progress"])
                progress(f"the node's wallet is rescanned from block {start} ({percent} %)")
            with trio.move_on_after(_PROGRESS_S):
                await done.wait()

    async def _abort_older_rescan(self) -> None:
        """One that an earlier run of the daemon began: nobody knows from where."""
        for _ in range(_ABORT_TRIES):
            if not (await self.rpc.call("getwalletinfo"))["scanning"]:
                return
            await self.rpc.call("abortrescan")
            await trio.sleep(_PROGRESS_S / 10)


async def watched_below(wallet: Rpc, descriptor: Descriptor) -> int | None:
    """Up to which index the wallet remembers to have watched; None where no daemon has used it yet."""
    info = await wallet.call("getaddressinfo", descriptor.address(0))
    marks = (_MARK.fullmatch(label) for label in info["labels"])
    return next((int(mark[1]) for mark in marks if mark), None)


def _fits(entry: Mapping[str, Any]) -> bool:
    """Whether a descriptor is imported as it should be; earlier releases imported it as one for receiving."""
    return bool(entry["active"] and entry.get("internal") and entry["range"][0] == 0)
