"""What these tests are made of: a sandbox in this process, a chain on it, and a host in memory."""

import secrets
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from typing import Any

import trio

from paydaemon.core.invoice import Destination
from paydaemon.core.money import Asset
from paydaemon.core.relay import Outcome, RelayStatus, SignedTransfer
from paydaemon.hooks.ports import DestinationRequest, HealthState
from paydaemon_hedera.chain import HederaChain
from paydaemon_hedera.config import HederaConfig
from paydaemon_hedera.proto.transaction_list_pb2 import TransactionList
from paydaemon_hedera.proto.transaction_pb2 import Transaction
from paydaemon_hedera.sandbox.genesis import PAYEE, USDC, KeyKind, PrivateKey, holder
from paydaemon_hedera.sandbox.ledger import HBAR, Account, CustomFee, Token
from paydaemon_hedera.sandbox.names import SECOND_NS, TransactionName, entity, number
from paydaemon_hedera.sandbox.running import Options, Running
from paydaemon_hedera.sandbox.wallet import sign, transfer_body
from tests.hedera.front import Front, front
from tests.limits.trial import with_value
from tests.support.host import FakeHost
from tests.support.waiting import BOUND_S, until

OURS = entity(PAYEE)
ALICE, BOB, CAROL = 1002, 1003, 1004
"""Who pays: by ed25519, by ECDSA, and by two of three keys."""


@dataclass
class World:
    """One seller's chain on one sandbox. The chain can be stopped and started; sandbox and host stay."""

    sandbox: Running
    front: Front
    config: HederaConfig
    host: FakeHost = field(default_factory=FakeHost)
    said: dict[str, Outcome] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.chain = HederaChain("hedera", self.config)

    @asynccontextmanager
    async def watching(self, *, ready: bool = True, again: bool = False) -> AsyncIterator[HederaChain]:
        """The chain while it runs: each time a new one, as after a restart; or `again` the same one."""
        if not again:
            self.chain = HederaChain("hedera", self.config)
        async with trio.open_nursery() as nursery:
            with trio.fail_after(BOUND_S):  # it starts whatever the mirror does, and then waits for it
                await nursery.start(self.chain.run, self.host)
            if ready:
                await until(lambda: self.chain.health().state is HealthState.HEALTHY)
            yield self.chain
            nursery.cancel_scope.cancel()

    # --- Being paid

    def healthy(self) -> bool:
        return self.chain.health().state is HealthState.HEALTHY

    def asset(self, code: str = "HBAR") -> Asset:
        return next(asset for asset in self.chain.assets if asset.code == code)

    async def issue(self, amount_minor: int = 1_000, code: str = "HBAR") -> Destination:
        """A fresh destination, as an invoice would get it."""
        index = self.host.next_index
        self.host.next_index += 1
        asked = DestinationRequest("shop", "inv_1", self.asset(code), amount_minor, expires_at_ms=0)
        destination = await self.chain.destination(index, asked)
        self.host.issued.append(destination)
        return destination

    def pay(self, memo: str, amount_minor: int = 1_000, token: int = HBAR, payer: int = ALICE) -> str:
        """A payment as any wallet makes it; returns the transaction's id."""
        return str(self.sandbox.pay(payer, PAYEE, amount_minor, token, memo))

    async def seen(self, memo: str, count: int = 1) -> None:
        """Wait until so many payments with a memo are known."""
        await until(lambda: len(self.host.to(f"{OURS}/{memo}")) == count)

    async def looked(self) -> None:
        """Wait until everything was looked at once more from now on."""
        before = len(self.host.told)
        await until(lambda: sum(told.as_of is not None for told in self.host.told[before:]) >= 2)

    def token(self, decimals: int = 6, fees: tuple[CustomFee, ...] = (), symbol: str = "USDC") -> int:
        """Another token, which Alice has and our account takes."""
        taken = 6_001 + len(self.sandbox.network.ledger.tokens)
        token = Token(taken, symbol, symbol, decimals, 10**15, 2, fees)
        self.sandbox.network.add_token(token)
        for account, amount in ((ALICE, 10**9), (PAYEE, 0)):
            self.sandbox.network.give(account, taken, amount)
        return taken

    def account(self, taken: int, kind: KeyKind = KeyKind.ED25519, tinybars: int = 0) -> None:
        """Another account whose keys are known."""
        made = holder(taken, kind, tinybars)
        self.sandbox.network.add_account(Account(taken, made.key), tinybars, 2)
        self.sandbox.holders[taken] = made

    # --- Relaying

    @property
    def now_ms(self) -> int:
        return self.sandbox.clock.now_ns() // 1_000_000

    def name(self, payer: int = ALICE, *, ago_s: float = 5) -> TransactionName:
        start_ns = self.sandbox.clock.now_ns() - int(ago_s * SECOND_NS) - secrets.randbelow(SECOND_NS)
        return TransactionName(payer, start_ns)

    def signed(
        self,
        moves: Mapping[int, Mapping[int, int]] | None = None,
        *,
        memo: str = "m",
        nodes: Sequence[int] = (3,),
        name: TransactionName | None = None,
        keys: Sequence[PrivateKey] | None = None,
        duration_s: int = 120,
    ) -> bytes:
        """What a wallet hands in: 1000 tinybars from Alice to us, unless told otherwise, for each node."""
        moves = moves or {HBAR: {ALICE: -1_000, PAYEE: 1_000}}
        name = name or self.name()
        debited = dict.fromkeys(
            account for amounts in moves.values() for account, amount in amounts.items() if amount < 0
        )
        signers = {name.payer: None, **debited}
        chosen = (
            [key for one in signers for key in self.sandbox.holders[one].signers] if keys is None else keys
        )
        bodies = [transfer_body(name, node, moves, memo, duration_s=duration_s) for node in nodes]
        entries = [Transaction.FromString(sign(body, chosen)) for body in bodies]
        return TransactionList(transaction_list=entries).SerializeToString()

    def inspect(self, raw: bytes) -> SignedTransfer:
        return self.chain.inspect(raw, self.now_ms)

    async def hand_in(self, raw: bytes, *, in_doubt: bool = False) -> tuple[SignedTransfer, Outcome]:
        """As the daemon does: inspected, verified, submitted."""
        transfer = self.inspect(raw)
        await self.chain.verify(transfer)
        outcome = await self.chain.submit(transfer, in_doubt=in_doubt)
        self.said[transfer.transaction_id] = outcome
        return transfer, outcome

    async def follow(self, transfer: SignedTransfer) -> Outcome:
        """As the daemon does: by what was said of it so far, or by nothing after a restart."""
        so_far = self.said.get(transfer.transaction_id, Outcome(RelayStatus.ACCEPTED))
        outcome = await self.chain.follow(transfer, so_far)
        self.said[transfer.transaction_id] = replace(so_far, status=outcome.status)
        return outcome

    def taken(self) -> list[str]:
        """What nodes have taken, by the transactions' ids."""
        return [str(one.name) for one in self.sandbox.network.submissions if one.name is not None]

    def codes(self) -> list[int]:
        """What nodes have answered to whatever was handed to them."""
        return [one.code for one in self.sandbox.network.submissions]

    def balance(self, account: int, token: int = HBAR) -> int:
        with self.sandbox.network.lock:
            return self.sandbox.network.ledger.balance(account, token)


