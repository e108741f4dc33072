"""The strict reader against protobuf's own writer, and where the two must differ."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from paydaemon_hedera import wire
from paydaemon_hedera.proto.basic_types_pb2 import AccountAmount, AccountID, Key, TransactionID
from paydaemon_hedera.proto.transaction_pb2 import Transaction

int64s = st.integers(-(2**63), 2**63 - 1)
naturals = st.integers(0, 2**63 - 1)


@given(naturals, naturals, naturals, int64s, st.booleans())
def test_what_protobuf_writes_is_read(shard: int, realm: int, number: int, minor: int, leave: bool) -> None:
    account = AccountID(shardNum=shard, realmNum=realm, accountNum=number)
    raw = AccountAmount(accountID=account, amount=minor, is_approval=leave).SerializeToString()
    wire.check(AccountAmount, raw)
    assert b"".join(raw[field.tag : field.end] for field in wire.fields(raw)) == raw


@given(st.binary(max_size=60))
def test_what_is_strictly_a_message_protobuf_reads_too(raw: bytes) -> None:
    for message in (AccountAmount, TransactionID, Key, Transaction):
        try:
            wire.check(message, raw)
        except wire.Malformed:
            continue
        message.FromString(raw)


@given(st.integers(1, 15), st.binary(max_size=20_000))
def test_what_is_tagged_is_found(number: int, value: bytes) -> None:
    raw = wire.tagged(number, value)
    (found,) = wire.fields(raw)
    assert (found.number, found.wire, raw[found.start : found.end]) == (number, wire.LENGTH, value)


MOST = b"\xff" * 9 + b"\x01"


@pytest.mark.parametrize(
    ("raw", "why"),
    [
        (b"\x10" + b"\xff" * 9 + b"\x02", "64 bits"),
        (b"\x10" + b"\xff" * 10 + b"\x01", "does not end"),
        (b"\x10" + b"\x80" * 9 + b"\x00", "more bytes than it needs"),
        (b"\x10\x80", "run out"),
        (b"\x10", "run out"),
        (b"\x90\x00\x01", "more bytes than it needs"),
        (b"\x0a\x05\x18\x01", "ends behind"),
        (b"\x0a" + MOST, "ends behind"),
        (b"\x0a\x04\x10\x01\x18\x01" + b"\x18\x02", "out of range"),
        (b"\x0a\x0b\x18" + MOST, "out of range"),
        (b"\x0a\x04\x18\x01\x22\x00", "beside what it excludes"),
        (b"\x11" + bytes(8), "no field 2 of wire type 1"),
        (b"\x13\x14", "no field 2 of wire type 3"),
        (b"\x12\x00", "no field 2 of wire type 2"),
        (b"\x00\x00", "no field 0"),
    ],
)
def test_what_is_not_strictly_a_message_is_told_why(raw: bytes, why: str) -> None:
    with pytest.raises(wire.Malformed, match=why):
        wire.check(AccountAmount, raw)


@pytest.mark.parametrize("raw", [b"\x10" + b"\xff" * 9 + b"\x02", b"\x10" + b"\xff" * 10, b"\x15" + bytes(4)])
def test_fields_are_read_as_strictly(raw: bytes) -> None:
    with pytest.raises(wire.Malformed):
        list(wire.fields(raw))


def test_the_largest_number_is_read() -> None:
    wire.check(AccountAmount, b"\x10" + MOST)
    assert AccountAmount.FromString(b"\x10" + MOST).amount == -(2**63)
