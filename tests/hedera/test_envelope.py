"""One signed body in every shape that a client may have it in, and bytes that could be taken for another."""

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from paydaemon.core.errors import Refusal
from paydaemon_hedera import envelope, wire
from paydaemon_hedera.keys import KeyType
from paydaemon_hedera.proto.basic_types_pb2 import (
    Signature,
    SignatureList,
    ThresholdSignature,
)
from paydaemon_hedera.proto.transaction_contents_pb2 import SignedTransaction
from paydaemon_hedera.proto.transaction_list_pb2 import TransactionList
from paydaemon_hedera.proto.transaction_pb2 import Transaction, TransactionBody
from tests.hedera import maker
from tests.hedera.maker import ALICES, BOBS, CLERKS
from tests.hedera.reasons import reason

BODY = maker.body().SerializeToString()
SHAPES: dict[str, Callable[[bytes], bytes]] = {
    "today": maker.today,
    "list": lambda body: maker.listed(maker.today(body)),
    "signed": maker.signed_transaction,
    "body bytes": maker.body_bytes,
    "list of body bytes": lambda body: maker.listed(maker.body_bytes(body)),
    "inline": maker.inline,
    "inline, named": maker.inline_named,
    "list of inline": lambda body: maker.listed(maker.inline(body)),
    "list of inline, named": lambda body: maker.listed(maker.inline_named(body)),
    "apart": lambda body: envelope.join(body, maker.signature_map(body).SerializeToString()),
}


def submitted(raw: bytes) -> SignedTransaction:
    """What a node reads, which takes nothing but today's envelope."""
    wire.check(Transaction, raw)
    today = Transaction.FromString(raw)
    assert [field.number for field, _ in today.ListFields()] == [5]
    wire.check(SignedTransaction, today.signedTransactionBytes)
    return SignedTransaction.FromString(today.signedTransactionBytes)


@pytest.mark.parametrize("shape", SHAPES)
def test_every_shape_holds_the_same(shape: str) -> None:
    (entry,) = envelope.read(SHAPES[shape](BODY))
    assert entry.body == BODY
    assert [one.value for one in entry.signatures] == [ALICES.sign(BODY)]
    assert [one.type for one in entry.signatures] == [KeyType.ED25519]
    named = b"" if shape in ("inline", "list of inline") else ALICES.public.raw
    assert [one.prefix for one in entry.signatures] == [named]
    signed = submitted(entry.envelope)
    assert signed.bodyBytes == BODY
    assert [(pair.pubKeyPrefix, pair.ed25519) for pair in signed.sigMap.sigPair] == [
        (named, ALICES.sign(BODY))
    ]


@given(st.lists(st.integers(3, 60), min_size=1, max_size=40), st.integers(0, 33))
def test_todays_envelope_is_kept_byte_for_byte(nodes: list[int], prefix: int) -> None:
    made = [maker.today(maker.for_node(maker.body(), node), (BOBS,), prefix) for node in nodes]
    assert [entry.envelope for entry in envelope.read(maker.listed(*made))] == made


def test_a_body_is_never_written_anew() -> None:
    """Explicit zeros, as the JavaScript SDK writes them, and another order of fields stay."""
    explicit = wire.tagged(1, maker.body().transactionID.SerializeToString() + b"\x18\x00\x20\x00")
    rest = maker.body()
    rest.ClearField("transactionID")
    rest.ClearField("memo")
    odd = explicit + wire.tagged(6, b"memo") + rest.SerializeToString()
    assert TransactionBody.FromString(odd).SerializeToString() != odd
    for shape in ("today", "signed", "body bytes"):
        (entry,) = envelope.read(SHAPES[shape](odd))
        assert submitted(entry.envelope).bodyBytes == odd
    nameless = SignatureList(sigs=[Signature(ed25519=ALICES.sign(odd))]).SerializeToString()
    (entry,) = envelope.read(wire.tagged(1, odd) + wire.tagged(2, nameless))
    assert submitted(entry.envelope).bodyBytes == odd


