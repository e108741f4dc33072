"""The real engine on the real store, with chains that tests can pay on."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path

import trio

from paydaemon.core.events import EventType
from paydaemon.core.raterules import Rules
from paydaemon.engine.accounts import Accounts
from paydaemon.engine.api import Api
from paydaemon.engine.chains import LiveChain
from paydaemon.engine.clock import system_clock
from paydaemon.engine.deliveries import Deliveries, DeliveryLimits, LiveNotifier
from paydaemon.engine.host import Host
from paydaemon.engine.invoices import Invoices
from paydaemon.engine.limits import EngineLimits
from paydaemon.engine.live import LiveHub
from paydaemon.engine.orders import InvoiceDefaults
from paydaemon.engine.rates import RateBook
from paydaemon.engine.relays import Relays
from paydaemon.engine.sessions import Sessions
from paydaemon.hooks.notifier import Audience
from paydaemon.hooks.ports import Rate
from paydaemon.journal import Journal
from paydaemon.store.port import Store
from paydaemon.store.sqlite import open_store
from paydaemon.testing.fakechain import FakeChain
from paydaemon.testing.fakenetwork import Credit, FakeNetwork
from paydaemon.testing.fakerelay import RelayingChain, RelayNetwork
from tests.deliveries.played import PlayedNotifier

HOUR_MS = 3_600_000
HEIGHT = 100
"""How long Bitcoin's chain is at the start: so many blocks can be taken back."""
PRICES = {"BTC": "60000.00", "HBAR": "0.25"}


@dataclass(frozen=True, slots=True)
class Engine:
    """Everything below the frontends, with two networks. What happens on `bitcoin` is told at once."""

    api: Api
    store: Store
    rates: RateBook
    chains: Mapping[str, FakeChain]
    live_chains: Mapping[str, LiveChain]
    notifier: PlayedNotifier

    @property
    def bitcoin(self) -> FakeChain:
        """The chain that most tests pay on; it speaks when it is told to."""
        return self.chains["bitcoin"]

    @property
    def hedera(self) -> RelayingChain:
        """The chain that relays."""
        chain = self.chains["hedera"]
        assert isinstance(chain, RelayingChain)
        return chain

    async def pay(self, *outputs: tuple[str, int]) -> str:
        """Pay destinations, by their keys, in one transaction; returns its id once it is recorded."""
        txid = self.bitcoin.network.pay(*(Credit(key, amount_minor) for key, amount_minor in outputs))
        await self.bitcoin.tell()
        return txid

    async def mine(self, blocks: int = 1) -> None:
        """Mine so many blocks; each is recorded before the next."""
        for _ in range(blocks):
            self.bitcoin.network.grow()
            await self.bitcoin.tell()

    async def undo(self, depth: int) -> None:
        """Take so many blocks back; what they held waits for a block again."""
        self.bitcoin.network.undo(depth)
        await self.bitcoin.tell()


@asynccontextmanager
async def engine_on(
    path: Path, *, wait_s: float = 10.0, queue_limit: int = 10_000, limits: EngineLimits | None = None
) -> AsyncIterator[Engine]:
    """An engine whose two chains have been seen complete and whose rates are known; its networks are new."""
    async with open_store(path, queue_limit=queue_limit) as store, trio.open_nursery() as nursery:
        engine = _compose(store, wait_s, limits)
        for id, chain in engine.chains.items():
            measures = engine.live_chains[id].measures
            await chain.start(Host(store, chain, system_clock, engine.api.live, measures=measures))
            await chain.tell()
            await engine.live_chains[id].refresh()
        publish_rates(engine)
        await nursery.start(engine.api.relays.run)
        await nursery.start(engine.api.journal.run)
        for live in engine.api.deliveries.notifiers.values():
            await nursery.start(live.run)
        await nursery.start(engine.api.deliveries.run)
        yield engine
        nursery.cancel_scope.cancel()


def publish_rates(engine: Engine) -> None:
    """Say what BTC and HBAR cost in EUR."""
    now_ms = system_clock()
    rates = [Rate(symbol, "EUR", Decimal(price), now_ms) for symbol, price in PRICES.items()]
    engine.rates.publish("fixed", rates)


def _chains() -> Mapping[str, FakeChain]:
    bitcoin = FakeNetwork(system_clock, "bitcoin")
    bitcoin.grow(HEIGHT)
    hedera = FakeNetwork(system_clock, "hedera", blocks=False)
    return {"bitcoin": FakeChain(bitcoin), "hedera": RelayingChain(hedera, RelayNetwork())}


def _compose(store: Store, wait_s: float, limits: EngineLimits | None) -> Engine:
    chains = _chains()
    live_chains = {
        id: LiveChain(chain, id, store, system_clock, stale_after_ms=HOUR_MS, wait_s=wait_s)
        for id, chain in chains.items()
    }
    rates = RateBook(system_clock, Rules(max_age_ms=HOUR_MS))
    rates.expect("fixed", sets=True)
    invoices = Invoices(store, live_chains, rates, system_clock, InvoiceDefaults())
    relays = Relays(store, live_chains, system_clock, limits=limits)
    accounts, journal = Accounts(store, system_clock), Journal(store)
    notifier = PlayedNotifier(audiences=(Audience("operator", frozenset({EventType.CHAIN_STALE})),))
    told = DeliveryLimits()
    live = LiveNotifier(notifier, "played", told, endpoints=True)
    deliveries = Deliveries(store, {notifier.id: live}, system_clock, told)
    sessions = Sessions(store, accounts, system_clock, limits)
    api = Api(
        store, accounts, invoices, journal, LiveHub(), rates, live_chains, relays, system_clock, deliveries,
        sessions=sessions,
    )  # fmt: skip
    return Engine(api, store, rates, chains, live_chains, notifier)
