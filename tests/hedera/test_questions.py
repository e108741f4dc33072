"""Questions in the network's own form: read strictly, and refused by the field that is wrong."""

from collections.abc import Callable
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from paydaemon.core.errors import ErrorType, Refusal
from paydaemon_hedera import questions, wire
from paydaemon_hedera.ids import TransactionId
from paydaemon_hedera.kinds import BALANCE, CONTENTS, QUESTIONS, RECEIPT
from paydaemon_hedera.proto.crypto_get_account_balance_pb2 import CryptoGetAccountBalanceQuery
from paydaemon_hedera.proto.query_header_pb2 import ANSWER_STATE_PROOF, COST_ANSWER, QueryHeader
from paydaemon_hedera.proto.query_pb2 import Query
from paydaemon_hedera.proto.transaction_contents_pb2 import SignedTransaction
from paydaemon_hedera.proto.transaction_pb2 import Transaction, TransactionBody
from paydaemon_hedera.questions import BalanceOf, ContentsOf, ReceiptOf
from tests.hedera import maker
from tests.hedera.test_extension import ALICES

ALL = (BALANCE, RECEIPT, CONTENTS)
TRANSFER = ALICES.transfer([(1001, 10_000)])
ID = TransactionId("0.0.1002", 1_700_000_000, 1)


def refused(raw: bytes, kinds: tuple[str, ...] = ALL) -> tuple[str, str | None]:
    with pytest.raises(Refusal) as caught:
        questions.read(raw, kinds)
    assert caught.value.type is ErrorType.INVALID_REQUEST
    return caught.value.code, caught.value.param


def changed(raw: bytes, change: Callable[[Query], object]) -> bytes:
    query = Query.FromString(raw)
    change(query)
    return query.SerializeToString()


def test_what_the_extension_asks_is_read() -> None:
    assert questions.read(ALICES.balance(1003), ALL) == BalanceOf("0.0.1003", is_contract=False)
    assert questions.read(ALICES.receipt(TRANSFER), ALL) == ReceiptOf(ID, "0.0.3")
    asked = questions.read(ALICES.contents(111), ALL)
    assert isinstance(asked, ContentsOf)
    assert (asked.file, asked.node, asked.pays) == ("0.0.111", "0.0.3", True)


def test_what_todays_sdks_ask_is_read() -> None:
    """Without any payment, or with one in today's envelope."""
    plain = Query(cryptogetAccountBalance=CryptoGetAccountBalanceQuery())
    plain.cryptogetAccountBalance.contractID.contractNum = 7001
    assert questions.read(plain.SerializeToString(), ALL) == BalanceOf("0.0.7001", is_contract=True)
    bare = changed(ALICES.receipt(TRANSFER), lambda query: query.transactionGetReceipt.ClearField("header"))
    assert questions.read(bare, ALL) == ReceiptOf(ID, None)
    payment = Transaction.FromString(maker.today(maker.body(node=5).SerializeToString()))
    paid = changed(
        bare, lambda query: query.transactionGetReceipt.header.CopyFrom(QueryHeader(payment=payment))
    )
    assert questions.read(paid, ALL) == ReceiptOf(ID, "0.0.5")


def test_a_payment_is_passed_on_in_todays_envelope_as_it_was_signed() -> None:
    raw = ALICES.contents(111)
    asked = questions.read(raw, ALL)
    assert isinstance(asked, ContentsOf)
    old = Query.FromString(raw).fileGetContents
    new = Query.FromString(asked.query).fileGetContents
    assert (new.fileID.fileNum, new.header.responseType) == (111, old.header.responseType)
    assert [field.number for field, _ in new.header.payment.ListFields()] == [5]
    signed = SignedTransaction.FromString(new.header.payment.signedTransactionBytes)
    assert signed.bodyBytes == old.header.payment.body.SerializeToString()
    assert signed.bodyBytes in raw
    assert [pair.ed25519 for pair in signed.sigMap.sigPair] == [old.header.payment.sigs.sigs[0].ed25519]


def test_to_be_told_the_cost_nothing_is_paid() -> None:
    def cost(query: Query) -> None:
        query.fileGetContents.header.responseType = COST_ANSWER

    asked = questions.read(changed(ALICES.contents(111), cost), ALL)
    assert isinstance(asked, ContentsOf)
    assert (asked.pays, asked.node) == (False, "0.0.3")
    passed_on = Query.FromString(asked.query).fileGetContents
    assert not passed_on.header.HasField("payment")
    assert (passed_on.header.responseType, passed_on.fileID.fileNum) == (COST_ANSWER, 111)


def idle(query: Query) -> None:
    """A payment that is a body without anything in it."""
    query.fileGetContents.header.payment.body.ClearField("cryptoTransfer")


