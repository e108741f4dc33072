"""Entries for several nodes, the signatures on them, and what all of them have in common."""

from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from paydaemon.core.errors import Refusal
from paydaemon_hedera.inspection import inspect, verified
from paydaemon_hedera.keys import KeyList, KeyType
from paydaemon_hedera.proto.basic_types_pb2 import (
    SignatureMap,
    SignaturePair,
)
from tests.hedera import maker
from tests.hedera.maker import (
    ALICE,
    ALICES,
    BOB,
    BOBS,
    CLERKS,
    KEYS,
    NOW_MS,
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

ALICE_ALONE = {"0.0.1002": ALICES.public}


def test_entries_differ_in_nothing_but_the_node() -> None:
    for change in (
        lambda made: setattr(made, "memo", "inv 2"),
        lambda made: set_start(made, maker.START_S, 2),
        lambda made: setattr(made, "transactionFee", 1),
        transfers(amount(ALICE, -12_346), amount(PAYEE, 12_346)),
    ):
        other = maker.body(node=4)
        change(other)
        raw = maker.listed(
            maker.today(maker.body().SerializeToString()), maker.today(other.SerializeToString())
        )
        assert refused(raw) == ("transaction", "entries_differ")


def test_an_entry_has_nothing_beside_its_node() -> None:
    """Where the node is, another entry could hide what the first one has not."""
    body = maker.body().SerializeToString()
    at = body.index(b"\x12\x02\x18\x03") + 4
    for hidden in (b"\x28\x01", b"\x12\x02\x18\x05", b"\x28", b""):
        other = body[: at - 1] + b"\x04" + hidden + body[at:]
        raw = maker.listed(maker.today(body), maker.today(other))
        if hidden:
            assert refused(raw) == ("transaction", "entries_differ")
        else:
            assert len(inspected(raw).choices) == 2


def test_another_node_may_be_longer() -> None:
    bodies = [maker.for_node(maker.body(), node) for node in (3, 70_000)]
    found = inspect(maker.listed(*map(maker.today, bodies)), {"0.0.3", "0.0.70000"}, NOW_MS)
    assert [choice.node for choice in found.choices] == ["0.0.3", "0.0.70000"]
    assert [choice.body for choice in found.choices] == bodies


def test_only_nodes_that_are_known_are_chosen() -> None:
    raw = maker.listed(*(maker.today(maker.for_node(maker.body(), node)) for node in (99, 4, 98)))
    assert [choice.node for choice in inspected(raw).choices] == ["0.0.4"]


@pytest.mark.parametrize("right", [0, 1, 2])
def test_an_entry_that_verifies_is_chosen(right: int) -> None:
    """Wallets are known to put the signature of one entry into all of them."""
    bodies = [maker.for_node(maker.body(), node) for node in (3, 4, 5)]
    merged = maker.signature_map(bodies[right]).SerializeToString()
    entries = [maker.wrapped(body, merged) for body in bodies]
    found = inspected(maker.listed(*entries))
    assert found.choices[0].node == f"0.0.{3 + right}"
    assert [choice.envelope for choice in verified(found, ALICE_ALONE)] == [entries[right]]


def test_where_no_entry_verifies_the_key_is_named() -> None:
    bodies = [maker.for_node(maker.body(), node) for node in (3, 4)]
    maps = [maker.signature_map(body).SerializeToString() for body in reversed(bodies)]
    entries = [maker.wrapped(*parts) for parts in zip(bodies, maps, strict=True)]
    with pytest.raises(Refusal, match=ALICES.public.raw.hex()) as raised:
        inspected(maker.listed(*entries))
    assert (raised.value.param, reason(raised.value)) == ("signatures", "bad_signature")


# Signatures


@given(st.integers(0, 63), st.integers(1, 255), st.sampled_from([ALICES, BOBS]))
def test_a_broken_signature_is_refused(at: int, bits: int, signer: Signer) -> None:
    body = maker.body().SerializeToString()
    value = signer.sign(body)
    broken = value[:at] + bytes((value[at] ^ bits,)) + value[at + 1 :]
    raw = maker.today(body, (signer,)).replace(value, broken)
    assert refused(raw) == ("signatures", "bad_signature")


def test_a_second_signature_counts_too() -> None:
    body = maker.body().SerializeToString()
    raw = maker.today(body, (ALICES, BOBS)).replace(BOBS.sign(body), BOBS.sign(b"another"))
    assert refused(raw) == ("signatures", "bad_signature")


def test_without_signatures_it_is_refused() -> None:
    body = maker.body().SerializeToString()
    for raw in (maker.today(body, ()), maker.signed_transaction(body, ()), maker.body_bytes(body, ()), body):
        assert refused(raw)[1] == "unsigned"


@pytest.mark.parametrize(
    ("pair", "code"),
    [
        (SignaturePair(pubKeyPrefix=b"x", contract=b"y"), "signature_type"),
        (SignaturePair(pubKeyPrefix=b"x", RSA_3072=b"y"), "signature_type"),
        (SignaturePair(pubKeyPrefix=b"x"), "signature_type"),
        (SignaturePair(pubKeyPrefix=b"x" * 33, ed25519=bytes(64)), "public_key"),
        (SignaturePair(pubKeyPrefix=b"x" * 34, ECDSA_secp256k1=bytes(64)), "public_key"),
        (SignaturePair(pubKeyPrefix=b"x" * 32, ed25519=bytes(63)), "signature_length"),
    ],
)
def test_other_signatures_are_refused(pair: SignaturePair, code: str) -> None:
    body = maker.body().SerializeToString()
    pairs = SignatureMap(sigPair=[pair]).SerializeToString()
    assert refused(maker.wrapped(body, pairs)) == ("signatures", code)


@pytest.mark.parametrize("prefix", [0, 1, 6, 31])
def test_a_short_prefix_is_proven_by_the_accounts_key(prefix: int) -> None:
    body = maker.body().SerializeToString()
    found = inspected(maker.today(body, prefix=prefix))
    assert [choice.node for choice in verified(found, {"0.0.1002": ALICES.public})] == ["0.0.3"]
    for other in (CLERKS.public, BOBS.public):
        with pytest.raises(Refusal, match=r"account 0\.0\.1002") as raised:
            list(verified(found, {"0.0.1002": other}))
        assert reason(raised.value) == "missing_signature"


def test_whoever_has_not_signed_is_named() -> None:
    made = maker.body(amount(ALICE, -5), amount(BOB, -5), amount(PAYEE, 10)).SerializeToString()
    assert len(list(verified(inspected(maker.today(made, (ALICES, BOBS))), KEYS))) == 1
    for signers, account in (((ALICES,), "0.0.1003"), ((BOBS,), "0.0.1002")):
        found = inspected(maker.today(made, signers))
        assert found.debited == ("0.0.1002", "0.0.1003")
        with pytest.raises(Refusal, match=account):
            next(verified(found, KEYS))


def test_a_list_of_keys_needs_as_many_as_it_says() -> None:
    body = maker.body().SerializeToString()
    keys = KeyList((ALICES.public, BOBS.public, CLERKS.public), 2)
    cases: Sequence[tuple[tuple[Signer, ...], bool]] = (
        ((ALICES,), False),
        ((ALICES, CLERKS), True),
        ((BOBS, CLERKS), True),
        ((ALICES, BOBS, CLERKS), True),
    )
    for signers, enough in cases:
        found = inspected(maker.today(body, signers, 5))
        if enough:
            assert next(verified(found, {"0.0.1002": keys})).node == "0.0.3"
        else:
            with pytest.raises(Refusal):
                next(verified(found, {"0.0.1002": keys}))


def test_an_entry_without_signatures_is_passed_over() -> None:
    bodies = [maker.for_node(maker.body(), node) for node in (3, 4)]
    found = inspected(maker.listed(maker.today(bodies[0], ()), maker.today(bodies[1])))
    assert [choice.node for choice in found.choices] == ["0.0.4", "0.0.3"]


def test_how_many_are_verified_is_bounded() -> None:
    """Two entries' last signatures are wrong, so that all before them are verified in vain."""
    many = [Signer(KeyType.ED25519, seed) for seed in range(1, 46)]
    bodies = [maker.for_node(maker.body(), node) for node in (3, 4, 5)]
    wrong = [maker.today(body, many).replace(many[-1].sign(body), bytes(64)) for body in bodies]
    right = maker.today(bodies[2], many)
    assert inspected(maker.listed(wrong[0], right)).choices[0].node == "0.0.5"
    assert refused(maker.listed(wrong[0], wrong[1], right)) == ("signatures", "bad_signature")


# The digest


def test_all_envelopes_and_entries_of_one_transaction_have_one_digest() -> None:
    bodies = [maker.for_node(maker.body(), node) for node in (3, 4, 5)]
    shapes = [
        maker.listed(*map(maker.today, bodies)),
        maker.listed(maker.today(bodies[2])),
        maker.signed_transaction(bodies[1]),
        maker.body_bytes(bodies[0]),
        maker.inline(bodies[0]),
        maker.today(bodies[0], (ALICES, BOBS)),
        maker.today(bodies[0], prefix=3),
    ]
    assert len({inspected(raw).transfer.digest for raw in shapes}) == 1


@pytest.mark.parametrize(
    "change",
    [
        lambda made: setattr(made, "memo", "inv 2"),
        lambda made: setattr(made, "transactionFee", 1),
        lambda made: setattr(made.transactionValidDuration, "seconds", 121),
        transfers(amount(ALICE, -12_346), amount(PAYEE, 12_346)),
        with_tokens(tokens(5001, amount(ALICE, -1), amount(PAYEE, 1))),
    ],
)
def test_another_body_under_the_same_id_has_another(change: Change) -> None:
    made = maker.body()
    before = inspected(maker.today(made.SerializeToString())).transfer
    change(made)
    after = inspected(maker.today(made.SerializeToString())).transfer
    assert before.transaction_id == after.transaction_id
    assert before.digest != after.digest
