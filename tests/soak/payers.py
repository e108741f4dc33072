"""Buyers and a miner on a real node: they pay in every way that buyers do, and blocks come and go.

Nothing here is believed by the final check: it reads the chain. What is remembered is what to pay next, and
when each transaction was sent.
"""

import time
from collections import Counter, deque
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from random import Random

import trio

from paydaemon_bitcoin.errors import NodeUnavailable, RpcError
from paydaemon_bitcoin.regtest import Coin, NodeFailed, RegtestNode, btc
from tests.support.ledgercheck import Json, Told

COINS = 300
COIN_MINOR = 20_000_000
COINBASES = 30
BUMPED_FEE_MINOR = 4_000
RIVAL_FEE_MINOR = 40_000
RECENT = 20
LEAST_MINOR = 1_000


async def fund(node: RegtestNode) -> None:
    """Give the miner many coins to pay with."""
    await node.mine(COINBASES)
    outputs = {await node.miner.call("getnewaddress", "", "bech32"): btc(COIN_MINOR) for _ in range(COINS)}
    await node.miner.call("sendmany", "", outputs)
    await node.mine(1)


@dataclass(slots=True)
class Bill:
    """What a buyer knows of an invoice, and how much was sent to it."""

    address: str
    due_minor: int
    sent_minor: int = 0


@dataclass(frozen=True, slots=True)
class Sent:
    """A transaction that can be replaced: its id, its coin and what it pays."""

    txid: str
    coin: Coin
    payments: tuple[tuple[str, int], ...]


class Payers:
    """Buyers. `pause_s` is the longest pause between two payments."""

    def __init__(
        self, node: RegtestNode, told: Told, chance: Random, closing: trio.Event, pause_s: float = 0.3
    ) -> None:
        self.counts: Counter[str] = Counter()
        self.troubles: Counter[str] = Counter()
        self.replaceable: deque[Sent] = deque(maxlen=RECENT)
        self._node = node
        self._told = told
        self._chance = chance
        self._closing = closing
        self._pause_s = pause_s
        self._bills: dict[str, Bill] = {}
        self._choosing = trio.Lock()
        self._answers_read = 0
        self._events_read = 0
        self._ways: dict[str, tuple[int, Callable[[], Awaitable[None]]]] = {
            "exact": (6, self._exact),
            "partial": (4, self._partial),
            "topped up": (4, self._top_up),
            "over": (2, self._over),
            "two outputs": (2, self._two_outputs),
            "two invoices": (2, self._two_invoices),
            "fee bumped": (3, self._bumped),
            "replaced away": (3, self._replaced_away),
            "double spent": (2, self._double_spent),
        }

    async def run(self) -> None:
        """Pay in one way after the other, until closing."""
        while not self._closing.is_set():
            await trio.sleep(self._chance.uniform(0, self._pause_s))
            self._learn()
            if self._bills:
                await self._pay_somehow()

    async def pay(self, address: str, amount_minor: int) -> None:
        """A plain payment from the node's wallet."""
        await self._timed(lambda: self._node.pay(address, amount_minor))

    async def _pay_somehow(self) -> None:
        weights = [weight for weight, _ in self._ways.values()]
        (name,) = self._chance.choices(list(self._ways), weights)
        try:
            await self._ways[name][1]()
        except RpcError as refused:
            self.troubles[f"{refused.method} {refused.code}"] += 1
        except NodeUnavailable:
            self.troubles["node away"] += 1
        except NodeFailed:
            # The wallet built on a block that was just taken back; it may send it again, or never.
            self.troubles["wallet too early"] += 1
        else:
            self.counts[name] += 1

    def _learn(self) -> None:
        """Read the bills of what was told since: by an answer, or by an event where the answer was lost."""
        answers, events = self._told.acknowledged, self._told.events
        invoices = [answer for _, answer in answers[self._answers_read :]]
        invoices += [event["data"]["invoice"] for event in events[self._events_read :] if _creates(event)]
        self._answers_read, self._events_read = len(answers), len(events)
        for invoice in invoices:
            (option,) = invoice["options"]
            bill = Bill(option["destination"]["address"], int(option["due_minor"]))
            self._bills.setdefault(invoice["id"], bill)

    def _bill(self) -> Bill:
        """One of the newest bills, or any."""
        bills = list(self._bills.values())
        return self._chance.choice(bills[-RECENT:] if self._chance.random() < 0.6 else bills)

    # Ways to pay

    async def _exact(self) -> None:
        bill = self._bill()
        await self._pay_bill(bill, bill.due_minor)

    async def _partial(self) -> None:
        bill = self._bill()
        await self._pay_bill(bill, self._part(bill.due_minor))

    async def _top_up(self) -> None:
        """Pay the rest of a bill that was paid in part, to the satoshi, or one less."""
        begun = [bill for bill in self._bills.values() if 0 < bill.sent_minor <= bill.due_minor - LEAST_MINOR]
        if begun:
            bill = self._chance.choice(begun)
            await self._pay_bill(bill, bill.due_minor - bill.sent_minor - self._chance.choice([0, 0, 1]))

    async def _over(self) -> None:
        bill = self._bill()
        await self._pay_bill(bill, bill.due_minor + self._chance.choice([1, 5_000]))

    async def _two_outputs(self) -> None:
        bill = self._bill()
        part = self._part(bill.due_minor)
        await self._send(await self._coin(), (bill.address, part), (bill.address, bill.due_minor - part))
        bill.sent_minor += bill.due_minor

    async def _two_invoices(self) -> None:
        bills = [self._bill(), self._bill()]
        await self._send(await self._coin(), *((bill.address, bill.due_minor) for bill in bills))
        for bill in bills:
            bill.sent_minor += bill.due_minor

    async def _bumped(self) -> None:
        """A higher fee; the same is paid."""
        bill = self._bill()
        sent = await self._replaceable(bill)
        bump = await self._send(sent.coin, *sent.payments, fee_minor=BUMPED_FEE_MINOR)
        told = self._told.sent_ms
        if sent.txid in told and bump.txid in told:  # the first sight of the other holds
            told[bump.txid] = (told[sent.txid][0], told[bump.txid][1])
        bill.sent_minor += bill.due_minor

    async def _replaced_away(self) -> None:
        """A higher fee; nothing is paid any more."""
        sent = await self._replaceable(self._bill())
        await self._send(sent.coin, fee_minor=RIVAL_FEE_MINOR)

    async def _double_spent(self) -> None:
        """A block holds a transaction that was never in the mempool and spends the payment's coin."""
        sent = await self._replaceable(self._bill())
        await self._node.mine_only(await self._node.spend(sent.coin, (), RIVAL_FEE_MINOR))

    async def _replaceable(self, bill: Bill) -> Sent:
        """A payment, sent and noticed or not."""
        sent = await self._send(await self._coin(), (bill.address, bill.due_minor))
        await trio.sleep(self._chance.choice([0, 0.05, 0.5]))
        return sent

    # Sending

    async def _coin(self) -> Coin:
        async with self._choosing:  # two at once would choose the same
            return await self._node.coin()

    async def _pay_bill(self, bill: Bill, amount_minor: int) -> None:
        await self.pay(bill.address, amount_minor)
        bill.sent_minor += amount_minor

    async def _send(self, coin: Coin, *payments: tuple[str, int], fee_minor: int = 1_000) -> Sent:
        raw = await self._node.spend(coin, payments, fee_minor)
        sent = Sent(await self._timed(lambda: self._node.send(raw)), coin, payments)
        self.replaceable.append(sent)
        return sent

    async def _timed(self, send: Callable[[], Awaitable[str]]) -> str:
        begun_ms = _now_ms()
        txid = await send()
        self._told.sent_ms[txid] = (begun_ms, _now_ms())
        return txid

    def _part(self, amount_minor: int) -> int:
        return self._chance.randrange(LEAST_MINOR, amount_minor - LEAST_MINOR)


