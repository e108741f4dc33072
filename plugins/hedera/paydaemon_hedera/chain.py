"""A Hedera network as the daemon sees it: paid to an account and a memo, watched through a mirror node.

The mirror may come and go. While it is away the chain is stale and says why; when it is back, everything
since is looked at. Transactions are relayed all the while: nodes answer for themselves.
"""

from collections.abc import Mapping

import structlog
import trio

from paydaemon.core.errors import unavailable
from paydaemon.core.invoice import Destination
from paydaemon.core.money import Asset
from paydaemon.core.relay import Outcome, SignedTransfer
from paydaemon.hooks.ports import ChainHost, ChainMismatch, Depths, DestinationRequest, Health, HealthState
from paydaemon_hedera import addresses, assets, destinations
from paydaemon_hedera.accounts import Accounts
from paydaemon_hedera.addresses import NodeAddress
from paydaemon_hedera.assets import Assets
from paydaemon_hedera.config import HederaConfig
from paydaemon_hedera.errors import MirrorUnavailable
from paydaemon_hedera.ids import TransactionId, parse_transaction_id
from paydaemon_hedera.mirror import Mirror
from paydaemon_hedera.nodes import Nodes
from paydaemon_hedera.outcomes import Outcomes
from paydaemon_hedera.relay import HederaRelay
from paydaemon_hedera.watcher import Watcher

log = structlog.get_logger(__name__)

_FIRST_PAUSE_S = 0.25
_BOOK_EVERY_S = 86_400
_BOOK_AGAIN_S = 30


class HederaChain:
    """One configured Hedera network (`paydaemon.hooks.ports.Chain` and `paydaemon.hooks.ports.Relay`)."""

    def __init__(self, id: str, config: HederaConfig) -> None:
        """Dials nobody."""
        self._id = id
        self._config = config
        self._assets = assets.configured(id, config)
        self._nodes = Nodes(config.limits, tls=config.speaks_tls)
        if config.nodes is not None:
            self._nodes.become(addresses.configured(config.nodes))
        self._mirror = Mirror(config.mirror, config.limits)
        self._outcomes = Outcomes(self._nodes, self._mirror, config.limits)
        self._accounts = Accounts(self._mirror, config.limits)
        self._relay = HederaRelay(self._nodes, self._accounts, self._outcomes, config.limits, self._settled)
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
        """Our account with a memo of its own. Raises `Refusal` (unavailable) before the first look at it."""
        if self._watcher is None:
            raise unavailable("chain_unavailable", f"chain {self._id} has not been seen yet")
        prefix, asset = self._config.memo_prefix, request.asset
        return destinations.destination(self._config.account, prefix, index, asset, request.amount_minor)

    # Relaying

    def canonical(self, transaction_id: str) -> str:
        """The one form of a transaction's id. Raises `Refusal` naming ``transaction_id``."""
        return str(parse_transaction_id(transaction_id))

    def inspect(self, given: bytes | str, now_ms: int) -> SignedTransfer:
        """What a client has signed."""
        return self._relay.inspect(given, now_ms)

    async def verify(self, transfer: SignedTransfer) -> None:
        """Check what needs the accounts' keys."""
        await self._relay.verify(transfer)

    async def submit(self, transfer: SignedTransfer) -> Outcome:
        """Hand it to a node."""
        return await self._relay.submit(transfer)

    async def follow(self, transfer: SignedTransfer) -> Outcome:
        """What became of it."""
        return await self._relay.follow(transfer)

    def _settled(self, id: TransactionId) -> None:
        if self._watcher is not None:
            self._watcher.expect(str(id))

    # Watching

    async def run(
        self, host: ChainHost, *, task_status: trio.TaskStatus[None] = trio.TASK_STATUS_IGNORED
    ) -> None:
        """Watch until cancelled. Raises `ChainMismatch` where the network is not the one it was."""
        self._nodes.open()
        try:
            async with self._mirror:
                watcher = await self._begin(host)
                async with trio.open_nursery() as nursery:
                    nursery.start_soon(self._keep_book)
                    await self._follow(watcher, task_status)
        except ChainMismatch as mismatch:
            self._turn(Health(HealthState.STALE, str(mismatch)))
            raise
        finally:
            self._watcher = None
            self._nodes.close()

    async def _begin(self, host: ChainHost) -> Watcher:
        """Once the mirror answers, see that it is the right network and that we can be paid there."""
        await host.identify(f"hedera {self._config.network}")
        watcher = Watcher(self._mirror, host, Assets(self._id, self._assets), self._config.limits)
        while True:
            try:
                await self._check()
                await watcher.load(self._config.account)
                return watcher
            except MirrorUnavailable as away:
                await self._away(away)

    async def _check(self) -> None:
        account = self._config.account
        if await self._mirror.account(account) is None:
            raise MirrorUnavailable(f"the mirror knows of no account {account}")
        for token in self._config.tokens:
            decimals = await self._mirror.decimals(token.id)
            if decimals != token.decimals:
                said = "no such token" if decimals is None else f"it has {decimals} decimals"
                raise ChainMismatch(f"token {token.id} is configured with {token.decimals} decimals: {said}")
            if not await self._mirror.has_token(account, token.id):
                log.warning("an account cannot be paid in a token yet", account=account, token=token.id)

    async def _follow(self, watcher: Watcher, task_status: trio.TaskStatus[None]) -> None:
        """Watch through one absence of the mirror after the other."""

        def looked() -> None:
            self._pause_s = _FIRST_PAUSE_S
            self._turn(Health(HealthState.HEALTHY))
            if self._watcher is None:
                self._watcher = watcher
                task_status.started()

        while True:
            try:
                await watcher.follow(self._config.poll_interval_s, looked)
            except MirrorUnavailable as away:
                await self._away(away)

    async def _away(self, away: MirrorUnavailable) -> None:
        self._turn(Health(HealthState.STALE, away.reason))
        await trio.sleep(self._pause_s)
        self._pause_s = min(2 * self._pause_s, self._config.limits.longest_pause_s)

    async def _keep_book(self) -> None:
        """Read the address book anew each day, where the operator has not written one."""
        while self._config.nodes is None:
            pause_s = _BOOK_EVERY_S
            try:
                self._nodes.become(await self._book())
            except MirrorUnavailable as away:
                log.warning("the address book could not be read", chain=self._id, reason=away.reason)
                pause_s = _BOOK_AGAIN_S
            await trio.sleep(pause_s)

    async def _book(self) -> Mapping[str, NodeAddress]:
        book = addresses.from_mirror(await self._mirror.nodes(), tls=self._config.speaks_tls)
        if not book:
            raise MirrorUnavailable("the mirror's address book holds no node that can be used")
        return book

    def _turn(self, health: Health) -> None:
        if health == self._health:
            return
        self._health = health
        log.info("the chain's health changed", chain=self._id, state=health.state.value, reason=health.reason)
