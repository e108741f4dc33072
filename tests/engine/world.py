"""A world to test the engine in: its real parts, a store in memory, networks to pay on, and one clock."""

from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from decimal import Decimal
from operator import methodcaller
from pathlib import Path

from paydaemon.core.access import Principal, Seller
from paydaemon.core.events import Event
from paydaemon.core.invoice import Destination, Flag, Invoice, Option, Status
from paydaemon.core.payment import Payment
from paydaemon.core.policy import RelayPolicy
from paydaemon.core.raterules import Rules
from paydaemon.engine.accounts import Accounts
from paydaemon.engine.api import Api
from paydaemon.engine.chains import HealthWatch, LiveChain
from paydaemon.engine.clock import Clock
from paydaemon.engine.host import Host
from paydaemon.engine.invoices import Invoices, InvoiceView
from paydaemon.engine.limits import EngineLimits
from paydaemon.engine.live import LiveHub
from paydaemon.engine.orders import InvoiceDefaults, InvoiceRequest
from paydaemon.engine.preparations import Preparations
from paydaemon.engine.rates import RateBook
from paydaemon.engine.relays import Relays
from paydaemon.hooks.ports import Depths, Rate
from paydaemon.journal import Filter, Journal
from paydaemon.store.port import Store
from paydaemon.store.sqlite import open_store
from paydaemon.testing.clocks import TurnedClock
from paydaemon.testing.fakechain import FakeChain
from paydaemon.testing.fakenetwork import Credit, FakeNetwork
from paydaemon.testing.fakerelay import RelayingChain, RelayNetwork

OPERATOR = Principal("key_operator", None)
SHOP = Principal("key_shop", "shop")
RIVAL = Principal("key_rival", "rival")

STALE_AFTER_MS = 120_000
MAX_AGE_MS = 120_000
WAIT_S = 10.0
DUE = 20_834
"""What 12.50 EUR are in satoshi at 60000.00."""
PRICES = {"BTC": "60000.00", "HBAR": "0.25"}


