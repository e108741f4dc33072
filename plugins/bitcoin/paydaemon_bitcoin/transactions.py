"""Raw transactions, read strictly.

Bytes from the network are not trusted: a slice of Python bytes is silently shorter where the bytes run out,
so every length is checked before it is used, and a transaction has to end exactly where its bytes do. The
layout is that of Bitcoin Core's ``primitives/transaction.h``, with witnesses as in BIP-144.
"""

import hashlib
from dataclasses import dataclass

MAX_BYTES = 4_000_000
"""The most bytes that a transaction can have: BIP-141 limits a whole block to that much weight."""

MAX_MONEY = 21_000_000 * 100_000_000
"""The most satoshi that can exist (``consensus/amount.h``)."""

_OUTPOINT = 36
_LEAST_INPUT = _OUTPOINT + 1 + 4
_LEAST_OUTPUT = 8 + 1


@dataclass(frozen=True, slots=True)
class Output:
    """One output: who may spend it, and how many satoshi it holds."""

    script: bytes
    amount_minor: int


@dataclass(frozen=True, slots=True)
class Transaction:
    """What matters here of a transaction. `spends` are the 36 bytes of each input's outpoint."""

    txid: str
    spends: frozenset[bytes]
    outputs: tuple[Output, ...]


def outputs(raw: bytes) -> list[tuple[bytes, int]]:
    """Each output's script and satoshi, in order. Raises `ValueError` for anything but a transaction."""
    return _read(raw)[3]


def parse(raw: bytes) -> Transaction:
    """The whole transaction. Raises `ValueError` for anything but a transaction."""
    segwit, body, end, paid, spends = _read(raw)
    stripped = raw[:4] + raw[body:end] + raw[-4:] if segwit else raw
    digest = hashlib.sha256(hashlib.sha256(stripped).digest()).digest()
    return Transaction(
        digest[::-1].hex(), frozenset(spends), tuple(Output(script, amount) for script, amount in paid)
    )


def _read(raw: bytes) -> tuple[bool, int, int, list[tuple[bytes, int]], list[bytes]]:
    """Whether there are witnesses, where inputs begin and outputs end, the outputs, the spent outpoints."""
    if not 10 <= len(raw) <= MAX_BYTES:
        raise ValueError(f"a transaction cannot have {len(raw)} bytes")
    segwit = raw[4] == 0
    if segwit and raw[5] != 1:
        raise ValueError("a transaction without inputs")
    body = 6 if segwit else 4
    spends, at = _inputs(raw, body)
    paid, end = _outputs(raw, at)
    at = _skip_witnesses(raw, end, len(spends)) if segwit else end
    if at + 4 != len(raw):
        raise ValueError("the transaction ends before or after its bytes do")
    return segwit, body, end, paid, spends


def _inputs(raw: bytes, at: int) -> tuple[list[bytes], int]:
    count, at = _count(raw, at, _LEAST_INPUT)
    if count == 0:
        raise ValueError("a transaction without inputs")
    spends = []
    for _ in range(count):
        spends.append(raw[at : at + _OUTPOINT])
        length, at = _count(raw, at + _OUTPOINT, 1)
        at += length + 4
    return spends, at


def _outputs(raw: bytes, at: int) -> tuple[list[tuple[bytes, int]], int]:
    count, at = _count(raw, at, _LEAST_OUTPUT)
    paid = []
    for _ in range(count):
        amount = int.from_bytes(raw[at : at + 8], "little")
        if amount > MAX_MONEY:
            raise ValueError("an output of more money than there is")
        length, at = _count(raw, at + 8, 1)
        paid.append((raw[at : at + length], amount))
        at += length
    return paid, at


def _skip_witnesses(raw: bytes, at: int, inputs: int) -> int:
    for _ in range(inputs):
        items, at = _count(raw, at, 1)
        for _ in range(items):
            length, at = _count(raw, at, 1)
            at += length
    return at


def _count(raw: bytes, at: int, least: int) -> tuple[int, int]:
    """A CompactSize and where it ends. So many things of `least` bytes must fit into what is left."""
    if at >= len(raw):
        raise ValueError("the transaction's bytes run out")
    value = raw[at]
    at += 1
    if value >= 0xFD:
        width = 1 << (value - 0xFC)
        value = int.from_bytes(raw[at : at + width], "little")
        at += width
        if value < (0xFD, 0x1_0000, 0x1_0000_0000)[width.bit_length() - 2]:
            raise ValueError("a length is written in more bytes than it needs")
    if value * least > len(raw) - at:
        raise ValueError("the transaction's bytes run out")
    return value, at
