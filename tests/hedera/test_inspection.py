"""A transfer with one thing wrong at a time: refused, and the field at fault is named."""

import base64
from collections.abc import Callable

import pytest

from paydaemon.core.errors import Refusal
from paydaemon.core.relay import Transfer
from paydaemon_hedera import wire
from paydaemon_hedera.inspection import read, signed
from paydaemon_hedera.keys import KeyType
from paydaemon_hedera.kinds import KINDS, METHODS
from paydaemon_hedera.proto.basic_types_pb2 import (
    NftTransfer,
)
from paydaemon_hedera.proto.transaction_pb2 import TransactionBody
from tests.hedera import maker
from tests.hedera.maker import (
    ALICE,
    ALICES,
    BOB,
    BOBS,
    NODES,
    PAYEE,
    Change,
    Signer,
    amount,
    set_start,
    tokens,
    transfers,
    with_tokens,
)
from tests.hedera.reasons import inspected, reason, refused

ID = "0.0.1002@1700000000.000000001"


# What is read


def test_a_transfer_is_read() -> None:
    raw = maker.listed(*(maker.today(maker.for_node(maker.body(), node)) for node in (3, 4, 5)))
    found = inspected(base64.b64encode(raw).decode())
    transfer = found.transfer
    assert (transfer.transaction_id, transfer.payer, transfer.memo) == (ID, "0.0.1002", "inv 1")
    assert transfer.transfers == (
        Transfer("0.0.1002", "HBAR", -12_345, "0.0.1002/inv 1"),
        Transfer("0.0.1001", "HBAR", 12_345, "0.0.1001/inv 1"),
    )
    assert transfer.expires_at_ms == 1_700_000_120_000
    assert transfer.raw == raw
    assert [choice.node for choice in found.choices] == ["0.0.3", "0.0.4", "0.0.5"]
    assert found.debited == ("0.0.1002",)
    assert inspected(transfer.raw) == signed(read(transfer.raw, NODES)) == found
    assert (found.is_sound, transfer.is_proven) == (True, False)
    assert hash(found) == hash(inspected(raw))


def test_tokens_are_read_with_the_decimals_that_are_expected() -> None:
    made = maker.body(amount(ALICE, -5), amount(BOB, 5))
    made.cryptoTransfer.tokenTransfers.append(tokens(5001, amount(BOB, -7), amount(PAYEE, 7)))
    made.cryptoTransfer.tokenTransfers[0].expected_decimals.value = 6
    found = inspected(maker.today(made.SerializeToString(), (ALICES, BOBS)))
    assert [(one.account, one.asset_code, one.amount_minor) for one in found.transfer.transfers] == [
        ("0.0.1002", "HBAR", -5),
        ("0.0.1003", "HBAR", 5),
        ("0.0.1003", "0.0.5001", -7),
        ("0.0.1001", "0.0.5001", 7),
    ]
    assert [moved.expected_decimals for moved in found.body.assets] == [None, 6]
    assert found.debited == ("0.0.1002", "0.0.1003")


def test_the_largest_amounts_are_exact() -> None:
    most = 2**63 - 1
    found = inspected(maker.today(maker.body(amount(ALICE, -most), amount(PAYEE, most)).SerializeToString()))
    assert [one.amount_minor for one in found.transfer.transfers] == [-most, most]


def test_what_does_not_move_is_left_out() -> None:
    made = maker.body(amount(ALICE, -5), amount(BOB, 0), amount(PAYEE, 5))
    found = inspected(maker.today(made.SerializeToString()))
    assert [one.account for one in found.transfer.transfers] == ["0.0.1002", "0.0.1001"]


# What is wrong with one field

ELEVEN = [amount(ALICE, -10), *(amount(2000 + number, 1) for number in range(10))]
NFT = tokens(5001, amount(ALICE, -1), amount(PAYEE, 1))
NFT.nftTransfers.append(NftTransfer(serialNumber=1))
APPROVED = amount(ALICE, -5)
APPROVED.is_approval = True
ALIAS = amount(ALICE, -5)
ALIAS.accountID.alias = b"\x12\x20" + bytes(32)

