"""A network that takes signed transactions, in memory, and the second port of a chain that passes them on.

`RelayNetwork` is what outlives a daemon: it takes each transaction once, whatever is handed over again, and
knows for good what became of it. `RelayingChain` is a chain in memory that hands over to it; `FakeRelay` is
its port alone, to be put before another chain's class.

    chain = RelayingChain(FakeNetwork(clock, "hedera", blocks=False), RelayNetwork())
    given = signed("tx-1", {("payee", "memo"): 5, ("payer", ""): -5})

A transaction is the base64 of a JSON object, or the object's bytes. Nothing is signed: `forged` says that a
signature would be wrong. What it is told to do badly stands in `faults_of_relay`, or is left to dice.
"""

import hashlib
import json
import random
from base64 import b64decode, b64encode
from collections import Counter, defaultdict, deque
from collections.abc import Awaitable, Callable, Collection, Mapping
from dataclasses import dataclass, field
from itertools import count

import trio

from paydaemon.core.errors import invalid
from paydaemon.core.invoice import Destination
from paydaemon.core.relay import Outcome, RelayStatus, SignedTransfer, Transfer
from paydaemon.hooks.ports import Depths, DestinationRequest, Health, HealthState, PayTo, Unsigned
from paydaemon.testing.fakechain import FakeChain
from paydaemon.testing.fakenetwork import Credit, FakeNetwork

PAYEE = "0.0.1001"
"""The account that a relaying chain is paid to; each invoice has a memo of its own there."""
SUCCESS = "SUCCESS"

_NUMBERS = count(1)


def signed(
    transaction_id: str,
    moves: Mapping[tuple[str, str], int],
    *,
    memo: str = "",
    expires_at_ms: int = 2**52,
    **more: object,
) -> str:
    """A transaction as a client would hand it in; `moves` gives what an account gains of an asset."""
    return b64encode(raw(transaction_id, moves, memo=memo, expires_at_ms=expires_at_ms, **more)).decode()


def raw(
    transaction_id: str,
    moves: Mapping[tuple[str, str], int],
    *,
    memo: str = "",
    expires_at_ms: int = 2**52,
    **more: object,
) -> bytes:
    """The same as bytes."""
    content = {
        "id": transaction_id,
        "memo": memo,
        "moves": [[account, asset, str(amount_minor)] for (account, asset), amount_minor in moves.items()],
        "expires_at_ms": expires_at_ms,
        **more,
    }
    return json.dumps(content).encode()


@dataclass(slots=True)
class RelayFaults:
    """What each call does badly, by its name: raise, or wait for ever. `health` is what it says of itself."""

    raises: dict[str, Exception] = field(default_factory=dict)
    waits: set[str] = field(default_factory=set)
    health: Health | None = None

    async def commit(self, call: str) -> None:
        """Do it."""
        if call in self.waits:
            await trio.sleep_forever()
        self.commit_now(call)

    def commit_now(self, call: str) -> None:
        """The same, of what cannot wait."""
        if call in self.raises:
            raise self.raises[call]


