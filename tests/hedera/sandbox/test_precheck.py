"""A node refuses with the code of a real one, and of several faults tells the one that it looks at first."""

from collections.abc import Callable

import pytest

from paydaemon_hedera.proto import response_code_pb2 as rc
from paydaemon_hedera.proto.basic_types_pb2 import SignatureMap, SignaturePair
from paydaemon_hedera.proto.transaction_contents_pb2 import SignedTransaction
from paydaemon_hedera.proto.transaction_pb2 import Transaction, TransactionBody
from paydaemon_hedera.sandbox.faults import Call, Fault, Kind
from paydaemon_hedera.sandbox.fees import fees_of
from paydaemon_hedera.sandbox.genesis import PAYEE, USDC
from paydaemon_hedera.sandbox.ledger import HBAR
from paydaemon_hedera.sandbox.names import SECOND_NS, TransactionName
from paydaemon_hedera.sandbox.precheck import CHECKS, Stage
from paydaemon_hedera.sandbox.wallet import seal, sign, signature_pair
from tests.hedera.sandbox.world import ALICE, BOARD, BOB, NOW_NS, World, code_name

Change = Callable[[TransactionBody], object]


def refusal(world: World, body: TransactionBody) -> str:
    before = world.balance(ALICE)
    taken = world.submit(body)
    world.pass_time()
    assert world.balance(ALICE) == before or taken.code == rc.OK
    return code_name(taken.code)


def changed(change: Change) -> str:
    world = World()
    return refusal(world, world.body(change=change))


def move(body: TransactionBody, account: int, amount: int, token: int | None = None) -> None:
    if token is None:
        amounts = body.cryptoTransfer.transfers.accountAmounts
    else:
        body.cryptoTransfer.tokenTransfers.add().token.tokenNum = token
        amounts = body.cryptoTransfer.tokenTransfers[-1].transfers
    one = amounts.add(amount=amount)
    one.accountID.accountNum = account


def both(body: TransactionBody, *moves: tuple[int, int] | tuple[int, int, int]) -> None:
    for one in moves:
        move(body, *one)


def nft(body: TransactionBody, serial: int, receiver: int = PAYEE) -> None:
    one = body.cryptoTransfer.tokenTransfers.add()
    one.token.tokenNum = USDC
    moved = one.nftTransfers.add(serialNumber=serial)
    moved.senderAccountID.accountNum = ALICE
    moved.receiverAccountID.accountNum = receiver


def test_what_is_right_is_taken() -> None:
    world = World()
    assert refusal(world, world.body()) == "OK"