WRONG: dict[str, tuple[Change, str, str]] = {
    "no start": (
        lambda made: made.transactionID.ClearField("transactionValidStart"),
        "transaction_id",
        "no_valid_start",
    ),
    "no payer": (lambda made: made.transactionID.ClearField("accountID"), "transaction_id", "no_account"),
    "payer 0": (
        lambda made: setattr(made.transactionID.accountID, "accountNum", 0),
        "transaction_id",
        "no_account",
    ),
    "payer by alias": (
        lambda made: setattr(made.transactionID.accountID, "alias", b"x" * 20),
        "transaction_id",
        "alias",
    ),
    "nonce": (lambda made: setattr(made.transactionID, "nonce", 1), "transaction_id", "id_field_not_allowed"),
    "scheduled": (
        lambda made: setattr(made.transactionID, "scheduled", True),
        "transaction_id",
        "id_field_not_allowed",
    ),
    "nanos": (lambda made: set_start(made, maker.START_S, 10**9), "transaction_id", "nanos"),
    "no node": (lambda made: made.ClearField("nodeAccountID"), "node", "no_node"),
    "node 0": (
        lambda made: setattr(made.nodeAccountID, "accountNum", 0),
        "node",
        "no_account",
    ),
    "unknown node": (
        lambda made: setattr(made.nodeAccountID, "accountNum", 99),
        "node",
        "unknown_node",
    ),
    "long memo": (lambda made: setattr(made, "memo", "ü" * 50 + "x"), "memo", "too_long"),
    "zero in memo": (lambda made: setattr(made, "memo", "a\0b"), "memo", "zero_byte"),
    "no duration": (
        lambda made: made.ClearField("transactionValidDuration"),
        "valid_duration",
        "duration",
    ),
    "short": (
        lambda made: setattr(made.transactionValidDuration, "seconds", 14),
        "valid_duration",
        "duration",
    ),
    "long": (
        lambda made: setattr(made.transactionValidDuration, "seconds", 181),
        "valid_duration",
        "duration",
    ),
    "expired": (
        lambda made: set_start(made, maker.START_S + 5 - 110 - 1, 999_999_999),
        "valid_start",
        "expired",
    ),
    "future": (
        lambda made: set_start(made, maker.START_S + 5, 1),
        "valid_start",
        "not_yet_valid",
    ),
    "sum": (transfers(amount(ALICE, -5), amount(PAYEE, 6)), "transfers", "sum_not_zero"),
    "token sum": (
        with_tokens(tokens(5001, amount(ALICE, -5), amount(PAYEE, 6))),
        "transfers",
        "sum_not_zero",
    ),
    "nothing": (transfers(), "transfers", "moves_nothing"),
    "zeros": (transfers(amount(ALICE, 0), amount(PAYEE, 0)), "transfers", "moves_nothing"),
    "repeated": (
        transfers(amount(ALICE, -5), amount(PAYEE, 2), amount(PAYEE, 3)),
        "transfers",
        "repeated_account",
    ),
    "repeated in token": (
        with_tokens(tokens(5001, amount(ALICE, -5), amount(PAYEE, 2), amount(PAYEE, 3))),
        "transfers",
        "repeated_account",
    ),
    "repeated token": (
        with_tokens(*[tokens(5001, amount(ALICE, -5), amount(PAYEE, 5))] * 2),
        "token_transfers",
        "repeated_token",
    ),
    "empty token": (with_tokens(tokens(5001)), "token_transfers", "empty_token"),
    "token 0": (with_tokens(tokens(0, *ELEVEN[:1])), "token_transfers", "token_number"),
    "eleven": (transfers(*ELEVEN), "transfers", "too_many_transfers"),
    "eleven of tokens": (
        with_tokens(tokens(5001, *ELEVEN[:5]), tokens(5002, *ELEVEN[:6])),
        "token_transfers",
        "too_many_transfers",
    ),
    "nft": (with_tokens(NFT), "token_transfers", "nft"),
    "approved": (
        transfers(APPROVED, amount(PAYEE, 5)),
        "transfers",
        "approved_transfer",
    ),
    "alias": (transfers(ALIAS, amount(PAYEE, 5)), "transfers", "alias"),
    "no account": (transfers(amount(ALICE, -5), amount(0, 5)), "transfers", "no_account"),
}


@pytest.mark.parametrize("name", WRONG)
@pytest.mark.parametrize("wrap", [maker.today, maker.body_bytes])
def test_a_wrong_field_is_named(name: str, wrap: Callable[[bytes], bytes]) -> None:
    change, param, code = WRONG[name]
    made = maker.body()
    change(made)
    assert refused(wrap(made.SerializeToString())) == (param, code)


def test_the_edges_are_taken() -> None:
    made = maker.body()
    made.memo = "ü" * 50
    made.transactionValidDuration.seconds = 180
    set_start(made, maker.START_S + 5)
    inspected(maker.today(made.SerializeToString()))
    made.transactionValidDuration.seconds = 120
    set_start(made, maker.START_S + 5 - 110)
    inspected(maker.today(made.SerializeToString()))
    transfers(*ELEVEN[:9], amount(PAYEE, 2))(made)
    with_tokens(tokens(5001, *ELEVEN[:3], amount(PAYEE, 8)), tokens(5002, *ELEVEN[:5], amount(PAYEE, 6)))(
        made
    )
    inspected(maker.today(made.SerializeToString()))


