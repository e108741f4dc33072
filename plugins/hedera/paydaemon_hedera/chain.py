"""A Hedera network as the daemon sees it: paid to an account and a memo, watched through a mirror node.

The mirror may come and go. While it is away the chain is stale and says why; when it is back, everything
since is looked at. Transactions are relayed all the while, as far as the keys of those who pay are known:
nodes answer for themselves.
"""

from collections.abc import Collection, Hashable

import structlog
import trio

from paydaemon.core.errors import unavailable
from paydaemon.core.invoice import Destination
from paydaemon.core.money import Asset
from paydaemon.core.relay import Outcome, SignedTransfer
from paydaemon.hooks.ports import (
    ChainHost,
    ChainMismatch,
    Depths,
    DestinationRequest,
    Health,
    HealthState,
    PayTo,
    Reply,
    Unsigned,
)
from paydaemon_hedera import assets, destinations, preparing
from paydaemon_hedera.accounts import Accounts
from paydaemon_hedera.assets import Assets
from paydaemon_hedera.book import Book
from paydaemon_hedera.config import HederaConfig
from paydaemon_hedera.errors import MirrorUnavailable
from paydaemon_hedera.ids import parse_transaction_id
from paydaemon_hedera.inquiry import HederaInquiry
from paydaemon_hedera.mirror import Mirror
from paydaemon_hedera.nodes import Nodes
from paydaemon_hedera.outcomes import Outcomes
from paydaemon_hedera.payee import Payee
from paydaemon_hedera.relay import HederaRelay
from paydaemon_hedera.watcher import Watcher

log = structlog.get_logger(__name__)

_FIRST_PAUSE_S = 0.25