CODES: dict[str, tuple[Change, str]] = {
    "no kind of transaction": (lambda b: b.ClearField("cryptoTransfer"), "INVALID_TRANSACTION_BODY"),
    "no id": (lambda b: b.ClearField("transactionID"), "INVALID_TRANSACTION_ID"),
    "no payer": (lambda b: b.transactionID.ClearField("accountID"), "PAYER_ACCOUNT_NOT_FOUND"),
    "payer 0": (lambda b: setattr(b.transactionID.accountID, "accountNum", 0), "PAYER_ACCOUNT_NOT_FOUND"),
    "payer by alias": (
        lambda b: setattr(b.transactionID.accountID, "alias", b"\1" * 20),
        "PAYER_ACCOUNT_NOT_FOUND",
    ),
    "payer of another shard": (
        lambda b: setattr(b.transactionID.accountID, "shardNum", 1),
        "PAYER_ACCOUNT_NOT_FOUND",
    ),
    "payer that nobody is": (
        lambda b: setattr(b.transactionID.accountID, "accountNum", 9),
        "PAYER_ACCOUNT_NOT_FOUND",
    ),
    "scheduled": (lambda b: setattr(b.transactionID, "scheduled", True), "TRANSACTION_ID_FIELD_NOT_ALLOWED"),
    "nonce": (lambda b: setattr(b.transactionID, "nonce", 1), "TRANSACTION_ID_FIELD_NOT_ALLOWED"),
    "no start": (
        lambda b: b.transactionID.ClearField("transactionValidStart"),
        "INVALID_TRANSACTION_START",
    ),
    "memo of 101 bytes": (lambda b: setattr(b, "memo", "é" * 50 + "x"), "MEMO_TOO_LONG"),
    "memo with NUL": (lambda b: setattr(b, "memo", "a\0b"), "INVALID_ZERO_BYTE_IN_STRING"),
    "negative fee": (lambda b: setattr(b, "transactionFee", 1 << 63), "INSUFFICIENT_TX_FEE"),
    "no duration": (lambda b: b.ClearField("transactionValidDuration"), "INVALID_TRANSACTION_DURATION"),
    "duration of 14 s": (
        lambda b: setattr(b.transactionValidDuration, "seconds", 14),
        "INVALID_TRANSACTION_DURATION",
    ),
    "duration of 181 s": (
        lambda b: setattr(b.transactionValidDuration, "seconds", 181),
        "INVALID_TRANSACTION_DURATION",
    ),
    "another node": (lambda b: setattr(b.nodeAccountID, "accountNum", 4), "INVALID_NODE_ACCOUNT"),
    "no node": (lambda b: b.ClearField("nodeAccountID"), "INVALID_NODE_ACCOUNT"),
    "future": (lambda b: _start(b, 1), "INVALID_TRANSACTION_START"),
    "expired": (lambda b: _start(b, -111), "TRANSACTION_EXPIRED"),
    "sum": (lambda b: move(b, BOB, 1), "INVALID_ACCOUNT_AMOUNTS"),
    "repeated account": (
        lambda b: both(b, (PAYEE, 5), (BOB, -5)),
        "ACCOUNT_REPEATED_IN_ACCOUNT_AMOUNTS",
    ),
    "amount for account 0": (lambda b: move(b, 0, 0), "INVALID_ACCOUNT_ID"),
    "token 0": (lambda b: move(b, ALICE, 0, 0), "INVALID_TOKEN_ID"),
    "token's sum": (lambda b: move(b, ALICE, -1, USDC), "TRANSFERS_NOT_ZERO_SUM_FOR_TOKEN"),
    "repeated token": (
        lambda b: both(b, (ALICE, 0, USDC), (ALICE, 0, USDC)),
        "TOKEN_ID_REPEATED_IN_TOKEN_LIST",
    ),
    "empty token list": (
        lambda b: setattr(b.cryptoTransfer.tokenTransfers.add().token, "tokenNum", USDC),
        "EMPTY_TOKEN_TRANSFER_ACCOUNT_AMOUNTS",
    ),
    "NFT without a serial": (lambda b: nft(b, 0), "INVALID_TOKEN_NFT_SERIAL_NUMBER"),
    "NFT to its owner": (lambda b: nft(b, 1, ALICE), "ACCOUNT_REPEATED_IN_ACCOUNT_AMOUNTS"),
    "fee": (lambda b: setattr(b, "transactionFee", 41_665), "INSUFFICIENT_TX_FEE"),
}


def _start(body: TransactionBody, ahead_s: int) -> None:
    body.transactionID.transactionValidStart.seconds = NOW_NS // SECOND_NS + ahead_s
    body.transactionID.transactionValidStart.nanos = 0


@pytest.mark.parametrize("what", CODES)
def test_every_fault_has_its_code(what: str) -> None:
    change, code = CODES[what]
    assert changed(change) == code


def test_a_memo_of_100_bytes_and_the_edges_of_time() -> None:
    assert changed(lambda b: setattr(b, "memo", "é" * 50)) == "OK"
    assert changed(lambda b: _start(b, 0)) == "OK"
    assert changed(lambda b: _start(b, -110)) == "OK"
    assert changed(lambda b: setattr(b.transactionValidDuration, "seconds", 15)) == "OK"
    assert changed(lambda b: setattr(b.transactionValidDuration, "seconds", 180)) == "OK"


# --- The envelope


def submit(world: World, raw: bytes) -> str:
    return code_name(world.network.submit(3, raw).code)


def test_oversize_is_one_byte_more_than_6144() -> None:
    world = World()
    raw = sign(world.body(), world.keys(ALICE))
    # Unknown fields, but the size is looked at first: field 15, with a length of two bytes.
    padding = MAX - len(raw) - 3
    fits = raw + b"\x7a" + bytes([padding & 0x7F | 0x80, padding >> 7]) + bytes(padding)
    assert len(fits) == MAX
    assert submit(world, fits) == "TRANSACTION_HAS_UNKNOWN_FIELDS"
    assert submit(world, fits + b"\0") == "TRANSACTION_OVERSIZE"


MAX = 6_144


@pytest.mark.parametrize(
    "raw", [b"", b"\x0a\x00", b"\x12\x00"], ids=["nothing", "inline body", "inline sigs"]
)
def test_no_signed_transaction_is_no_body(raw: bytes) -> None:
    assert submit(World(), raw) == "INVALID_TRANSACTION_BODY"


