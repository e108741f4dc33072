"""Whatever is sent, it is read or refused, and soon: never anything else, never slowly."""

import base64
import time
from contextlib import suppress

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from paydaemon.core.errors import Refusal
from paydaemon_hedera import text, wire
from paydaemon_hedera.inspection import inspect
from paydaemon_hedera.keys import KeyType
from tests.hedera import maker
from tests.hedera.maker import ALICES, BOBS, CLERKS, NODES, NOW_MS, Signer, amount, tokens

RIGHT = maker.body(amount(maker.ALICE, -3), amount(maker.BOB, -4), amount(maker.PAYEE, 7))
RIGHT.cryptoTransfer.tokenTransfers.append(tokens(5001, amount(maker.ALICE, -1), amount(maker.PAYEE, 1)))
RIGHT.cryptoTransfer.tokenTransfers[0].expected_decimals.value = 6
BODIES = [maker.for_node(RIGHT, node) for node in (3, 4)]
SHAPES = [
    maker.listed(*(maker.today(body, (ALICES, BOBS)) for body in BODIES)),
    maker.signed_transaction(BODIES[0], (ALICES, BOBS)),
    maker.body_bytes(BODIES[0], (ALICES, BOBS)),
    maker.inline(BODIES[0]),
    maker.inline_named(BODIES[0], (ALICES, BOBS)),
]
SLOW_S = 2.0
"""A hundred times what the worst takes on a quiet machine; without limits it takes minutes."""


def tried(given: bytes | str) -> bool:
    """Whether it is taken; anything but a refusal comes out."""
    with suppress(Refusal):
        inspect(given, NODES, NOW_MS)
        return True
    return False


@given(st.binary(max_size=600) | st.text(max_size=300))
def test_arbitrary_input(given: bytes | str) -> None:
    assert not tried(given)


@given(st.sampled_from([b"\x0a", b"\x1a", b"\x22", b"\x2a"]), st.binary(max_size=200))
def test_arbitrary_bytes_behind_a_likely_start(start: bytes, rest: bytes) -> None:
    assert not tried(start + rest)


@pytest.mark.parametrize("shape", range(len(SHAPES)))
def test_every_truncation(shape: int) -> None:
    raw = SHAPES[shape]
    assert tried(raw)
    entry = len(maker.listed(maker.today(BODIES[0], (ALICES, BOBS))))
    for end in range(len(raw)):
        assert not tried(raw[:end]) or (shape == 0 and end == entry)


changes = st.lists(st.tuples(st.floats(0, 1, exclude_max=True), st.integers(1, 255)), min_size=1, max_size=3)


@settings(max_examples=300)
@given(st.sampled_from(SHAPES[1:3]), changes)
def test_a_changed_byte_is_never_taken(raw: bytes, changed: list[tuple[float, int]]) -> None:
    """Every byte is signed, or is a signature, its key, or what holds them."""
    broken = bytearray(raw)
    for at, bits in changed:
        broken[int(at * len(raw))] ^= bits
    if bytes(broken) != raw:
        assert not tried(bytes(broken)) or still_proven(bytes(broken))


def still_proven(raw: bytes) -> bool:
    """Where only a prefix has become shorter, nothing is told until the account's key is asked for."""
    found = inspect(raw, NODES, NOW_MS)
    return any(signature.key is None for signature in found.choices[0].signatures)


@given(st.sampled_from(SHAPES), st.floats(0, 1), st.binary(min_size=1, max_size=20))
def test_bytes_put_in_between(raw: bytes, at: float, more: bytes) -> None:
    tried(raw[: int(at * len(raw))] + more + raw[int(at * len(raw)) :])


def many_signatures() -> bytes:
    """As many as fit, the last one of each entry wrong, so that all before it are verified in vain."""
    pairs = maker.signature_map(BODIES[0], [Signer(KeyType.ECDSA, seed) for seed in range(1, 50)])
    pairs.sigPair.append(CLERKS.pair(b"another"))
    entry = maker.wrapped(BODIES[0], pairs.SerializeToString())
    entries = wire.tagged(1, entry) * (text.MAX_BYTES // (len(entry) + 3))
    with pytest.raises(Refusal, match="do not verify"):
        inspect(entries, NODES, NOW_MS)
    return entries


def nested(number: int) -> bytes:
    inside = b""
    while len(inside) < 60_000:
        inside = wire.tagged(number, inside)
    return inside


@pytest.mark.parametrize(
    "given",
    [
        pytest.param(many_signatures, id="signatures"),
        pytest.param(lambda: nested(1), id="nested"),
        pytest.param(lambda: wire.tagged(1, BODIES[0]) + wire.tagged(2, nested(2)), id="nested signatures"),
        pytest.param(lambda: SHAPES[0] + b"\x0a\x00" * 32_000, id="empty entries"),
        pytest.param(lambda: SHAPES[2] + b"\x2a\x00" * 32_000, id="empty fields"),
        pytest.param(lambda: SHAPES[3] + b"\x12\x00" * 32_000, id="empty signatures"),
        pytest.param(
            lambda: wire.tagged(1, BODIES[0]) + wire.tagged(2, b"\x12\x00" * 32_000), id="empty list"
        ),
        pytest.param(lambda: b"\x2a" + b"\xff" * 60_000, id="endless number"),
        pytest.param(lambda: maker.today(BODIES[0] + b"\x08\x01" * 2_000), id="repeated fields"),
        pytest.param(lambda: b"." * 100_000, id="points"),
        pytest.param(lambda: "=" * 100_000, id="padding"),
        pytest.param(lambda: "0" * 10_000_000, id="hex"),
        pytest.param(lambda: "C" * 10_000_000, id="base64"),
        pytest.param(lambda: base64.b64encode(b"\x0a" * text.MAX_BYTES).decode(), id="the most"),
    ],
)
def test_nothing_takes_long(given: object) -> None:
    assert callable(given)
    worst = given()
    began = time.process_time()
    assert not tried(worst)
    assert time.process_time() - began < SLOW_S