@asynccontextmanager
async def world(options: Options | None = None, /, **settings: Any) -> AsyncIterator[World]:
    """A world whose chain has not been started. It looks as often as it can, unless `settings` say otherwise;
    keys such as ``limits.follow_s`` are set below their range too.
    """
    running = Running(options or Options(consensus_delay_s=0.05))
    await trio.to_thread.run_sync(running.start)
    try:
        async with front(running) as door:
            yield World(running, door, _config(running, door, settings))
    finally:
        with trio.CancelScope(shield=True):
            await trio.to_thread.run_sync(running.stop)


def _config(running: Running, door: Front, settings: Mapping[str, object]) -> HederaConfig:
    table: dict[str, Any] = {
        "network": "local",
        "account": OURS,
        "mirror_url": door.url,
        "nodes": {id: address for address, id in running.facts["nodes"].items()},
        "tokens": ({"id": entity(USDC), "symbol": "USDC", "decimals": 6},),
    }
    table |= {key: value for key, value in settings.items() if "." not in key}
    config = HederaConfig.model_validate({key: value for key, value in table.items() if value is not None})
    wide = {"poll_interval_s": 0.03, "limits.mirror_requests_per_s": 1_000, "limits.longest_pause_s": 0.1}
    for key, value in {**wide, **{key: value for key, value in settings.items() if "." in key}}.items():
        config = with_value(config, key.removeprefix("."), value)
    return config


__all__ = ["ALICE", "BOB", "CAROL", "HBAR", "OURS", "PAYEE", "USDC", "World", "number", "world"]