def test_what_cannot_be_parsed() -> None:
    world = World()
    assert submit(world, b"\xff\xff") == "INVALID_TRANSACTION"
    broken = Transaction(signedTransactionBytes=b"\xff\xff").SerializeToString()
    assert submit(world, broken) == "INVALID_TRANSACTION"
    assert submit(world, seal(b"\xff\xff", world.keys(ALICE))) == "INVALID_TRANSACTION_BODY"


def test_unknown_fields_anywhere() -> None:
    """Field 500, in each message that they could be in."""
    world = World()
    unknown = b"\xa2\x1f\x01x"
    body = world.body().SerializeToString()
    keys = world.keys(ALICE)
    assert submit(world, seal(body + unknown, keys)) == "TRANSACTION_HAS_UNKNOWN_FIELDS"
    signed = Transaction.FromString(seal(body, keys)).signedTransactionBytes + unknown
    inside = Transaction(signedTransactionBytes=signed).SerializeToString()
    assert submit(world, inside) == "TRANSACTION_HAS_UNKNOWN_FIELDS"
    assert submit(world, seal(body, keys) + unknown) == "TRANSACTION_HAS_UNKNOWN_FIELDS"
    deep = TransactionBody.FromString(body)
    deep.cryptoTransfer.transfers.accountAmounts[0].MergeFromString(unknown)
    assert submit(world, sign(deep, keys)) == "TRANSACTION_HAS_UNKNOWN_FIELDS"


def test_other_kinds_are_known_but_not_supported() -> None:
    world = World()
    body = world.body(change=lambda b: b.ClearField("cryptoTransfer")).SerializeToString()
    crypto_create = b"\x5a\x00"  # field 11
    assert submit(world, seal(body + crypto_create, world.keys(ALICE))) == "NOT_SUPPORTED"


def test_the_deprecated_envelope_still_works_but_not_mixed() -> None:
    world = World()
    body = world.body().SerializeToString()
    signatures = SignatureMap(sigPair=[signature_pair(key, body) for key in world.keys(ALICE)])
    old = Transaction(bodyBytes=body, sigMap=signatures)
    assert submit(world, Transaction(bodyBytes=body).SerializeToString()) == "INVALID_TRANSACTION_BODY"
    mixed = Transaction(bodyBytes=body, signedTransactionBytes=b"x").SerializeToString()
    assert submit(world, mixed) == "INVALID_TRANSACTION"
    assert submit(world, old.SerializeToString()) == "OK"


def test_a_signed_transaction_without_a_signature_map() -> None:
    world = World()
    signed = SignedTransaction(bodyBytes=world.body().SerializeToString()).SerializeToString()
    bare = Transaction(signedTransactionBytes=signed).SerializeToString()
    assert submit(world, bare) == "INVALID_TRANSACTION_BODY"


# --- Signatures


@pytest.mark.parametrize("payer", [ALICE, BOB, BOARD])
def test_the_payer_signs_and_nobody_else_does(payer: int) -> None:
    world = World()
    body = world.body({HBAR: {payer: -1, PAYEE: 1}}, name=world.name(payer))
    for others in {ALICE, BOB, BOARD} - {payer}:
        assert code_name(world.submit(body, world.keys(others)).code) == "INVALID_SIGNATURE"
    assert code_name(world.submit(body, []).code) == "INVALID_SIGNATURE"
    assert code_name(world.submit(body, world.keys(payer)).code) == "OK"


def test_a_threshold_is_reached_or_not() -> None:
    world = World()
    body = world.body({HBAR: {BOARD: -1, PAYEE: 1}}, name=world.name(BOARD))
    one, two = world.keys(BOARD)
    assert code_name(world.submit(body, [one]).code) == "INVALID_SIGNATURE"
    assert code_name(world.submit(body, [two, one]).code) == "OK"


def with_prefixes(world: World, *lengths: int) -> str:
    body = world.body().SerializeToString()
    pairs = [signature_pair(world.keys(ALICE)[0], body) for _ in lengths]
    for pair, length in zip(pairs, lengths, strict=True):
        pair.pubKeyPrefix = pair.pubKeyPrefix[:length]
    signed = SignedTransaction(bodyBytes=body, sigMap=SignatureMap(sigPair=pairs))
    return submit(world, Transaction(signedTransactionBytes=signed.SerializeToString()).SerializeToString())


