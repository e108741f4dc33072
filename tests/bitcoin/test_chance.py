"""Whatever happens in whatever order: in the end the ledger holds what the chain holds.

Payments, bumps, double spends, blocks, reorganisations, restarts of the node and of the chain come by
chance; the seed is printed. What the chain holds is read without the wallet: from the set of unspent outputs,
and from the mempool's raw transactions.
"""

import random
from contextlib import suppress
from typing import Any

import pytest
import trio

from paydaemon.core.payment import PaymentState
from paydaemon_bitcoin.errors import RpcError
from paydaemon_bitcoin.observations import satoshi
from paydaemon_bitcoin.regtest import Coin, NoCoin, RegtestNode
from paydaemon_bitcoin.transactions import parse
from tests.bitcoin.world import World, world
from tests.support.waiting import until

Truth = dict[str, tuple[int, str | None]]
"""By output: its amount, and the block that holds it."""


class Chance:
    """A payer, a miner and an operator who do anything at any time."""

    def __init__(self, seed: int, shop: World, addresses: list[str]) -> None:
        self.random = random.Random(seed)
        self.shop = shop
        self.node = shop.node
        self.addresses = addresses
        self.spent: list[tuple[Coin, int]] = []

    async def step(self) -> None:
        """One thing that may happen. What the node refuses has not happened."""
        deeds = (
            [self.pay] * 6
            + [self.bump] * 3
            + [self.double_spend] * 2
            + [self.mine] * 4
            + [self.reorganise] * 2
        )
        with suppress(RpcError):
            try:
                await self.random.choice(deeds)()
            except NoCoin:
                await self.node.mine(10)

    async def pay(self) -> None:
        coin = await self.node.coin()
        self.spent.append((coin, 2_000))
        await self.node.send(await self.node.spend(coin, self.payments(), 2_000))

    async def bump(self) -> None:
        coin, fee_minor = self.random.choice(self.spent[-5:] or [(await self.node.coin(), 2_000)])
        self.spent.append((coin, fee_minor + 5_000))
        await self.node.send(await self.node.spend(coin, self.payments(), fee_minor + 5_000))

    async def double_spend(self) -> None:
        """In a block, without ever being in the mempool."""
        coin, _ = self.random.choice(self.spent[-5:] or [(await self.node.coin(), 2_000)])
        await self.node.mine_only(await self.node.spend(coin, self.payments()))

    async def mine(self) -> None:
        await self.node.mine(self.random.randint(1, 4))

    async def reorganise(self) -> None:
        height = await self.node.rpc.call("getblockcount")
        depth = self.random.randint(0, 4)
        await self.node.rpc.call("invalidateblock", await self.node.rpc.call("getblockhash", height - depth))
        if self.random.random() < 0.5:
            await self.double_spend()
        if self.random.random() < 0.7:
            await self.node.mine(depth + 1)

    async def restart_node(self) -> None:
        await self.random.choice([self.node.stop, self.node.kill])()
        await trio.sleep(self.random.random() / 2)
        await self.node.start()

    def payments(self) -> list[tuple[str, int]]:
        """To ours mostly, and sometimes to nobody's."""
        if self.random.random() < 0.3:
            return []
        count = self.random.randint(1, 4)
        return [(self.random.choice(self.addresses), self.random.randint(600, 90_000)) for _ in range(count)]

    async def truth(self) -> Truth:
        """What the node's chain and mempool hold for our addresses now."""
        found = await self.node.rpc.call(
            "scantxoutset", "start", [f"addr({each})" for each in self.addresses]
        )
        held: Truth = {
            f"{out['txid']}:{out['vout']}": (satoshi(out["amount"]), out["blockhash"])
            for out in found["unspents"]
        }
        descriptor = self.shop.config.parsed_descriptor()
        ours = {descriptor.script(index) for index in range(len(self.addresses))}
        for txid in await self.node.rpc.call("getrawmempool"):
            outputs = parse(bytes.fromhex(await self.node.rpc.call("getrawtransaction", txid))).outputs
            held |= {
                f"{txid}:{n}": (out.amount_minor, None) for n, out in enumerate(outputs) if out.script in ours
            }
        return held

    def told(self) -> Truth:
        """What the ledger holds for them."""
        return {
            payment.ref: (payment.amount_minor, payment.block)
            for payment in self.shop.host.payments.values()
            if payment.counts
        }


async def play(node: RegtestNode, seed: int, *, rounds: int, steps: int, **settings: Any) -> None:
    """So many rounds of so many steps; after each round, chain and ledger must agree.

    The payer has a coin for each step; more are mined where reorganisations took some.
    """
    await node.mine(rounds * steps)
    shop = world(node, **settings)
    async with shop.watching():
        chance = Chance(seed, shop, [(await shop.issue()).address for _ in range(8)])
    for _ in range(rounds):
        async with shop.watching():
            for _ in range(steps):
                await chance.step()
                if chance.random.random() < 0.05:
                    await chance.restart_node()
        for _ in range(chance.random.randint(0, 3)):
            await chance.step()
        async with shop.watching():
            truth = await chance.truth()
            try:
                await until(lambda truth=truth: chance.told() == truth)  # type: ignore[misc]
            except trio.TooSlowError:
                assert chance.told() == truth
    assert any(payment.state is not PaymentState.PENDING for payment in shop.host.payments.values())


@pytest.mark.parametrize("zmq", [True, False])
async def test_ledger_and_chain_agree_in_the_end(own_node: RegtestNode, seed: int, zmq: bool) -> None:
    node = own_node
    deaf: dict[str, Any] = {} if zmq else {"zmq_rawtx": None, "zmq_sequence": None, "poll_interval_s": 1.0}
    await play(node, seed, rounds=3, steps=15, **deaf)


@pytest.mark.soak
async def test_ledger_and_chain_agree_after_much_more(own_node: RegtestNode, seed: int) -> None:
    node = own_node
    print(f"PAYDAEMON_SEED={seed}")
    await play(node, seed, rounds=10, steps=30, poll_interval_s=1.0)
