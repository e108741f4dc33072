"""A Monero network as the daemon sees it: a subaddress for each invoice, watched by a view-only wallet.

The node and the wallet may come and go. While one of them is away, or behind, the chain is stale and says
why, and they are asked again and again; when they are back, everything since is looked at. Only a node or
wallet that is not the right one from the start is an error: one that takes the place of the right one is
somebody away.
"""

import structlog
import trio

from paydaemon.core.errors import Refusal, unavailable
from paydaemon.core.invoice import Destination
from paydaemon.core.money import Asset, format_minor
from paydaemon.hooks.ports import ChainHost, ChainMismatch, Depths, DestinationRequest, Health, HealthState
from paydaemon_monero.config import MoneroConfig
from paydaemon_monero.errors import RpcError, Unavailable
from paydaemon_monero.identity import difference, identity_of
from paydaemon_monero.node import Node, lag
from paydaemon_monero.observations import FINAL
from paydaemon_monero.patience import Patience
from paydaemon_monero.rpc import Rpc
from paydaemon_monero.subaddresses import Subaddresses
from paydaemon_monero.wallet import Wallet
from paydaemon_monero.watcher import Watcher

log = structlog.get_logger(__name__)

DECIMALS = 12
LEAST = 1

_FIRST_PAUSE_S = 0.25


