"""Deeds: what sellers, buyers, miners and time do in a town, each drawn with all its particulars by the dice.

A deed does one thing and returns; whether the chains tell of it soon is another throw. The daemon may die in
any of them.
"""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, replace
from decimal import Decimal
from fractions import Fraction

import trio

from paydaemon.core.access import Principal
from paydaemon.core.errors import ErrorType, Refusal
from paydaemon.core.invoice import Invoice, LatePolicy, Mark, Option
from paydaemon.core.money import Asset
from paydaemon.core.public import public_invoice
from paydaemon.engine.invoices import InvoiceView
from paydaemon.engine.orders import InvoiceRequest
from paydaemon.store.port import StoreUnavailable
from paydaemon.testing.fakenetwork import Credit, FakeNetwork
from tests.engine.world import MAX_AGE_MS, OPERATOR, STALE_AFTER_MS
from tests.simulation.archive import Archive
from tests.simulation.clients import Clients
from tests.simulation.disk import Killed
from tests.simulation.town import CHAINS, DAY_S, SELLERS, Town
from tests.simulation.watch import Watch

RECENT = 15
"""How many of the newest transactions it is that somebody looks at."""
SECONDS = [1, 1, 10, 10, 60, 60, 60, 60, 60, 300, 300, 901, 3_600, DAY_S // 2]
"""How long nothing may happen."""
WITH_BLOCKS = [id for id, blocks in CHAINS.items() if blocks]


@dataclass(frozen=True, slots=True)
class Order:
    """What a seller asked for under an idempotency key."""

    seller: Principal
    request: InvoiceRequest
    key: str


class Deeds:
    """Everything that may happen in a town."""

    def __init__(self, town: Town, watch: Watch, often: Mapping[str, int]) -> None:
        self.town = town
        self.watch = watch
        self.dice = town.dice
        self.orders: list[Order] = []
        self.strays = 0
        self.clients = Clients(town, watch)
        self.archive = Archive(town, watch, self.clients)
        self.likely: dict[Callable[[], Awaitable[None]], int] = {
            self.order: 30,
            self.order_again: 4,
            self.pay: 110,
            self.pay_stray: 3,
            self.mine: 60,
            self.lose: 14,
            self.rebroadcast: 4,
            self.reorganise: 8,
            self.pass_time: 30,
            self.change_prices: 6,
            self.mark: 4,
            self.assign: 4,
            self.glimpse: 10,
            self.look: 25,
            self.turn_away: 4,
            self.start_chain_again: 4,
            self.start_daemon_again: 3,
            self.keep_destinations_back: 2,
            self.clients.hand_in: 30,
            self.clients.hand_in_again: 12,
            town.post.change_moods: 25,
            self.archive.back_up: 3,
            self.archive.restore: 1,
        }
        self.likely |= {deed: often[deed.__name__] for deed in self.likely if deed.__name__ in often}

    async def any(self) -> str:
        """One of them; returns its name."""
        (deed,) = self.dice.choices(list(self.likely), list(self.likely.values()))
        died = await self.town.survive(deed)
        return f"{deed.__name__}{', and the daemon died' if died else ''}"

    # --- Sellers

    async def order(self) -> None:
        """Invoices of all kinds, mostly while prices and chains are known."""
        if self.dice.random() < 0.9:
            self.town.publish()
            await self.town.look()
        for _ in range(self.dice.randint(1, 4)):
            order = self._drawn_order()
            self.orders.append(order)
            self.watch.heard.orders.add(order.key)
            await self._ask(order)

    def _drawn_order(self) -> Order:
        dice, key = self.dice, f"order-{len(self.orders)}"
        request = InvoiceRequest(
            f"{Decimal(dice.randint(1, 30_000)) / 100}",
            "EUR",
            metadata={"order": key},
            chains=dice.choice([None, None, ("bitcoin",), ("hedera",), ("liquid", "hedera")]),
            expires_in_s=dice.choice([None, None, 60, 3_600]),
            confirmations=dice.choice([None, 1, 2, 3, 6]),
            late=dice.choice([None, None, *LatePolicy]),
        )
        return Order(dice.choice(SELLERS), request, key)

    async def order_again(self) -> None:
        """Whatever an idempotency key once brought, it brings again; other parameters are an error."""
        if not self.orders:
            return
        order = self.dice.choice(self.orders)
        if self.dice.random() < 0.7:
            await self._ask(order)
        elif order.key in self.watch.by_order:
            other = replace(order, request=replace(order.request, amount="31415.92"))
            answer = await self._answer(other)
            assert isinstance(answer, Refusal), f"{order.key} stands for other parameters as well"
            assert answer.code == "idempotency_key_reused"

    async def order_all_again(self) -> None:
        """What was refused before is not refused on a good day, and nothing else is made of the rest."""
        for order in self.orders:
            await self._ask(order)

    async def _ask(self, order: Order) -> None:
        """A refusal has its reason; whatever is created can be paid, at a price of today."""
        known, answer = self.watch.by_order.get(order.key), await self._answer(order)
        if isinstance(answer, Refusal):
            assert answer.type is ErrorType.UNAVAILABLE, answer
            assert known is None, f"{order.key} was an invoice and is refused"
        elif answer is not None:
            self._check_answer(order, known, answer)

    async def _answer(self, order: Order) -> InvoiceView | Refusal | None:
        """None where the store failed, and nobody knows what came of it."""
        try:
            return await self.town.invoices.create(order.seller, order.request, order.key)
        except StoreUnavailable:
            return None
        except Refusal as refusal:
            return refusal

    def _check_answer(self, order: Order, known: str | None, view: InvoiceView) -> None:
        invoice = view.invoice
        if known is not None:
            assert invoice.id == known, f"{order.key} was {known} and is {invoice.id}"
        elif invoice.created_at_ms == self.town.clock():
            self._check_offers(invoice)
        self.watch.heard.acknowledged.append((order.key, public_invoice(invoice, view.payments, view.tips)))

    def _check_offers(self, invoice: Invoice) -> None:
        """No option of a chain that is stale, none at an old price, and the amount is what that makes."""
        now_ms = self.town.clock()
        for option in invoice.options:
            seen_ms = self.town.account.as_of_ms.get(option.asset.chain, 0)
            assert now_ms - seen_ms <= STALE_AFTER_MS, f"{option.asset.chain} was stale"
            assert now_ms - option.quote.at_ms <= MAX_AGE_MS, "an old price was quoted"
            price = self.town.prices[option.asset.symbol]
            assert Decimal(option.quote.rate) == price, f"{option.quote.rate} was quoted, and it is {price}"
            units = Fraction(invoice.amount_minor, 100) / Fraction(price) * 10**option.asset.decimals
            assert option.due_minor == -(-units.numerator // units.denominator)

    async def mark(self) -> None:
        """A seller says what amounts do not."""
        invoice, mark = self.watch.any_invoice(), self.dice.choice(list(Mark))
        if invoice is not None:
            seller = next(one for one in SELLERS if one.seller_id == invoice.seller_id)
            if await self._done(lambda: self.town.api.mark_invoice(seller, invoice.id, mark)):
                self.watch.marks[invoice.id] = mark

    async def assign(self) -> None:
        """The operator finds whom an unmatched payment was meant for."""
        unmatched, invoice = sorted(self.town.account.unmatched()), self.watch.any_invoice()
        if not unmatched or invoice is None:
            return
        ref = self.dice.choice(unmatched)
        word = self.town.account.credits[ref].word
        option = next((one for one in invoice.options if one.asset == word.asset), None)
        payment = await self.town.store.read(lambda reader: reader.payment_by_ref(*ref))
        if option is not None:
            assert payment is not None, f"{ref} was told and is not there"
            if await self._done(lambda: self.town.api.assign_payment(OPERATOR, payment.id, invoice.id)):
                self.town.account.assign(ref, invoice, option)

    async def _done(self, ask: Callable[[], Awaitable[object]]) -> bool:
        """Whether it was recorded, whatever was answered. Where the daemon dies, it is asked again."""
        before = self.town.mortal.commits
        try:
            await ask()
        except (Killed, StoreUnavailable):
            if self.town.mortal.commits == before:
                return False
            await self.town.survive(self.town.restart)
        return True

    # --- Buyers

    async def pay(self) -> None:
        """One transaction, of mostly one output, that pays mostly what is due."""
        invoice = self.watch.any_invoice()
        if invoice is None:
            return
        option = self.dice.choice(invoice.options)
        outputs = [self._credit(option)]
        while self.dice.random() < 0.15:
            other = self.watch.any_invoice() or invoice
            outputs += [self._credit(one) for one in other.options if one.asset.chain == option.asset.chain]
        self.town.networks[option.asset.chain].pay(*outputs)
        await self._soon(option.asset.chain)

    def _credit(self, option: Option) -> Credit:
        due = option.due_minor
        others = [due - 1, due + 1, due // 2, -(-due // 2), due // 3, 1, 0, 2 * due]
        amount = self.dice.choice([due] * 6 + others)
        if self.dice.random() < 0.06:
            return Credit(option.destination.key, amount, self._other_asset(option.asset))
        return Credit(option.destination.key, amount)

    def _other_asset(self, asset: Asset) -> Asset:
        """One that nobody knows, or one that the same invoice is perhaps asked for elsewhere."""
        known = [one for one in self.town.chains[asset.chain].assets if one != asset]
        return self.dice.choice([Asset(asset.chain, "TOKEN", "TOKEN", 2), *known])

    async def pay_stray(self) -> None:
        """To a destination that nobody was given."""
        chain = self.dice.choice(list(CHAINS))
        self.strays += 1
        stray = self.town.chains[chain].destination_at(10_000_000 + self.strays // 2)
        self.town.networks[chain].pay(Credit(stray.key, self.dice.randint(0, 10**6)))
        await self._soon(chain)

    # --- Networks

    async def mine(self) -> None:
        """Blocks, with all that waits or some of it."""
        network = self._any_network()
        some = [txid for txid in network.mempool if self.dice.random() < 0.8]
        network.grow(self.dice.choice([1, 1, 1, 2, 3, 6]), only=some)
        await self._soon(network.name)

    async def lose(self) -> None:
        """A transaction is replaced by another payment or by none, forgotten, or spent elsewhere."""
        network = self._any_network()
        if not network.mempool:
            return
        txid, invoice = self.dice.choice(network.mempool), self.watch.any_invoice()
        options = [one for one in invoice.options if one.asset.chain == network.name] if invoice else []
        outputs = [self._credit(one) for one in options]
        match self.dice.choice(["replace", "drop", "conflict"]):
            case "replace":
                network.replace(txid, *outputs)
            case "drop":
                network.drop(txid)
            case _:
                network.conflict(txid, *outputs)
        await self._soon(network.name)

    async def rebroadcast(self) -> None:
        """Somebody sends again what was forgotten or replaced."""
        network = self._any_network()
        for txid in self.dice.sample(list(network.transactions), min(8, len(network.transactions))):
            network.rebroadcast(txid)
        await self._soon(network.name)

    async def reorganise(self) -> None:
        """The newest blocks are taken back, with what they held or without, on another branch or none."""
        network = self._any_network()
        assert network.height is not None
        depth = min(self.dice.choice([1, 1, 2, 3, 8]), network.height)
        if depth and self.dice.random() < 0.2:
            network.undo(depth)
        elif depth:
            network.reorganise(depth, lost=self._lost(network, depth), remine=self.dice.random() < 0.7)
        await self._soon(network.name)

    def _lost(self, network: FakeNetwork, depth: int) -> list[str]:
        assert network.height is not None
        above = network.height - depth
        undone = [one.id for one in network.transactions.values() if (one.fate.height or 0) > above]
        return undone[:1] if self.dice.random() < 0.5 else []

    async def turn_away(self) -> None:
        """A network is away, or all are back."""
        for network in self.town.networks.values():
            network.away = False
        self._any(list(self.town.networks.values())).away = self.dice.random() < 0.6

    async def keep_destinations_back(self) -> None:
        """A chain gives no destinations: it waits, raises, or is well again."""
        faults = self.town.chains[self.dice.choice(list(CHAINS))].faults
        faults.destination = self.dice.choice([None, ConnectionError("no wallet")])
        faults.destination_waits_for = self.dice.choice([None, None, trio.Event()])

    # --- Time, looks, and deaths

    async def pass_time(self) -> None:
        """Seconds to days, and now and then the watch looks at the chains' health."""
        await trio.sleep(self.dice.choice(SECONDS))
        if self.dice.random() < 0.5:
            self.town.publish()
            await self.town.watch_health()
        await self._soon(*CHAINS)

    async def change_prices(self) -> None:
        """Up or down, told at once or later."""
        symbol = self.dice.choice(list(self.town.prices))
        change = Decimal(self.dice.randint(900, 1_100)) / 1_000
        self.town.prices[symbol] = max(Decimal("0.01"), round(self.town.prices[symbol] * change, 2))
        self.town.publish()

    async def look(self) -> None:
        """Every chain tells what it sees."""
        await self.town.look()

    async def glimpse(self) -> None:
        """A chain tells of one transaction and says nothing of the rest."""
        network = self._any(list(self.town.networks.values()))
        if network.transactions and not network.away:
            await self.town.glimpse(network.name, self.dice.choice(list(network.transactions)[-RECENT:]))

    async def start_chain_again(self) -> None:
        """As its supervisor does, for any reason."""
        await self.town.start_chain(self.dice.choice(list(CHAINS)))

    async def start_daemon_again(self) -> None:
        """It dies between two steps."""
        raise Killed

    async def _soon(self, *chains: str) -> None:
        """Each tells of it now, or with what comes later."""
        for chain in chains:
            if self.dice.random() < 0.6:
                await self.town.look(chain)

    # --- Who

    def _any(self, networks: list[FakeNetwork]) -> FakeNetwork:
        return self.dice.choice(networks)

    def _any_network(self) -> FakeNetwork:
        return self.town.networks[self.dice.choice(WITH_BLOCKS)]
