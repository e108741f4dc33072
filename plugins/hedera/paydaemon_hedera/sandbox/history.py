"""What consensus has handled: receipts and records for 180 s, and everything for the mirror node.

A receipt's life is counted from when its transaction is valid, as nodes do it. Behind it a node says that it
never heard of the transaction.
"""

from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from paydaemon_hedera.proto import basic_types_pb2 as wire
from paydaemon_hedera.proto import response_code_pb2 as rc
from paydaemon_hedera.proto.custom_fees_pb2 import AssessedCustomFee
from paydaemon_hedera.proto.exchange_rate_pb2 import ExchangeRate, ExchangeRateSet
from paydaemon_hedera.proto.timestamp_pb2 import TimestampSeconds
from paydaemon_hedera.proto.transaction_receipt_pb2 import TransactionReceipt
from paydaemon_hedera.proto.transaction_record_pb2 import TransactionRecord
from paydaemon_hedera.sandbox.customfees import Assessed
from paydaemon_hedera.sandbox.envelope import Envelope
from paydaemon_hedera.sandbox.fees import CENT_EQUIVALENT, HBAR_EQUIVALENT
from paydaemon_hedera.sandbox.handling import Effect, Seen
from paydaemon_hedera.sandbox.ledger import HBAR
from paydaemon_hedera.sandbox.names import (
    SECOND_NS,
    TransactionName,
    to_account,
    to_contract,
    to_id,
    to_timestamp,
    to_token,
)

RECEIPT_LIFE_NS = 180 * SECOND_NS
MAX_KEPT = 1_000_000
"""Of how many transactions the mirror node remembers what they did; the oldest go first."""

HOUR_S = 3_600


@dataclass(frozen=True, slots=True)
class Handled:
    """A transaction that has been through consensus, at `at_ns`, brought by `node`.

    The mirror node learns of it `held_ns` later than of others.
    """

    envelope: Envelope
    node: int
    at_ns: int
    effect: Effect
    held_ns: int = 0

    @property
    def name(self) -> TransactionName:
        """What names it, and its duplicates too."""
        return self.envelope.name


class History:
    """Everything handled, in the order of consensus."""

    def __init__(self) -> None:
        self._all: list[Handled] = []
        self._by_name: dict[TransactionName, list[Handled]] = {}

    def add(self, handled: Handled) -> None:
        """Take in the newest one."""
        self._all.append(handled)
        self._by_name.setdefault(handled.name, []).append(handled)
        if len(self._all) > MAX_KEPT:
            self._forget(self._all[: MAX_KEPT // 10])

    def named(self, name: TransactionName) -> Sequence[Handled]:
        """A transaction and its duplicates, the first one first."""
        return self._by_name.get(name, ())

    def since(self, at_ns: int) -> Sequence[Handled]:
        """All after a consensus time."""
        return self._all[bisect_right(self._all, at_ns, key=lambda one: one.at_ns) :]

    def newest_first(self) -> Iterator[Handled]:
        """All of them, backwards."""
        return reversed(self._all)

    def seen(self, name: TransactionName, node: int) -> Seen:
        """Whether consensus has handled this transaction, and whether this node brought it."""
        brought = {one.node for one in self.named(name)}
        if not brought:
            return Seen.NEVER
        return Seen.SAME_NODE if node in brought else Seen.OTHER_NODE

    def _forget(self, oldest: Sequence[Handled]) -> None:
        del self._all[: len(oldest)]
        for one in oldest:
            self._by_name.pop(one.name, None)


def has_receipt(name: TransactionName, now_ns: int) -> bool:
    """Whether a receipt of this transaction would still be kept."""
    return name.start_ns + RECEIPT_LIFE_NS >= now_ns


UNKNOWN = TransactionReceipt(status=rc.UNKNOWN)
"""The receipt of what a node has taken and consensus has not handled yet."""


def to_receipt(one: Handled) -> TransactionReceipt:
    """What consensus said."""
    called = one.effect.contract
    return TransactionReceipt(
        status=one.effect.code,
        contractID=None if called is None else to_contract(called),
        exchangeRate=exchange_rates(one.at_ns),
    )


def exchange_rates(at_ns: int) -> ExchangeRateSet:
    """This hour's and the next one's, which are the same here."""
    hour_s = (at_ns // SECOND_NS // HOUR_S + 1) * HOUR_S
    now, after = (
        ExchangeRate(
            hbarEquiv=HBAR_EQUIVALENT,
            centEquiv=CENT_EQUIVALENT,
            expirationTime=TimestampSeconds(seconds=until_s),
        )
        for until_s in (hour_s, hour_s + HOUR_S)
    )
    return ExchangeRateSet(currentRate=now, nextRate=after)


def to_record(one: Handled) -> TransactionRecord:
    """All that it did, fees and all."""
    return TransactionRecord(
        receipt=to_receipt(one),
        transactionHash=one.envelope.hash,
        consensusTimestamp=to_timestamp(one.at_ns),
        transactionID=to_id(one.name),
        memo=one.envelope.body.memo,
        transactionFee=one.effect.fee_tinybars,
        transferList=wire.TransferList(accountAmounts=_amounts(one, HBAR)),
        tokenTransferLists=[
            wire.TokenTransferList(token=to_token(token), transfers=_amounts(one, token))
            for token in moved_tokens(one)
        ],
        assessed_custom_fees=map(_assessed, one.effect.assessed),
        automatic_token_associations=[
            wire.TokenAssociation(token_id=to_token(token), account_id=to_account(account))
            for account, token in one.effect.associations
        ],
    )


def moved_tokens(one: Handled) -> list[int]:
    """Which tokens it moved."""
    return sorted({token for (_, token), amount in one.effect.changes.items() if amount and token != HBAR})


def changes_of(one: Handled, token: int) -> list[tuple[int, int]]:
    """What it changed of one token: (account, amount), by account."""
    found = ((account, amount) for (account, of), amount in one.effect.changes.items() if of == token)
    return sorted((account, amount) for account, amount in found if amount)


def _amounts(one: Handled, token: int) -> list[wire.AccountAmount]:
    return [
        wire.AccountAmount(accountID=to_account(account), amount=amount)
        for account, amount in changes_of(one, token)
    ]


def _assessed(fee: Assessed) -> AssessedCustomFee:
    return AssessedCustomFee(
        amount=fee.amount_minor,
        token_id=None if fee.token == HBAR else to_token(fee.token),
        fee_collector_account_id=to_account(fee.collector),
        effective_payer_account_id=map(to_account, fee.payers),
    )