class MoneroChain:
    """One configured Monero network (`paydaemon.hooks.ports.Chain` and `paydaemon.hooks.ports.Prompt`)."""

    def __init__(self, id: str, config: MoneroConfig) -> None:
        """Dials nobody."""
        limits, timeout_s = config.limits, config.rpc_timeout_s
        self._id = id
        self._config = config
        self._asset = Asset(chain=id, code="XMR", symbol="XMR", decimals=DECIMALS)
        self._node_rpc = Rpc(
            "monerod", config.node_url(), config.node_login(), timeout_s=timeout_s, limits=limits
        )
        self._wallet_rpc = Rpc(
            "the wallet", config.wallet_rpc_url, config.wallet_login(), timeout_s=timeout_s, limits=limits
        )
        self._node = Node(self._node_rpc, limits.asked_at_once)
        self._wallet = Wallet(self._wallet_rpc, config.account, limits.catch_up_timeout_s)
        self._subaddresses = Subaddresses(self._wallet, config.lookahead, limits.rescan_timeout_s)
        self._health = Health(HealthState.STARTING, "not connected yet")
        self._watcher: Watcher | None = None
        self._ready = False
        self._was_right = False
        self._pause_s = _FIRST_PAUSE_S

    @property
    def id(self) -> str:
        """The chain's id in the configuration."""
        return self._id

    @property
    def assets(self) -> tuple[Asset, ...]:
        """Monero alone."""
        return (self._asset,)

    @property
    def depths(self) -> Depths:
        """Confirmations; one with fewer than 1 is in no block."""
        return Depths(default=self._config.confirmations, least=LEAST, final=FINAL)

    def health(self) -> Health:
        """What this chain says of itself now."""
        return self._health

    async def destination(self, index: int, request: DestinationRequest) -> Destination:
        """The subaddress with the next higher number, watched once this returns: 0 is the account's own
        address.

        Raises `Refusal` (unavailable) while the node or the wallet is away.
        """
        if not self._ready:
            raise self._unavailable(self._health.reason)
        try:
            address = await self._subaddresses.address(minor_of(index))
        except Unavailable as away:
            self.look_now()
            raise self._unavailable(away.reason) from None
        except RpcError as refused:
            raise self._unavailable(str(refused)) from None
        uri = payment_uri(address, request.amount_minor)
        return Destination(key=address, index=index, address=address, memo=None, uri=uri)

    def look_now(self) -> None:
        """Have the wallet asked at once; while it is away, that is when it is back."""
        if self._watcher is not None:
            self._watcher.prompt()

    async def run(
        self, host: ChainHost, *, task_status: trio.TaskStatus[None] = trio.TASK_STATUS_IGNORED
    ) -> None:
        """Watch until cancelled. Raises `ChainMismatch` where node, wallet or account is not the right one.

        It is started before anybody is waited for: a wallet that catches up may take hours. Destinations can
        be asked for after the first look at the chain.
        """
        task_status.started()
        try:
            self._watcher = watcher = await self._load(host)
            await self._watch_on(watcher, host)
        except ChainMismatch as mismatch:
            self._turn(Health(HealthState.STALE, str(mismatch)))
            raise
        finally:
            self._ready, self._was_right, self._watcher = False, False, None

    async def _load(self, host: ChainHost) -> Watcher:
        config = self._config
        patience = Patience(config.rpc_timeout_s, self._wait)
        return await Watcher.load(
            self._node, self._wallet, host, self._asset, config.network, config.limits, patience
        )

    async def _watch_on(self, watcher: Watcher, host: ChainHost) -> None:
        """Watch through one stay of node and wallet after the other."""
        while True:
            self._wait(await self._stay(watcher, host))
            await trio.sleep(self._pause_s)
            self._pause_s = min(self._pause_s * 2, self._config.limits.reconnect_pause_s)

    async def _stay(self, watcher: Watcher, host: ChainHost) -> str:
        """Watch until somebody is away. Returns why, for people."""
        try:
            async with self._node_rpc, self._wallet_rpc:
                await self._open(host)
                await watcher.follow(
                    self._config.poll_interval_s, self._looked, self._subaddresses.keep_ahead
                )
        except Unavailable as away:
            return away.reason
        except RpcError as refused:
            return f"a call is refused: {refused}"
        except ChainMismatch as other:
            if not self._was_right:
                raise
            return str(other)

    async def _open(self, host: ChainHost) -> None:
        """Check that node and wallet are the right ones, and that it watches all that was given out."""
        info = await self._node.info()
        if (behind := lag(info, self._config.network)) is not None:
            self._wait(behind)
        primary = await self._wallet.primary()
        await self._identify(host, identity_of(await self._node.block_at(0), primary, self._config.account))
        self._was_right = True

        async def is_issued(minor: int) -> bool:
            return bool(await host.destinations(after_index=index_of(minor) - 1, limit=1))

        given = minor_of((await host.saved()).next_index)
        await self._subaddresses.open(primary, given, is_issued, self._wait)

    async def _identify(self, host: ChainHost, mine: str) -> None:
        try:
            await host.identify(mine)
        except ChainMismatch as error:
            if error.stored is None:
                raise
            raise ChainMismatch(difference(mine, error.stored), error.stored) from error

    def _looked(self, behind: str | None) -> None:
        self._ready = behind is None
        self._pause_s = _FIRST_PAUSE_S
        self._turn(Health(HealthState.HEALTHY) if behind is None else Health(HealthState.STALE, behind))

    def _wait(self, reason: str) -> None:
        self._ready = False
        self._turn(Health(HealthState.STALE, reason))

    def _turn(self, health: Health) -> None:
        if health == self._health:
            return
        self._health = health
        log.info("the chain's health changed", chain=self._id, state=health.state.value, reason=health.reason)

    def _unavailable(self, reason: str) -> Refusal:
        return unavailable("chain_unavailable", f"chain {self._id} cannot give a destination now: {reason}")


def minor_of(index: int) -> int:
    """The number of the subaddress for an index of the daemon's."""
    return index + 1


def index_of(minor: int) -> int:
    """The index that a subaddress is for."""
    return minor - 1


def payment_uri(address: str, amount_minor: int) -> str:
    """What wallets open to pay so many piconero to an address.

    Source: monero's "URI Formatting", where ``tx_amount`` is in whole XMR, as a decimal.
    """
    return f"monero:{address}?tx_amount={format_minor(amount_minor, DECIMALS)}"