class World:
    """One daemon's engine, and the networks it watches. `restart` leaves only what a restart would leave."""

    def __init__(
        self,
        store: Store,
        networks: Sequence[FakeNetwork],
        clock: Clock,
        defaults: InvoiceDefaults,
        ledger: RelayNetwork | None = None,
    ) -> None:
        self.store = store
        self.networks = {network.name: network for network in networks}
        self.clock = clock
        self.defaults = defaults
        self.limits = EngineLimits()
        self.policy = RelayPolicy.PAYEES
        self.ledger = ledger or RelayNetwork()
        self.seen: dict[str, int] = {}
        self._compose()

    def _compose(self) -> None:
        self.chains = {id: self._chain_on(network) for id, network in self.networks.items()}
        self.live_chains = {
            id: live_chain(chain, self.store, self.clock) for id, chain in self.chains.items()
        }
        self.rates = RateBook(self.clock, Rules(max_age_ms=MAX_AGE_MS), self.limits)
        self.rates.expect("fixed", sets=True)
        self.live = LiveHub(self.limits)
        self.health = HealthWatch(self.store, self.live_chains, self.clock)
        self.accounts = Accounts(self.store, self.clock, self.limits)
        self.invoices = Invoices(
            self.store, self.live_chains, self.rates, self.clock, self.defaults, self.limits
        )
        self.journal = Journal(self.store)
        self.relays = Relays(self.store, self.live_chains, self.clock, self.policy, self.limits)
        self.preparations = Preparations(self.store, self.live_chains, self.relays, self.clock, self.limits)
        self.api = Api(
            self.store,
            self.accounts,
            self.invoices,
            self.journal,
            self.live,
            self.rates,
            self.live_chains,
            self.relays,
            self.clock,
        )
        self.hosts = {
            id: Host(self.store, chain, self.clock, self.live, limits=self.limits)
            for id, chain in self.chains.items()
        }

    def _chain_on(self, network: FakeNetwork) -> FakeChain:
        return chain_on(network, self.ledger)

    @property
    def bitcoin(self) -> FakeNetwork:
        """The network that most tests pay on."""
        return self.networks["bitcoin"]

    async def start(self) -> None:
        """Start whatever a daemon starts, all of it seen complete and every rate known."""
        for id, chain in self.chains.items():
            await chain.start(self.hosts[id])
        self.publish()
        await self.look()

    async def restart(self) -> None:
        """A new engine and new plugins on the same store and the same networks."""
        self._compose()
        await self.start()

    def turn(self, seconds: float) -> None:
        """Time passes, and nobody looks."""
        assert isinstance(self.clock, TurnedClock)
        self.clock.turn(seconds)

    def publish(self) -> None:
        """Say what things cost now."""
        at_ms = self.clock()
        rates = [Rate(symbol, "EUR", Decimal(price), at_ms) for symbol, price in PRICES.items()]
        self.rates.publish("fixed", rates)

    async def look(self, *ids: str) -> None:
        """Every chain, or those named, tells what it sees; those that cannot see do not."""
        for id in ids or self.chains:
            if not self.networks[id].away:
                await self.chains[id].tell()
            await self.live_chains[id].refresh()

    async def pass_by(self, seconds: float) -> None:
        """Time passes, and every chain that sees is seen complete up to then."""
        self.turn(seconds)
        self.publish()
        await self.look()

    async def create(
        self, principal: Principal = SHOP, key: str | None = None, *, amount: str = "12.50", **fields: object
    ) -> InvoiceView:
        """Create an invoice, by default over 12.50 EUR."""
        request = replace(InvoiceRequest(amount, "EUR"), **fields)  # type: ignore[arg-type]
        return await self.invoices.create(principal, request, key)

    async def invoice(self, **fields: object) -> Invoice:
        """Create an invoice, and return it without its view."""
        return (await self.create(**fields)).invoice  # type: ignore[arg-type]

    async def pay(self, *outputs: tuple[Option | Destination, int], tell: bool = True) -> str:
        """Pay so much to each destination in one transaction, and have it told."""
        option = outputs[0][0]
        network = self.networks[option.asset.chain] if isinstance(option, Option) else self.bitcoin
        txid = network.pay(*(credit(where, amount_minor) for where, amount_minor in outputs))
        if tell:
            await self.look(network.name)
        return txid

    async def mine(self, blocks: int = 1) -> None:
        """Mine on Bitcoin, one look for each block."""
        for _ in range(blocks):
            self.bitcoin.grow()
            await self.look("bitcoin")

    async def view(self, id: str) -> InvoiceView:
        """An invoice as it stands."""
        return await self.api.invoice(OPERATOR, id)

    async def stands(self, invoice: Invoice) -> tuple[Status, set[Flag]]:
        """Status and flags."""
        standing = (await self.view(invoice.id)).invoice.standing
        return standing.status, set(standing.flags)

    async def events(self, invoice: Invoice | None = None) -> Sequence[Event]:
        """Every event of an invoice, or of everything."""
        found: list[Event] = []
        wanted = Filter((), None if invoice is None else invoice.id)
        while page := await self.journal.page(OPERATOR, wanted, found[-1].seq if found else 0, 200):
            found += page
        return found

    async def told(self, invoice: Invoice | None = None) -> list[str]:
        """The types of the events since this was last asked, of an invoice or of everything."""
        asked = "" if invoice is None else invoice.id
        events = [event for event in await self.events(invoice) if event.seq > self.seen.get(asked, 0)]
        self.seen[asked] = max((event.seq for event in events), default=self.seen.get(asked, 0))
        return [event.type.value for event in events]

    async def unmatched(self) -> Sequence[Payment]:
        """Every payment that belongs to nobody, newest first."""
        page = await self.api.payments(OPERATOR, unmatched=True, cursor=None, limit=200)
        return [view.payment for view in page.items]


def chain_on(network: FakeNetwork, ledger: RelayNetwork) -> FakeChain:
    """The plugin's object for a network."""
    if network.name == "hedera":
        return RelayingChain(network, ledger)
    return FakeChain(network, depths=Depths(default=6, least=0, final=100))


def live_chain(chain: FakeChain, store: Store, clock: Clock) -> LiveChain:
    """A chain as the engine holds it."""
    return LiveChain(chain, "fake", store, clock, stale_after_ms=STALE_AFTER_MS, wait_s=WAIT_S)


def credit(where: Option | Destination, amount_minor: int) -> Credit:
    """An output that pays an option or a bare destination."""
    return Credit(where.destination.key if isinstance(where, Option) else where.key, amount_minor)


@asynccontextmanager
async def world(
    *chains: str,
    path: Path | None = None,
    clock: Clock | None = None,
    defaults: InvoiceDefaults | None = None,
    start: bool = True,
    front: Callable[[Store], Store] | None = None,
) -> AsyncIterator[World]:
    """A started world with these chains, Bitcoin alone if none is named; "hedera" is one without blocks.

    `front` puts another store in front of the real one.
    """
    chosen = clock or TurnedClock()
    networks = [FakeNetwork(chosen, name, blocks=name != "hedera") for name in chains or ("bitcoin",)]
    async with open_store(path or ":memory:", executor="inline") as store:
        made = World(front(store) if front else store, networks, chosen, defaults or InvoiceDefaults())
        for seller in ("shop", "rival"):
            await made.store.transact(methodcaller("add_seller", Seller(seller, seller, chosen())))
        if start:
            await made.start()
        yield made


def terms_of(view: InvoiceView) -> Mapping[str, object]:
    """What must never change of an invoice: all but where it stands."""
    invoice = view.invoice
    return {name: getattr(invoice, name) for name in Invoice.__slots__ if name != "standing"}
