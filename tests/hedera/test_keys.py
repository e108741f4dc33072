from collections.abc import Mapping

import pytest
from hypothesis import given
from hypothesis import strategies as st

from paydaemon_hedera.keys import (
    Key,
    KeyList,
    KeyType,
    PublicKey,
    Unsignable,
    from_mirror,
    from_protobuf,
    satisfied,
    verifies,
)
from paydaemon_hedera.proto import basic_types_pb2 as proto
from tests.hedera.maker import ALICES, BOBS, CLERKS, ORDER, Signer, high_s

SIGNERS = (ALICES, BOBS, CLERKS)


def stored(key: Key) -> proto.Key:
    match key:
        case PublicKey(type, raw):
            return proto.Key(ed25519=raw) if type is KeyType.ED25519 else proto.Key(ECDSA_secp256k1=raw)
        case KeyList(keys, threshold):
            inside = proto.KeyList(keys=map(stored, keys))
            if threshold == len(keys):
                return proto.Key(keyList=inside)
            return proto.Key(thresholdKey=proto.ThresholdKey(threshold=threshold, keys=inside))
        case Unsignable():
            return proto.Key(contractID=proto.ContractID(contractNum=5))


def lists(keys: st.SearchStrategy[Key]) -> st.SearchStrategy[Key]:
    inside = st.lists(keys, min_size=1, max_size=4).map(tuple)
    return inside.flatmap(lambda keys: st.builds(KeyList, st.just(keys), st.integers(1, len(keys))))


single: st.SearchStrategy[Key] = st.sampled_from([*(one.public for one in SIGNERS), Unsignable()])
trees = st.recursive(single, lists, max_leaves=12)


@given(trees)
def test_a_tree_of_keys_is_read_as_it_is_stored(key: Key) -> None:
    raw = stored(key).SerializeToString()
    assert from_protobuf(raw) == key
    assert from_mirror("ProtobufEncoded", raw.hex()) == key


@given(trees, st.sets(st.sampled_from(SIGNERS)))
def test_more_signatures_never_satisfy_less(key: Key, signed: set[Signer]) -> None:
    some = {signer.public for signer in signed}
    if satisfied(key, some.__contains__):
        assert satisfied(key, lambda one: True)
    assert not satisfied(key, lambda one: False)


def test_a_threshold_counts_the_keys_that_signed() -> None:
    chair, treasurer, clerk = (signer.public for signer in SIGNERS)
    two_of_three = KeyList((chair, treasurer, clerk), 2)
    expected: Mapping[frozenset[Key], bool] = {
        frozenset(): False,
        frozenset({chair}): False,
        frozenset({chair, clerk}): True,
        frozenset({chair, treasurer, clerk}): True,
    }
    for signed, enough in expected.items():
        assert satisfied(two_of_three, signed.__contains__) is enough
        assert satisfied(KeyList((two_of_three, Unsignable()), 1), signed.__contains__) is enough
        assert not satisfied(KeyList((two_of_three, Unsignable()), 2), signed.__contains__)


def test_an_empty_list_is_never_satisfied() -> None:
    for empty in (proto.Key(keyList=proto.KeyList()), proto.Key(thresholdKey=proto.ThresholdKey())):
        key = from_protobuf(empty.SerializeToString())
        assert not satisfied(key, lambda one: True)


def test_a_threshold_out_of_range_is_what_the_network_makes_of_it() -> None:
    inside = proto.KeyList(keys=[stored(ALICES.public), stored(CLERKS.public)])
    for threshold, read in ((0, 1), (9, 2)):
        key = proto.Key(thresholdKey=proto.ThresholdKey(threshold=threshold, keys=inside))
        assert from_protobuf(key.SerializeToString()) == KeyList((ALICES.public, CLERKS.public), read)


@pytest.mark.parametrize("signer", SIGNERS)
def test_a_mirror_node_tells_single_keys(signer: Signer) -> None:
    assert from_mirror(signer.public.type.value, signer.public.raw.hex()) == signer.public


def test_what_is_no_key_is_told() -> None:
    deep = proto.Key(ed25519=bytes(32))
    for _ in range(40):
        deep = proto.Key(keyList=proto.KeyList(keys=[deep]))
    many = proto.Key(keyList=proto.KeyList(keys=[stored(ALICES.public)] * 1001))
    for raw in (deep.SerializeToString(), many.SerializeToString(), b"\xff", b"\x12\x20"):
        with pytest.raises(ValueError, match=r"."):
            from_protobuf(raw)
    for type, key in (("RSA", "00"), ("ED25519", "xx")):
        with pytest.raises(ValueError, match=r"."):
            from_mirror(type, key)
    assert from_mirror("ED25519", "00") == Unsignable()


@given(st.sampled_from(SIGNERS), st.binary(max_size=300), st.integers(0, 63), st.integers(1, 255))
def test_a_signature_is_right_over_its_bytes_alone(signer: Signer, data: bytes, at: int, bits: int) -> None:
    signature = signer.sign(data)
    assert verifies(signer.public, signature, data)
    assert not verifies(signer.public, signature, data + b"x")
    assert not verifies(CLERKS.public if signer is not CLERKS else ALICES.public, signature, data)
    assert not verifies(signer.public, signature[:63], signature[63:] + data)
    broken = bytearray(signature)
    broken[at] ^= bits
    assert not verifies(signer.public, bytes(broken), data)


@given(st.binary(max_size=300))
def test_either_value_of_s_is_right(data: bytes) -> None:
    low = BOBS.sign(data)
    assert int.from_bytes(low[32:], "big") <= ORDER // 2
    assert verifies(BOBS.public, high_s(low), data)


@pytest.mark.parametrize("r", [0, 1, ORDER - 1, ORDER, 2**256 - 1])
@pytest.mark.parametrize("s", [0, 1, ORDER - 1, ORDER, 2**256 - 1])
def test_impossible_signatures_are_only_wrong(r: int, s: int) -> None:
    signature = r.to_bytes(32, "big") + s.to_bytes(32, "big")
    nowhere = PublicKey(KeyType.ECDSA, b"\x02" + b"\xff" * 32)
    for key in (ALICES.public, BOBS.public, nowhere, PublicKey(KeyType.ED25519, b"\xff" * 32)):
        assert not verifies(key, signature, b"data")
    assert not verifies(BOBS.public, signature[:63], b"data")