def test_a_prefix_may_be_short_but_not_ambiguous() -> None:
    assert with_prefixes(World(), 4) == "OK"
    assert with_prefixes(World(), 0) == "OK"
    assert with_prefixes(World(), 4, 32) == "KEY_PREFIX_MISMATCH"
    assert with_prefixes(World(), 0, 0) == "KEY_PREFIX_MISMATCH"


def test_a_signature_of_other_bytes_or_of_the_other_kind() -> None:
    world = World()
    body = world.body()
    pair = signature_pair(world.keys(ALICE)[0], b"something else")
    for wrong in (pair, SignaturePair(pubKeyPrefix=pair.pubKeyPrefix, ECDSA_secp256k1=pair.ed25519)):
        signed = SignedTransaction(bodyBytes=body.SerializeToString(), sigMap=SignatureMap(sigPair=[wrong]))
        raw = Transaction(signedTransactionBytes=signed.SerializeToString()).SerializeToString()
        assert submit(world, raw) == "INVALID_SIGNATURE"


# --- Money


def test_what_is_missing_is_told_as_cost() -> None:
    world = World()
    needed = fees_of(token_lists=0, with_custom_fees=False).without_service
    all_of_it = world.balance(ALICE)
    for amount, code in (
        (all_of_it - needed, rc.OK),
        (all_of_it - needed + 1, rc.INSUFFICIENT_PAYER_BALANCE),
    ):
        taken = World().submit(World().body({HBAR: {ALICE: -amount, PAYEE: amount}}))
        assert taken.code == code
        assert taken.cost_tinybars == (needed if code != rc.OK else 0)
    poor = world.submit(world.body(change=lambda b: setattr(b, "transactionFee", 1)))
    assert (poor.code, poor.cost_tinybars) == (rc.INSUFFICIENT_TX_FEE, needed)


# --- The order


def test_the_table_is_in_the_order_of_a_node() -> None:
    assert list(CHECKS) == list(Stage)[1:]


IN_ORDER: list[tuple[str, Change]] = [
    ("MEMO_TOO_LONG", lambda b: setattr(b, "memo", "x" * 101)),
    ("INVALID_NODE_ACCOUNT", lambda b: setattr(b.nodeAccountID, "accountNum", 4)),
    ("TRANSACTION_EXPIRED", lambda b: _start(b, -1_000)),
    ("INVALID_ACCOUNT_AMOUNTS", lambda b: move(b, BOB, 1)),
    ("PAYER_ACCOUNT_NOT_FOUND", lambda b: setattr(b.transactionID.accountID, "accountNum", 9)),
]
"""Faults that one body can have all at once."""


@pytest.mark.parametrize("first", range(len(IN_ORDER)))
def test_of_several_faults_the_first_is_told(first: int) -> None:
    def spoil(body: TransactionBody) -> None:
        for _, change in IN_ORDER[first:]:
            change(body)

    assert changed(spoil) == IN_ORDER[first][0]


def test_a_duplicate_is_told_before_everything_behind_it() -> None:
    world = World()
    name = world.name()
    assert code_name(world.submit(world.body(name=name)).code) == "OK"
    again = world.body({HBAR: {ALICE: -1}}, name=name)
    assert code_name(world.submit(again, []).code) == "DUPLICATE_TRANSACTION"


STRIKES = [
    ("PLATFORM_NOT_ACTIVE", b""),
    ("BUSY", None),
    ("PLATFORM_TRANSACTION_NOT_CREATED", None),
]


@pytest.mark.parametrize(("code", "raw"), STRIKES)
def test_an_armed_fault_strikes_where_a_node_would_say_it(code: str, raw: bytes | None) -> None:
    world = World()
    world.faults.arm(Fault(Kind.CODE, Call.SUBMIT, code=rc.ResponseCodeEnum.Value(code)))
    body = world.body()
    if raw is None:
        expired = world.body(name=TransactionName(ALICE, NOW_NS - 1_000 * SECOND_NS))
        assert code_name(world.submit(expired).code) == "TRANSACTION_EXPIRED"
    if code == "PLATFORM_TRANSACTION_NOT_CREATED":
        assert code_name(world.submit(body, []).code) == "INVALID_SIGNATURE"
    assert submit(world, sign(body, world.keys(ALICE)) if raw is None else raw) == code
    # Nothing of it has stayed: the same bytes are taken now.
    assert code_name(world.submit(body).code) == "OK"
