"""Questions that clients ask in the network's own form: a `Query`, read strictly.

Old clients put a signed payment into each of them, in the oldest envelope, also where nothing is to be paid.
Of such a payment only the node that it names is of interest: the one that its asker has dealt with. Where
something is to be paid, it is passed on as it was signed, in today's envelope.
"""

from collections.abc import Callable, Collection, Mapping
from contextlib import suppress
from dataclasses import dataclass

from paydaemon.core.errors import Refusal, invalid
from paydaemon_hedera import envelope, ids, refusals, strict, wire
from paydaemon_hedera.ids import TransactionId
from paydaemon_hedera.kinds import BALANCE, CONTENTS, QUESTIONS, RECEIPT
from paydaemon_hedera.proto.query_header_pb2 import ANSWER_ONLY, COST_ANSWER
from paydaemon_hedera.proto.query_pb2 import Query
from paydaemon_hedera.proto.transaction_pb2 import TransactionBody

MAX_BYTES = 2 * envelope.MAX_BYTES
"""A payment in it is no larger than a node takes, and the rest is small."""

QUERY = "query"
PAYMENT = "query.header.payment"

_HEADER, _FILE = 1, 2


@dataclass(frozen=True, slots=True)
class BalanceOf:
    """What an account has, or a contract."""

    entity: str
    is_contract: bool


@dataclass(frozen=True, slots=True)
class ReceiptOf:
    """What became of a transaction; `node` is the one that its asker has dealt with, if that is known."""

    id: TransactionId
    node: str | None


@dataclass(frozen=True, slots=True)
class ContentsOf:
    """What a file holds, or what it costs to be told. It `pays`, or is for any node unless it names one.

    `query` is what the node is asked: the signed bytes of a payment are untouched in it.
    """

    file: str
    query: bytes
    node: str | None
    pays: bool


Question = BalanceOf | ReceiptOf | ContentsOf


def read(raw: bytes, kinds: Collection[str]) -> Question:
    """A question of one of these kinds. Raises `Refusal` naming the field at fault for anything else."""
    try:
        return _read(raw, kinds)
    except Refusal as refusal:
        is_unsupported = refusal.code == "unsupported_transaction"
        code = "unsupported_question" if is_unsupported else "invalid_question"
        raise invalid(refusal.param, refusal.message, code) from None


def _read(raw: bytes, kinds: Collection[str]) -> Question:
    if len(raw) > MAX_BYTES:
        raise refusals.wrong(QUERY, f"must have at most {MAX_BYTES} bytes")
    fields = strict.fields(raw, QUERY)
    if len(fields) != 1:
        raise refusals.wrong(QUERY, "must ask one thing")
    kind = QUESTIONS.get(fields[0].number, "none that is known")
    expected = [name for name in READERS if name in kinds]
    if kind not in expected:
        raise refusals.unsupported(QUERY, f"is {kind}; expected is {' or '.join(expected)}")
    return READERS[kind](strict.parse(Query, raw, QUERY), _payment(raw))


def _balance(query: Query, _: bytes) -> Question:
    asked = query.cryptogetAccountBalance
    if asked.WhichOneof("balanceSource") == "contractID":
        return BalanceOf(ids.contract(asked.contractID, f"{QUERY}.contractID"), is_contract=True)
    return BalanceOf(ids.account(asked.accountID, f"{QUERY}.accountID"), is_contract=False)


def _receipt(query: Query, payment: bytes) -> Question:
    param = f"{QUERY}.transactionID"
    id = ids.transaction_id(query.transactionGetReceipt.transactionID, param)
    if id.scheduled or id.nonce:
        raise refusals.unsupported(param, "must be neither scheduled nor have a nonce")
    return ReceiptOf(id, _named_by(payment))


def _contents(query: Query, payment: bytes) -> Question:
    """To be told the cost nothing is paid, so what was signed for it stays here."""
    asked = query.fileGetContents
    file = ids.file(asked.fileID, f"{QUERY}.fileID")
    type = asked.header.responseType
    if type not in (ANSWER_ONLY, COST_ANSWER):
        raise refusals.unsupported(f"{QUERY}.header.responseType", "must be ANSWER_ONLY or COST_ANSWER")
    pays = bool(payment) and type == ANSWER_ONLY
    asked.header.ClearField("payment")
    if not pays:
        return ContentsOf(file, query.SerializeToString(), _named_by(payment), pays=False)
    entry = envelope.transaction(payment)
    body = strict.parse(TransactionBody, entry.body, PAYMENT)
    if not body.HasField("cryptoTransfer"):
        raise refusals.wrong(PAYMENT, "must be a cryptoTransfer")
    header = wire.tagged(1, entry.envelope) + asked.header.SerializeToString()
    whole = wire.tagged(_HEADER, header) + wire.tagged(_FILE, asked.fileID.SerializeToString())
    return ContentsOf(file, wire.tagged(12, whole), ids.account(body.nodeAccountID, PAYMENT), pays=True)


def _payment(raw: bytes) -> bytes:
    """The bytes of the payment in the header of what was asked; none where there is none."""
    inside = raw
    for number in (None, _HEADER, 1):
        found = [one for one in wire.fields(inside) if number in (None, one.number)]
        inside = inside[found[0].start : found[0].end] if found else b""
    return inside


def _named_by(payment: bytes) -> str | None:
    """The node that a payment is for, which may be anything else where it is not passed on."""
    with suppress(Refusal):
        body = strict.parse(TransactionBody, envelope.transaction(payment).body)
        return ids.account(body.nodeAccountID, PAYMENT)
    return None


READERS: Mapping[str, Callable[[Query, bytes], Question]] = {
    BALANCE: _balance,
    RECEIPT: _receipt,
    CONTENTS: _contents,
}
"""How each kind is read."""