def call(query: Query) -> None:
    query.fileGetContents.header.payment.CopyFrom(
        Transaction.FromString(maker.today(maker.call().SerializeToString()))
    )


WRONG: dict[str, tuple[bytes, str, str]] = {
    "nothing": (b"", "invalid_question", "query"),
    "no protobuf": (b"\xff\xff", "invalid_question", "query"),
    "a transaction": (TRANSFER, "invalid_question", "query"),
    "two": (ALICES.balance(1003) + ALICES.receipt(TRANSFER), "invalid_question", "query"),
    "twice": (ALICES.balance(1003) * 2, "invalid_question", "query"),
    "too large": (ALICES.balance(1003) + bytes(questions.MAX_BYTES), "invalid_question", "query"),
    "an unknown field": (wire.tagged(7, b"\x22\x00"), "invalid_question", "query"),
    "a number": (b"\x38\x01", "invalid_question", "query"),
    "nobody's balance": (wire.tagged(7, b""), "invalid_question", "query.accountID"),
    "an alias's balance": (
        changed(
            ALICES.balance(1003),
            lambda query: setattr(query.cryptogetAccountBalance.accountID, "alias", b"x"),
        ),
        "unsupported_question",
        "query.accountID",
    ),
    "a contract's by its address": (
        changed(
            ALICES.balance(1003),
            lambda query: setattr(query.cryptogetAccountBalance.contractID, "evm_address", bytes(20)),
        ),
        "unsupported_question",
        "query.contractID",
    ),
    "no receipt": (wire.tagged(14, b""), "invalid_question", "query.transactionID"),
    "a child's receipt": (
        changed(
            ALICES.receipt(TRANSFER),
            lambda query: setattr(query.transactionGetReceipt.transactionID, "nonce", 1),
        ),
        "unsupported_question",
        "query.transactionID",
    ),
    "no file": (wire.tagged(12, b""), "invalid_question", "query.fileID"),
    "a proof": (
        changed(
            ALICES.contents(111),
            lambda query: setattr(query.fileGetContents.header, "responseType", ANSWER_STATE_PROOF),
        ),
        "unsupported_question",
        "query.header.responseType",
    ),
    "no such type": (
        changed(ALICES.contents(111), lambda query: setattr(query.fileGetContents.header, "responseType", 9)),
        "unsupported_question",
        "query.header.responseType",
    ),
    "an idle payment": (
        changed(ALICES.contents(111), idle),
        "invalid_question",
        "query.header.payment",
    ),
    "a payment that calls": (changed(ALICES.contents(111), call), "invalid_question", "query.header.payment"),
}


@pytest.mark.parametrize("wrong", WRONG)
def test_what_is_wrong_is_named(wrong: str) -> None:
    raw, code, param = WRONG[wrong]
    assert refused(raw) == (code, param)


@pytest.mark.parametrize("number", sorted(QUESTIONS))
def test_other_kinds_are_refused_with_what_was_expected(number: int) -> None:
    tag = number << 3 | 2
    raw = (bytes((tag,)) if tag < 128 else bytes((tag & 127 | 128, tag >> 7))) + b"\x00"
    kinds = tuple(name for name in ALL if name != QUESTIONS[number])
    with pytest.raises(Refusal, match=f"is {QUESTIONS[number]}; expected is {kinds[0]} or ") as caught:
        questions.read(raw, kinds)
    assert (caught.value.code, caught.value.param) == ("unsupported_question", "query")


def test_a_payment_that_is_not_passed_on_may_be_anything() -> None:
    """The signature in it is of no interest, nor is whether it says anything at all."""

    def unsigned(query: Query) -> None:
        query.transactionGetReceipt.header.payment.ClearField("sigs")
        query.transactionGetReceipt.header.payment.body.CopyFrom(TransactionBody(memo="x"))

    asked = questions.read(changed(ALICES.receipt(TRANSFER), unsigned), ALL)
    assert asked == ReceiptOf(ID, None)


MADE = [ALICES.balance(1003), ALICES.receipt(TRANSFER), ALICES.contents(111)]


@given(st.sampled_from(MADE), st.data())
def test_whatever_is_changed_it_is_a_question_or_a_refusal(raw: bytes, data: st.DataObject) -> None:
    at = data.draw(st.integers(0, len(raw) - 1))
    spoilt = raw[:at] + data.draw(st.binary(max_size=3)) + raw[at + data.draw(st.integers(0, 3)) :]
    with suppress(Refusal):
        assert isinstance(questions.read(spoilt, ALL), BalanceOf | ReceiptOf | ContentsOf)
        return
    assert refused(spoilt)[0] in ("invalid_question", "unsupported_question")
    assert refused(spoilt)[1] is not None