class RelayNetwork:
    """What nodes and consensus have taken. While it has `dice` it loses replies, is busy, and does not know.

    `doubted` tells of each submission whether it was in doubt. `receipts` are those that transactions will
    get; `applied` counts how often each was carried out. What is put into `answers` is said first, by the
    name of the call. Until `consensus` is set no outcome is known.
    """

    def __init__(self, dice: random.Random | None = None) -> None:
        self.submitted: list[str] = []
        self.doubted: list[bool] = []
        self.followed: list[str] = []
        self.applied: Counter[str] = Counter()
        self.receipts: defaultdict[str, str] = defaultdict(lambda: SUCCESS)
        self.answers: dict[str, deque[Outcome]] = {"submit": deque(), "follow": deque()}
        self.on_success: Callable[[SignedTransfer], None] = lambda transfer: None
        self.consensus = trio.Event()
        self.consensus.set()
        self.dice = dice

    async def submit(self, transfer: SignedTransfer) -> Outcome:
        """Take it, unless it was taken already."""
        await trio.lowlevel.checkpoint()
        self.submitted.append(transfer.transaction_id)
        if self.answers["submit"]:
            return self.answers["submit"].popleft()
        if self._happens(0.2):
            raise ConnectionError("the node did not hear it")
        if self._happens(0.1) and not self.applied[transfer.transaction_id]:
            return Outcome(RelayStatus.FAILED, "BUSY", node="0.0.3", error="the node is busy")
        self._take(transfer)
        if self._happens(0.2):
            raise ConnectionError("the reply was lost")
        return Outcome(RelayStatus.ACCEPTED, "OK", node="0.0.3")

    async def follow(self, transfer: SignedTransfer) -> Outcome:
        """What became of it, once that is known."""
        await trio.lowlevel.checkpoint()
        self.followed.append(transfer.transaction_id)
        if self.answers["follow"]:
            return self.answers["follow"].popleft()
        await self.consensus.wait()
        if self._happens(0.2):
            raise ConnectionError("nobody answers")
        if self._happens(0.3) or not self.applied[transfer.transaction_id]:
            return Outcome(RelayStatus.UNKNOWN, error="nobody can tell")
        receipt = self.receipts[transfer.transaction_id]
        if receipt == SUCCESS:
            return Outcome(RelayStatus.SUCCEEDED, receipt=receipt)
        return Outcome(RelayStatus.FAILED, receipt=receipt, error="the network refused it")

    def _take(self, transfer: SignedTransfer) -> None:
        if not self.applied[transfer.transaction_id]:
            self.applied[transfer.transaction_id] += 1
            if self.receipts[transfer.transaction_id] == SUCCESS:
                self.on_success(transfer)

    def _happens(self, chance: float) -> bool:
        return self.dice is not None and self.dice.random() < chance