@pytest.mark.parametrize("number", sorted(KINDS.keys() - METHODS.keys()))
def test_another_kind_is_named(number: int) -> None:
    made = maker.body()
    made.ClearField("cryptoTransfer")
    for start in (made, maker.body()):
        tag = number << 3 | 2
        key = bytes((tag,)) if tag < 128 else bytes((tag & 127 | 128, tag >> 7))
        raw = start.SerializeToString() + key + b"\x00"
        with pytest.raises(Refusal, match=KINDS[number]) as raised:
            inspected(maker.today(raw))
        assert (raised.value.param, reason(raised.value)) == ("type", "unsupported_type")
        assert (
            refused(wire.tagged(1, raw) + maker.inline(raw)[len(wire.tagged(1, raw)) :])[1]
            == "unsupported_type"
        )


def test_no_kind_at_all_is_named() -> None:
    made = maker.body()
    made.ClearField("cryptoTransfer")
    assert refused(maker.today(made.SerializeToString())) == ("type", "unsupported_type")


def nested(made: TransactionBody, inside: bytes) -> bytes:
    """The body with these bytes behind the first amount that moves."""
    amounts = [one.SerializeToString() for one in made.cryptoTransfer.transfers.accountAmounts]
    amounts[0] += inside
    made.ClearField("cryptoTransfer")
    moved = b"".join(wire.tagged(1, one) for one in amounts)
    return made.SerializeToString() + wire.tagged(14, wire.tagged(1, moved))


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (maker.body().SerializeToString() + b"\xca\x04\x00", "unknown_field"),
        (maker.body().SerializeToString() + b"\xca\x3e\x00", "unknown_field"),
        (maker.body().SerializeToString() + b"\x30\x01", "unknown_field"),
        (maker.body().SerializeToString() + b"\x32\x01x", "malformed"),
        (maker.body().SerializeToString() + b"\x32\x02x", "malformed"),
        (maker.body().SerializeToString() + b"\x72\x00", "malformed"),
        (maker.body().SerializeToString() + b"\x12\x02\x18\x03", "malformed"),
        (nested(maker.body(), b"\x22\x00"), "unknown_field"),
        (nested(maker.body(), b"\x2a\x02\x08\x01"), "unknown_field"),
        (nested(maker.body(), b"\x18\x02"), "malformed"),
        (nested(maker.body(), b"\x18\x80\x00"), "malformed"),
        (nested(maker.body(), b"\x10\x02"), "malformed"),
        (nested(maker.body(), b"\x18"), "malformed"),
        (nested(maker.body(), b"\x18" + b"\xff" * 9 + b"\x02"), "malformed"),
        (nested(maker.body(), b"\x1d1234"), "unknown_field"),
    ],
)
def test_what_is_unknown_twice_or_padded_is_refused_wherever_it_is(body: bytes, code: str) -> None:
    assert refused(maker.today(body))[1] == code


@pytest.mark.parametrize("at", ["seconds", "nanos"])
def test_a_padded_number_is_refused(at: str) -> None:
    """It would be the same id over another body."""
    raw = maker.body().SerializeToString()
    start = maker.body().transactionID.transactionValidStart.SerializeToString()
    seconds = start[:5] + bytes((start[5] | 128, 0)) + start[6:]
    padded = start[:-1] + b"\x81\x00" if at == "nanos" else seconds
    inside = wire.tagged(1, padded) + b"\x12\x03\x18\xea\x07"
    rest = maker.body()
    rest.ClearField("transactionID")
    body = wire.tagged(1, inside) + rest.SerializeToString()
    assert body != raw
    assert refused(maker.today(body)) == ("transaction", "malformed")


def test_text_that_is_not_utf8_is_refused() -> None:
    made = maker.body()
    made.ClearField("memo")
    assert refused(maker.today(made.SerializeToString() + b"\x32\x01\xff")) == ("transaction", "malformed")


def test_an_entry_has_at_most_6144_bytes() -> None:
    """A list may have more; it is each entry that goes to a node."""
    many = [Signer(KeyType.ED25519, seed) for seed in range(1, 61)]
    made = maker.body().SerializeToString()
    assert len(maker.today(made, many[:58])) <= 6144 < len(maker.today(made, many))
    inspected(maker.today(made, many[:58]))
    assert refused(maker.today(made, many)) == ("transaction", "oversize")
    nodes = [maker.today(maker.for_node(maker.body(), node), many[:50]) for node in (3, 4, 5)]
    assert len(maker.listed(*nodes)) > 6144
    inspected(maker.listed(*nodes))