class HederaChain:
    """One configured Hedera network: `Chain` of `paydaemon.hooks.ports`, with every other port of one."""

    def __init__(self, id: str, config: HederaConfig) -> None:
        """Dials nobody."""
        limits = config.limits
        turns = trio.CapacityLimiter(max(1, limits.mirror_calls // 2))
        self._id = id
        self._config = config
        self._assets = assets.configured(id, config)
        self._mirror = Mirror(config.mirror, limits)
        self._payee = Payee(self._mirror, config)
        self._nodes = Nodes(limits, tls=config.speaks_tls)
        self._book = Book(config, self._mirror, self._nodes)
        outcomes = Outcomes(self._nodes, self._mirror, turns, limits)
        accounts = Accounts(self._mirror, turns, limits)
        self._relay = HederaRelay(self._nodes, accounts, outcomes, limits, self._settled)
        self._inquiry = HederaInquiry(self._nodes, self._mirror, limits)
        self._watcher: Watcher | None = None
        self._health = Health(HealthState.STARTING, "not connected yet")
        self._pause_s = _FIRST_PAUSE_S

    @property
    def id(self) -> str:
        """The chain's id in the configuration."""
        return self._id

    @property
    def assets(self) -> tuple[Asset, ...]:
        """HBAR and the configured tokens."""
        return self._assets

    @property
    def depths(self) -> Depths:
        """Consensus is final: there is nothing to wait for."""
        return Depths(default=1, least=1, final=1)

    @property
    def payees(self) -> frozenset[str]:
        """The accounts that are ours."""
        return frozenset([self._config.account])

    def health(self) -> Health:
        """What this chain says of itself now."""
        return self._health

    async def destination(self, index: int, request: DestinationRequest) -> Destination:
        """Our account with a memo of its own.

        Raises `Refusal` (unavailable) before the first look at it, and where it cannot be paid in the asset.
        """
        if self._watcher is None:
            raise unavailable("chain_unavailable", f"chain {self._id} has not been seen yet")
        await self._payee.require(request.asset)
        prefix, asset = self._config.memo_prefix, request.asset
        return destinations.destination(self._config.account, prefix, index, asset, request.amount_minor)

    # Relaying

    def relay_health(self) -> Health:
        """Whether nodes are known and spoken to, wherever the mirror is."""
        return self._relay.health()

    def canonical(self, transaction_id: str) -> str:
        """The one form of a transaction's id. Raises `Refusal` naming ``transaction_id``."""
        return str(parse_transaction_id(transaction_id))

    def inspect(self, given: bytes | str, now_ms: int) -> SignedTransfer:
        """What a client has signed."""
        return self._relay.inspect(given, now_ms)

    async def verify(self, transfer: SignedTransfer) -> None:
        """Check what needs the accounts' keys."""
        await self._relay.verify(transfer)

    async def submit(self, transfer: SignedTransfer, *, in_doubt: bool) -> Outcome:
        """Hand it to a node."""
        return await self._relay.submit(transfer, in_doubt=in_doubt)

    async def follow(self, transfer: SignedTransfer, so_far: Outcome) -> Outcome:
        """What became of it."""
        return await self._relay.follow(transfer, so_far)

    def _settled(self, transfer: SignedTransfer) -> None:
        """The mirror will show in a moment what it brought us."""
        brings = any(gain.account in self.payees and gain.amount_minor > 0 for gain in transfer.transfers)
        if brings and self._watcher is not None:
            self._watcher.expect(transfer.transaction_id)

    # Preparing

    def prepare(self, payer: str, to: PayTo, nodes: Collection[str], now_ms: int) -> Unsigned:
        """A transfer for its payer's wallet to sign, for one node that is known."""
        known = set(self._nodes.ids)
        if not known:
            raise unavailable("no_nodes", "the network's nodes are not known yet")
        asset = next(asset for asset in self._assets if asset.code == to.asset_code)
        chosen = known.intersection(nodes) or known
        return preparing.prepare(self._config.network, payer, to, asset, chosen, now_ms)

    # Questions of clients

    async def ask(self, question: bytes, kinds: Collection[str], *, may_pay: bool, asker: Hashable) -> Reply:
        """What the network answers to a question in its own form, or whoever else knows it."""
        return await self._inquiry.ask(question, kinds, may_pay=may_pay, asker=asker)

    # Watching

    def look_now(self) -> None:
        """Have the mirror looked at at once; while it is away, it is asked for as soon as ever."""
        if self._watcher is not None:
            self._watcher.look_soon()

    async def run(
        self, host: ChainHost, *, task_status: trio.TaskStatus[None] = trio.TASK_STATUS_IGNORED
    ) -> None:
        """Watch until cancelled. Raises `ChainMismatch` where the network is not the one it was.

        It is started before the mirror is waited for: one that is away is told by `health`.
        """
        task_status.started()
        self._nodes.open()
        try:
            async with self._mirror:
                watcher = await self._begin(host)
                async with trio.open_nursery() as nursery:
                    nursery.start_soon(self._book.keep)
                    await self._follow(watcher)
        except ChainMismatch as mismatch:
            self._turn(Health(HealthState.STALE, str(mismatch)))
            raise
        finally:
            self._watcher = None
            with trio.CancelScope(shield=True):
                await self._nodes.close()

    async def _begin(self, host: ChainHost) -> Watcher:
        """Once the mirror answers, see that it is the right network and that we can be paid there."""
        await host.identify(f"hedera {self._config.network}")
        known = Assets(self._id, self._assets)
        while True:
            try:
                await self._payee.check()
                account, limits = self._config.account, self._config.limits
                watcher = await Watcher.load(self._mirror, host, known, account, limits)
                if watcher is not None:
                    return watcher
                await self._away("the mirror has no block yet")
            except MirrorUnavailable as away:
                await self._away(away.reason)

    async def _follow(self, watcher: Watcher) -> None:
        """Watch through one absence of the mirror after the other."""

        def looked() -> None:
            self._pause_s = _FIRST_PAUSE_S
            self._turn(Health(HealthState.HEALTHY))
            self._watcher = watcher

        while True:
            try:
                await watcher.follow(self._config.poll_interval_s, looked)
            except MirrorUnavailable as away:
                await self._away(away.reason)

    async def _away(self, reason: str) -> None:
        self._turn(Health(HealthState.STALE, reason))
        await trio.sleep(self._pause_s)
        self._pause_s = min(2 * self._pause_s, self._config.limits.longest_pause_s)

    def _turn(self, health: Health) -> None:
        if health == self._health:
            return
        self._health = health
        log.info("the chain's health changed", chain=self._id, state=health.state.value, reason=health.reason)