def test_a_list_could_be_taken_for_others_and_is_not() -> None:
    """The premise of reading by structure: a parser takes these bytes for any of three messages."""
    raw = maker.listed(maker.today(BODY), maker.today(maker.for_node(maker.body(), 4)))
    Transaction.FromString(raw)
    SignedTransaction.FromString(raw)
    assert len(TransactionList.FromString(raw).transaction_list) == len(envelope.read(raw)) == 2


@pytest.mark.parametrize("wrapped", [bytes, maker.signed_transaction, maker.inline])
def test_a_memo_of_tags_changes_nothing(wrapped: Callable[[bytes], bytes]) -> None:
    for memo in ("\n\n\n\x08", '*"\x1a', '"'):
        made = maker.body()
        made.memo = memo
        raw = wrapped(made.SerializeToString())
        if wrapped is bytes:
            with pytest.raises(Refusal, match="body alone"):
                envelope.read(raw)
        else:
            assert envelope.read(raw)[0].body == made.SerializeToString()


def test_signatures_of_lists_inside_lists_are_found() -> None:
    inside = SignatureList(sigs=[Signature(ed25519=CLERKS.sign(BODY)), Signature()])
    threshold = Signature(thresholdSignature=ThresholdSignature(sigs=inside))
    nameless = SignatureList(sigs=[Signature(signatureList=SignatureList(sigs=[threshold]))])
    made = Transaction(body=maker.body(), sigs=nameless).SerializeToString()
    (entry,) = envelope.read(made)
    assert [one.value for one in entry.signatures] == [CLERKS.sign(BODY)]


def deep() -> bytes:
    """Signatures so deep in each other that reading them by recursion would end the process."""
    inside = b""
    for _ in range(900):
        inside = wire.tagged(2, wire.tagged(6, inside))
    return wire.tagged(1, BODY) + wire.tagged(2, inside)


@pytest.mark.parametrize(
    ("raw", "code"),
    [
        (BODY, "unsigned"),
        (b"", "unrecognised"),
        (b"\x08\x01", "unrecognised"),
        (b"\x0a\x00", "unrecognised"),
        (b"\x0a\x02\x0a\x00", "unrecognised"),
        (b"\x0a\x0a", "malformed"),
        (
            wire.tagged(2, maker.signature_map(BODY).SerializeToString()) + wire.tagged(1, BODY),
            "unrecognised",
        ),
        (b"\x2a\x00", "malformed"),
        (maker.today(BODY) + b"\x1a\x02\x0a\x00", "malformed"),
        (maker.today(BODY) + maker.today(BODY), "malformed"),
        (maker.today(BODY) + b"\x22\x01x", "malformed"),
        (maker.today(BODY) + b"\x32\x01x", "unknown_field"),
        (maker.today(BODY) + b"\x08\x01", "unknown_field"),
        (maker.today(BODY) + b"x", "malformed"),
        (maker.today(BODY)[:-1], "malformed"),
        (maker.listed(maker.today(BODY)) + b"\x12\x00", "unknown_field"),
        (maker.listed(maker.today(BODY)) * 65, "too_many_fields"),
        (maker.signed_transaction(BODY) + b"\x18\x01", "hash_algorithm"),
        (maker.signed_transaction(BODY) + b"\x22\x00", "unknown_field"),
        (maker.signed_transaction(BODY) * 2, "malformed"),
        (maker.inline(BODY, (ALICES, CLERKS)), "nameless"),
        (maker.inline(BODY, (ALICES, ALICES, CLERKS)), "nameless"),
        (maker.today(BODY, (ALICES, ALICES)), "ambiguous"),
        (maker.today(BODY, (ALICES, CLERKS), 0), "ambiguous"),
        (deep(), "malformed"),
    ],
)
def test_other_bytes_are_refused(raw: bytes, code: str) -> None:
    with pytest.raises(Refusal) as refused:
        envelope.read(raw)
    assert reason(refused.value) == code


def test_a_prefix_that_begins_another_is_refused() -> None:
    """As a node does: one key could match both."""
    first = maker.signature_map(BODY, (ALICES,), 4)
    first.sigPair.append(ALICES.pair(BODY, 9))
    with pytest.raises(Refusal, match="same public key"):
        envelope.read(envelope.join(BODY, first.SerializeToString()))