@dataclass(slots=True)
class Miner:
    """Mines now and then, and now and then takes blocks back. `pause_s` is the longest pause."""

    node: RegtestNode
    payers: Payers
    chance: Random
    closing: trio.Event
    pause_s: float = 2.5
    blocks: int = 0
    reorgs: int = 0
    rivals: int = 0
    troubles: Counter[str] = field(default_factory=Counter)

    async def run(self) -> None:
        """Mine and reorganise, until closing."""
        while not self.closing.is_set():
            await trio.sleep(self.chance.uniform(0, self.pause_s))
            try:
                await self._turn()
            except RpcError as refused:
                self.troubles[f"{refused.method} {refused.code}"] += 1
            except NodeUnavailable:
                self.troubles["node away"] += 1

    async def finish(self, confirmations: int) -> None:
        """Mine until nothing is left in the mempool, and so many blocks more."""
        while (await self.node.rpc.call("getmempoolinfo"))["size"]:
            await self.node.mine(1)
        await self.node.mine(confirmations)

    async def _turn(self) -> None:
        if self.chance.random() < 0.3:
            await self._reorganise(self.chance.choice([1, 1, 2]))
        else:
            await self._mine(self.chance.choice([1, 1, 1, 1, 3]))

    async def _mine(self, blocks: int) -> None:
        await self.node.mine(blocks)
        self.blocks += blocks

    async def _reorganise(self, depth: int) -> None:
        """Take the newest blocks away; the chain that takes their place is longer by one.

        What they held returns to the mempool, and may be mined again at once, later, or never, because the
        first new block may hold a transaction that spends the same coin.
        """
        height = await self.node.rpc.call("getblockcount")
        blocks = [await self.node.rpc.call("getblockhash", height - number) for number in range(depth)]
        freed = [txid for block in blocks for txid in (await self.node.rpc.call("getblock", block))["tx"]]
        await self.node.rpc.call("invalidateblock", blocks[-1])
        self.reorgs += 1
        await trio.sleep(self.chance.choice([0, 0.2, 0.5]))
        if self.chance.random() < 0.6:
            await self._spend_again(freed)
        elif self.chance.random() < 0.3:
            await self.node.mine_only()
        await self._mine(depth + 1)

    async def _spend_again(self, freed: Sequence[str]) -> None:
        """A rival of a recent payment in a block: of one that a block held until now, if there is any."""
        sent = list(self.payers.replaceable)
        self.chance.shuffle(sent)
        for one in sorted(sent, key=lambda one: one.txid not in freed or not one.payments):
            raw = await self.node.spend(one.coin, (), RIVAL_FEE_MINOR + 1)
            with suppress(RpcError):
                await self.node.mine_only(raw)
                self.rivals += 1
                return


def _creates(event: Json) -> bool:
    return bool(event["type"] == "invoice.created")


def _now_ms() -> int:
    return time.time_ns() // 1_000_000