class FakeRelay:
    """`Relay` and `Preparing` of `paydaemon.hooks.ports`, paid to `PAYEE` under a memo for each invoice."""

    id: str
    ledger: RelayNetwork
    faults_of_relay: RelayFaults

    @property
    def payees(self) -> frozenset[str]:
        """The one account."""
        self.faults_of_relay.commit_now("payees")
        return frozenset({PAYEE})

    async def destination(self, index: int, request: DestinationRequest) -> Destination:
        """A memo of the invoice's own. Waits, and fails, as the chain behind it does."""
        behind: Callable[[int, DestinationRequest], Awaitable[Destination]]
        behind = super().destination  # type: ignore[misc]
        await behind(index, request)
        return self.destination_at(index)

    def destination_at(self, index: int) -> Destination:
        """The destination of an index, whether it was asked for or not."""
        memo = f"{self.id}-{index}"
        return Destination(f"{PAYEE}:{memo}", index, PAYEE, memo, f"{self.id}:{PAYEE}?memo={memo}")

    def relay_health(self) -> Health:
        """Starting while the chain is, and well from then on, unless it is told otherwise."""
        self.faults_of_relay.commit_now("relay_health")
        chain: Callable[[], Health] = super().health  # type: ignore[misc]
        said = chain()
        is_up = said.state is not HealthState.STARTING
        return (self.faults_of_relay.health or Health(HealthState.HEALTHY)) if is_up else said

    def canonical(self, transaction_id: str) -> str:
        """In small letters."""
        self.faults_of_relay.commit_now("canonical")
        if not transaction_id.isascii() or not transaction_id.isprintable() or len(transaction_id) > 100:
            raise invalid("transaction_id", "must be a transaction's id", "invalid_transaction")
        return transaction_id.lower()

    def inspect(self, given: bytes | str, now_ms: int) -> SignedTransfer:
        """Whatever `signed` and `raw` make; the same in each envelope."""
        self.faults_of_relay.commit_now("inspect")
        try:
            content = json.loads(given if isinstance(given, bytes) else b64decode(given, validate=True))
            transfer = _transfer(content)
        except (ValueError, KeyError, TypeError):
            raise invalid("transaction", "is no transaction", "invalid_transaction") from None
        if transfer.expires_at_ms < now_ms:
            raise invalid("transaction", "can no longer be handed over", "transaction_expired")
        if "forged" in content:
            raise invalid("transaction", "is not signed by its payer", "invalid_signature")
        return transfer

    def prepare(self, payer: str, to: PayTo, nodes: Collection[str], now_ms: int) -> Unsigned:
        """What `raw` makes, each time with another id, good for two minutes. It needs no signature."""
        self.faults_of_relay.commit_now("prepare")
        if not payer.startswith("0.0."):
            raise invalid("payer", "must be an account", "not_an_id")
        id, last_ms = f"prepared-{next(_NUMBERS)}", now_ms + 120_000
        moves = {(to.address, to.asset_code): to.amount_minor, (payer, to.asset_code): -to.amount_minor}
        given = raw(id, moves, memo=to.memo or "", expires_at_ms=last_ms)
        return Unsigned(id, f"fake:{payer}", next(iter(nodes), "0.0.3"), given, 1, last_ms)

    async def verify(self, transfer: SignedTransfer) -> None:
        """All is well."""
        await trio.lowlevel.checkpoint()
        await self.faults_of_relay.commit("verify")

    async def submit(self, transfer: SignedTransfer, *, in_doubt: bool) -> Outcome:
        """Hand it to the network. While it is in doubt, no refusal proves anything."""
        self.ledger.doubted.append(in_doubt)
        await self.faults_of_relay.commit("submit")
        outcome = await self.ledger.submit(transfer)
        if in_doubt and outcome.status is RelayStatus.FAILED:
            raise ConnectionError("what is refused now may have been taken before")
        return outcome

    async def follow(self, transfer: SignedTransfer, so_far: Outcome) -> Outcome:
        """Ask the network."""
        await self.faults_of_relay.commit("follow")
        return await self.ledger.follow(transfer)


class RelayingChain(FakeRelay, FakeChain):
    """A chain that also passes transactions on, to a ledger that pays what they move on its network."""

    def __init__(self, network: FakeNetwork, ledger: RelayNetwork, symbol: str = "HBAR") -> None:
        super().__init__(network, symbol, depths=Depths(default=1, least=1, final=1))
        self.ledger, self.faults_of_relay = ledger, RelayFaults()
        ledger.on_success = self._pay

    def _pay(self, transfer: SignedTransfer) -> None:
        native, *tokens = self.assets
        known = {native.code: None, **{token.code: token for token in tokens}}
        gains = [one for one in transfer.transfers if one.amount_minor > 0 and one.asset_code in known]
        outputs = (Credit(one.destination_key, one.amount_minor, known[one.asset_code]) for one in gains)
        self.network.pay(*outputs, id=transfer.transaction_id)


def _transfer(content: dict[str, object]) -> SignedTransfer:
    memo, moves, expires = content["memo"], content["moves"], content["expires_at_ms"]
    if not (isinstance(memo, str) and isinstance(moves, list) and isinstance(expires, int)):
        raise TypeError("not as `raw` makes it")
    moved = tuple(
        Transfer(account, asset, int(amount), f"{account}:{memo}") for account, asset, amount in moves
    )
    whole = json.dumps(content).encode()
    body = json.dumps({name: value for name, value in content.items() if name != "envelope"}).encode()
    payer = next((one.account for one in moved if one.amount_minor < 0), "")
    id, digest = str(content["id"]).lower(), hashlib.sha256(body).digest()
    does_more = content.get("does_more") is True
    return SignedTransfer(id, digest, payer, memo, moved, expires, whole, does_more=does_more)
