"""A Bitcoin network as the daemon sees it: destinations from a descriptor, payments through a full node.

The node may come and go. While it is away the chain is stale and says why, and the node is asked again and
again; when it is back, everything is looked at anew. Only a node or wallet that is not the right one is an
error.
"""

import structlog
import trio

from paydaemon.core.errors import Refusal, unavailable
from paydaemon.core.invoice import Destination
from paydaemon.core.money import Asset, format_minor
from paydaemon.hooks.ports import ChainHost, ChainMismatch, Depths, DestinationRequest, Health, HealthState
from paydaemon_bitcoin.config import BitcoinConfig
from paydaemon_bitcoin.errors import NodeUnavailable, RpcError
from paydaemon_bitcoin.identity import difference, identity_of
from paydaemon_bitcoin.node import Node
from paydaemon_bitcoin.notifications import Notifications
from paydaemon_bitcoin.observations import FINAL
from paydaemon_bitcoin.rpc import connect, pauses_s
from paydaemon_bitcoin.scripts import Scripts
from paydaemon_bitcoin.wallet import Wallet
from paydaemon_bitcoin.watcher import Watcher

log = structlog.get_logger(__name__)

DECIMALS = 8

_FIRST_PAUSE_S = 0.25
_PAGE = 10_000


class BitcoinChain:
    """One configured Bitcoin network (`paydaemon.hooks.ports.Chain` and `paydaemon.hooks.ports.Prompt`)."""

    def __init__(self, id: str, config: BitcoinConfig) -> None:
        """Dials nobody. Raises `ValueError` where the values cannot work together."""
        self._id = id
        self._config = config
        self._asset = Asset(chain=id, code="BTC", symbol="BTC", decimals=DECIMALS)
        self._descriptor = config.parsed_descriptor()
        self._rpc = connect(
            config.node_url(),
            config.credentials(),
            workers=config.rpc_workers,
            timeout_s=config.rpc_timeout_s,
            pauses_s=pauses_s(config.limits.rpc_tries),
            answer_bytes=config.limits.rpc_answer_bytes,
        )
        self._wallet = Wallet(
            self._rpc,
            self._descriptor,
            name=config.wallet or f"paydaemon-{self._descriptor.fingerprint}",
            lookahead=config.lookahead,
            limits=config.limits,
        )
        self._node = Node(self._rpc, self._wallet.rpc, self._descriptor.network, config.limits)
        self._scripts = Scripts(config.limits.scripts)
        self._health = Health(HealthState.STARTING, "not connected yet")
        self._watcher: Watcher | None = None
        self._ready = False
        self._pause_s = _FIRST_PAUSE_S

    @property
    def id(self) -> str:
        """The chain's id in the configuration."""
        return self._id

    @property
    def assets(self) -> tuple[Asset, ...]:
        """Bitcoin alone."""
        return (self._asset,)

    @property
    def depths(self) -> Depths:
        """Confirmations; one with fewer than 1 is in no block."""
        least = 0 if self._config.allow_zero_confirmations else 1
        return Depths(default=self._config.confirmations, least=least, final=FINAL)

    def health(self) -> Health:
        """What this chain says of itself now."""
        return self._health

    async def destination(self, index: int, request: DestinationRequest) -> Destination:
        """The address of this index, watched once this returns.

        Raises `Refusal` (unavailable) while the node is away.
        """
        if not self._ready:
            raise self._unavailable(self._health.reason)
        address = self._descriptor.address(index)
        try:
            await self._wallet.ensure(index)
        except NodeUnavailable as away:
            raise self._unavailable(away.reason) from None
        except RpcError as refused:
            raise self._unavailable(str(refused)) from None
        self._scripts.add(address)
        return Destination(
            key=address,
            index=index,
            address=address,
            memo=None,
            uri=payment_uri(address, request.amount_minor),
        )

    def look_now(self) -> None:
        """Have the node asked at once; while it is away, that is when it is back."""
        if self._watcher is not None:
            self._watcher.inbox.prompt()

    async def run(
        self, host: ChainHost, *, task_status: trio.TaskStatus[None] = trio.TASK_STATUS_IGNORED
    ) -> None:
        """Watch until cancelled. Raises `ChainMismatch` where the node or its wallet is not the right one.

        It is started before the node is waited for, whose wallet may take hours to look through all blocks.
        Destinations can be asked for after the first look at the chain: from then on it is known from where
        to look again, whatever happens to the node's wallet.
        """
        task_status.started()
        if self._descriptor.is_change:
            log.warning("the descriptor is a wallet's branch for change; is /0/* meant?", chain=self._id)
        try:
            await self._load_scripts(host)
            watcher = await Watcher.load(self._node, host, self._scripts, self._asset, self._config.limits)
            self._watcher = watcher
            await self._watch_on(watcher, host)
        except ChainMismatch as mismatch:
            self._turn(Health(HealthState.STALE, str(mismatch)))
            raise
        finally:
            self._ready, self._watcher = False, None
            self._rpc.close()

    async def _watch_on(self, watcher: Watcher, host: ChainHost) -> None:
        """Watch through one stay of the node after the other."""
        while True:
            away = await self._stay(watcher, host)
            self._ready = False
            self._turn(Health(HealthState.STALE, away))
            await trio.sleep(self._pause_s)
            self._pause_s = min(self._pause_s * 2, self._config.limits.reconnect_pause_s)

    async def _stay(self, watcher: Watcher, host: ChainHost) -> str:
        """Watch until the node is away. Returns why, for people."""
        try:
            await self._open(watcher, host)
            self._turn(Health(self._health.state, "connected; looking at what has happened since"))
            raise await self._follow(watcher)
        except NodeUnavailable as away:
            return away.reason
        except RpcError as refused:
            return f"the node refuses a call: {refused}"

    async def _identify(self, host: ChainHost, mine: str) -> None:
        try:
            await host.identify(mine)
        except ChainMismatch as error:
            if error.stored is None:
                raise
            raise ChainMismatch(difference(mine, error.stored), error.stored) from error

    async def _open(self, watcher: Watcher, host: ChainHost) -> None:
        """Check that node and wallet are the right ones, and let the wallet catch up with what it missed."""
        genesis = await self._wallet.check_node()
        await self._identify(host, identity_of(genesis, self._descriptor))
        saved = await host.saved()
        await self._wallet.open(
            next_index=saved.next_index,
            base=watcher.base,
            issued=bool(await host.destinations(limit=1)),
            progress=lambda what: self._turn(Health(HealthState.STALE, what)),
        )
        await self._check_notifications()

    async def _follow(self, watcher: Watcher) -> NodeUnavailable | RpcError:
        """Watch until the node is away. Returns the trouble; raised in a nursery it would come in a group."""
        config = self._config
        async with (
            Notifications(
                rawtx=config.zmq_rawtx, sequence=config.zmq_sequence, queue=config.limits.zmq_queue
            ) as notifications,
            trio.open_nursery() as nursery,
        ):
            nursery.start_soon(notifications.listen, watcher.inbox.hear)
            nursery.start_soon(self._wallet.keep_ahead)
            try:
                await watcher.follow(config.poll_interval_s, self._looked)
            except (NodeUnavailable, RpcError) as error:
                trouble = error
                nursery.cancel_scope.cancel()
        return trouble

    async def _check_notifications(self) -> None:
        """ZMQ is only a convenience, so what is missing of it is told to the operator and no error."""
        published = {entry["type"] for entry in await self._rpc.call("getzmqnotifications")}
        wanted = {"pubrawtx": self._config.zmq_rawtx, "pubsequence": self._config.zmq_sequence}
        missing = sorted(
            topic for topic, endpoint in wanted.items() if not endpoint or topic not in published
        )
        if missing:
            log.warning(
                "payments are noticed later than need be: configure these in the node and here",
                chain=self._id,
                missing=missing,
                poll_interval_s=self._config.poll_interval_s,
            )

    async def _load_scripts(self, host: ChainHost) -> None:
        """The newest destinations, to recognise payments to them as they come."""
        after = (await host.saved()).next_index - self._config.limits.scripts - 1
        while page := await host.destinations(after_index=max(-1, after), limit=_PAGE):
            for destination in page:
                self._scripts.add(destination.address)
            after = page[-1].index

    def _looked(self, lag: str | None) -> None:
        self._ready = True
        self._pause_s = _FIRST_PAUSE_S
        self._turn(Health(HealthState.HEALTHY) if lag is None else Health(HealthState.STALE, lag))

    def _turn(self, health: Health) -> None:
        if health == self._health:
            return
        self._health = health
        log.info("the chain's health changed", chain=self._id, state=health.state.value, reason=health.reason)

    def _unavailable(self, reason: str) -> Refusal:
        return unavailable("chain_unavailable", f"chain {self._id} cannot give a destination now: {reason}")


def payment_uri(address: str, amount_minor: int) -> str:
    """What wallets open to pay so many satoshi to an address (BIP-21)."""
    return f"bitcoin:{address}?amount={format_minor(amount_minor, DECIMALS)}"
