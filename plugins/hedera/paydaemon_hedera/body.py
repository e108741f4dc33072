"""The signed body of a transfer, or of a call of a contract: what it does, for whom, and when.

Read once, strictly, into a frozen value; whether it may be passed on is for `paydaemon_hedera.inspection` to
say.
"""

import hashlib
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from paydaemon.core.errors import Refusal
from paydaemon.core.relay import Transfer
from paydaemon_hedera import destinations, ids, refusals, strict, wire
from paydaemon_hedera.ids import TransactionId
from paydaemon_hedera.kinds import CALL, KINDS, METHODS, TRANSFER
from paydaemon_hedera.proto.basic_types_pb2 import AccountAmount, TokenTransferList
from paydaemon_hedera.proto.contract_call_pb2 import ContractCallTransactionBody
from paydaemon_hedera.proto.transaction_pb2 import TransactionBody

NATIVE = "HBAR"
"""The code of the native asset, whose smallest unit is the tinybar: 10⁻⁸ of it."""

_NODE = 2


@dataclass(frozen=True, slots=True)
class Move:
    """What one account gains, or loses where it is negative. `approved`: by leave of another."""

    account: str
    amount_minor: int
    approved: bool


@dataclass(frozen=True, slots=True)
class Moves:
    """All that moves of one asset. `nfts` counts the non-fungible ones, which are not read.

    `expected_decimals` is what the payer took the token's decimals to be, where it says so.
    """

    asset_code: str
    moves: tuple[Move, ...]
    nfts: int = 0
    expected_decimals: int | None = None


@dataclass(frozen=True, slots=True)
class ContractCall:
    """Which contract is called, and for how much gas at most. What it is called with is not read."""

    contract: str
    gas: int


@dataclass(frozen=True, slots=True)
class Body:
    """A transfer as it is signed, for one node, or a `call`. `assets` has HBAR first, if any moves.

    By a call moves what it brings to the contract; what that does with it only the network knows.
    """

    id: TransactionId
    node: str
    duration_s: int
    memo: str
    max_fee_tinybars: int
    assets: tuple[Moves, ...]
    call: ContractCall | None = None

    @property
    def kind(self) -> int:
        """By the number of its field."""
        return TRANSFER if self.call is None else CALL

    @property
    def expires_at_ms(self) -> int:
        """After this no node takes it; they stop 10 s earlier."""
        return (self.id.seconds + self.duration_s) * 1000 + self.id.nanos // 1_000_000

    def transfers(self) -> tuple[Transfer, ...]:
        """What each account gains or loses of each asset, in the order they are named."""
        return tuple(self._transfers())

    def _transfers(self) -> Iterator[Transfer]:
        for moved in self.assets:
            net: dict[str, int] = defaultdict(int)
            for move in moved.moves:
                net[move.account] += move.amount_minor
            for account, amount_minor in net.items():
                if amount_minor:
                    key = destinations.key(account, self.memo)
                    yield Transfer(account, moved.asset_code, amount_minor, key)


@dataclass(frozen=True, slots=True)
class Frame:
    """A body's bytes around the node it is for: the same in every entry of one transaction."""

    before: bytes
    after: bytes

    @property
    def digest(self) -> bytes:
        """What tells this transaction from another one under the same id: 32 bytes."""
        return hashlib.sha256(self.before + self.after).digest()

    def holds(self, raw: bytes) -> bool:
        """Whether this is the same transaction, for whichever node."""
        if not (raw.startswith(self.before) and raw.endswith(self.after)):
            return False
        try:
            between = list(wire.fields(raw, len(self.before), len(raw) - len(self.after)))
        except wire.Malformed:
            return False
        return [field.number for field in between] == [_NODE]


def frame(raw: bytes) -> Frame:
    """A signed body's frame. Raises `Refusal` for another kind of transaction, naming it, and for none."""
    fields = strict.fields(raw)
    for field in fields:
        if field.number in KINDS and field.number not in METHODS:
            raise _unsupported(KINDS[field.number])
    if all(field.number not in METHODS for field in fields):
        raise _unsupported("none that is known")
    node = next((field for field in fields if field.number == _NODE), None)
    if node is None:
        raise refusals.wrong("node", "must name the node that it is for")
    return Frame(raw[: node.tag], raw[node.end :])


def read(raw: bytes) -> Body:
    """A signed body that has a `frame`. Raises `Refusal` where it is not strictly one."""
    message = strict.parse(TransactionBody, raw)
    id = ids.transaction_id(message.transactionID, "transaction_id")
    call = _call(message.contractCall) if message.HasField("contractCall") else None
    return Body(
        id=id,
        node=ids.account(message.nodeAccountID, "node"),
        duration_s=message.transactionValidDuration.seconds,
        memo=message.memo,
        max_fee_tinybars=message.transactionFee,
        assets=tuple(_assets(message) if call is None else _brought(message.contractCall, call, id.payer)),
        call=call,
    )


def node_of(raw: bytes, frame: Frame) -> str:
    """The node of another entry, whose frame is the same."""
    between = raw[len(frame.before) : len(raw) - len(frame.after)]
    only = strict.parse(TransactionBody, between)
    return ids.account(only.nodeAccountID, "node")


def _unsupported(kind: str) -> Refusal:
    relayed = " and ".join(KINDS[number] for number in METHODS)
    return refusals.unsupported("type", f"is {kind}; only {relayed} are relayed")


def _call(message: ContractCallTransactionBody) -> ContractCall:
    return ContractCall(ids.contract(message.contractID, "contract"), message.gas)


def _brought(message: ContractCallTransactionBody, call: ContractCall, payer: str) -> Iterator[Moves]:
    if message.amount:
        lost, gained = (
            Move(one, sign * message.amount, False) for one, sign in ((payer, -1), (call.contract, 1))
        )
        yield Moves(NATIVE, (lost, gained))


def _assets(message: TransactionBody) -> Iterator[Moves]:
    transfer = message.cryptoTransfer
    if hbar := transfer.transfers.accountAmounts:
        yield Moves(NATIVE, _moves(hbar, "transfers"))
    for tokens in transfer.tokenTransfers:
        yield _token(tokens)


def _token(tokens: TokenTransferList) -> Moves:
    param = "token_transfers"
    decimals = tokens.expected_decimals.value if tokens.HasField("expected_decimals") else None
    return Moves(
        ids.token(tokens.token, param), _moves(tokens.transfers, param), len(tokens.nftTransfers), decimals
    )


def _moves(amounts: Iterable[AccountAmount], param: str) -> tuple[Move, ...]:
    return tuple(Move(ids.account(one.accountID, param), one.amount, one.is_approval) for one in amounts)
