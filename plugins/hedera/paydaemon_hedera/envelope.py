"""Envelopes: what carries a signed body to a node, in every shape that a client may have.

    TransactionList{Transaction…}               what the SDKs' `toBytes()` gives, an entry for each node
    Transaction{signedTransactionBytes}         today's
    Transaction{bodyBytes, sigMap}              deprecated
    Transaction{body, sigs | sigMap}            deprecated longer, and refused by nodes
    SignedTransaction{bodyBytes, sigMap}        what today's one holds
    TransactionBody and SignatureMap            apart, as HIP-820 has them: `join`

The same bytes can be parsed as several of these without any error, so the shape is never found by trying. A
message's first field leads to the first field of what it holds, and so on down to the seconds of the
transaction's id: the tags on this way (`_spine`) tell the shapes apart.

Today's envelope is passed on byte for byte, the others are put into it with the signed bytes untouched.
"""

from dataclasses import dataclass

from paydaemon.core.errors import Refusal
from paydaemon_hedera import refusals, signatures, strict, wire
from paydaemon_hedera.proto.basic_types_pb2 import SignatureList, SignatureMap
from paydaemon_hedera.proto.transaction_contents_pb2 import SignedTransaction
from paydaemon_hedera.signatures import Signature

MAX_BYTES = 6144
"""The most that a node takes, for each entry; a list of them may have more."""

_LIST, _BODY, _SIGS, _SIG_MAP, _BODY_BYTES, _SIGNED = 1, 1, 2, 3, 4, 5
_TRANSACTION = (b"\x1a", b"\x22", b"\x2a")
"""What a Transaction starts with, unless it holds its body inline."""

_NESTED = 0x0A


@dataclass(frozen=True, slots=True)
class Entry:
    """A transaction for one node.

    `body` is the very bytes that are signed, and `envelope` what is submitted.
    """

    body: bytes
    signatures: tuple[Signature, ...]
    envelope: bytes


def read(raw: bytes) -> tuple[Entry, ...]:
    """The entries of any of the shapes, in order. Raises `Refusal` for anything else."""
    spine = _spine(raw)
    if spine.startswith(_TRANSACTION):
        return (transaction(raw),)
    if spine.startswith(_TRANSACTION, 1) or spine == b"\x0a\x0a\x0a\x0a\x08":
        return _list(raw)
    if spine == b"\x0a\x0a\x08":
        raise refusals.unproven("are missing: it is a body alone")
    if spine != b"\x0a\x0a\x0a\x08":
        raise _unrecognised()
    return (transaction(raw),) if _is_inline(raw) else (_signed(raw, _limited(wire.tagged(_SIGNED, raw))),)


def join(body: bytes, signature_map: bytes) -> bytes:
    """The SignedTransaction of a body and its signatures, each as it is."""
    return wire.tagged(1, body) + wire.tagged(2, signature_map)


def _spine(raw: bytes) -> bytes:
    """The tag of the first field, of the first field in that, and so on down to anything but field 1."""
    tags, at, end = bytearray(), 0, len(raw)
    try:
        while len(tags) < 5:
            first = next(wire.fields(raw, at, end))
            tags.append(raw[first.tag])
            if raw[first.tag] != _NESTED:
                break
            at, end = first.start, first.end
    except wire.Malformed as wrong:
        raise refusals.wrong(refusals.TRANSACTION, str(wrong)) from None
    except StopIteration:
        raise _unrecognised() from None
    return bytes(tags)


def _is_inline(raw: bytes) -> bool:
    """Whether what starts with a body is a Transaction that holds it inline, or a SignedTransaction.

    Both may go on with field 2. The pairs of a SignatureMap are its field 1, the signatures of a
    SignatureList its field 2; the field 3 of a Transaction is a message and that of a SignedTransaction a
    number.
    """
    second = next((field for field in strict.fields(raw) if field.number != 1), None)
    if second is None or second.start == second.end:
        return False
    if second.number == _SIGS:
        return raw[second.start] == 0x12
    return second.wire == wire.LENGTH


def _list(raw: bytes) -> tuple[Entry, ...]:
    fields = strict.fields(raw)
    if any(field.number != _LIST or field.wire != wire.LENGTH for field in fields):
        raise refusals.wrong(refusals.TRANSACTION, "TransactionList has only entries")
    return tuple(transaction(raw[field.start : field.end]) for field in fields)


def transaction(raw: bytes) -> Entry:
    """The entry of a Transaction in any of its shapes. Raises `Refusal`."""
    parts = _parts(_limited(raw))
    match sorted(parts):
        case [5]:
            return _signed(parts[_SIGNED], raw)
        case [4] | [3, 4]:
            return _from_parts(parts[_BODY_BYTES], parts.get(_SIG_MAP, b""))
        case [1] | [1, 3]:
            return _from_parts(parts[_BODY], parts.get(_SIG_MAP, b""))
        case [1, 2]:
            listed = strict.parse(SignatureList, parts[_SIGS], refusals.SIGNATURES)
            return _from_parts(parts[_BODY], signatures.of_list(listed).SerializeToString())
        case _:
            raise refusals.wrong(refusals.TRANSACTION, "Transaction mixes its shapes, or is empty")


def _parts(raw: bytes) -> dict[int, bytes]:
    """What a Transaction holds, by field; what is there and empty is as if it were not."""
    parts: dict[int, bytes] = {}
    for field in strict.fields(raw):
        if not 1 <= field.number <= _SIGNED or field.wire != wire.LENGTH:
            raise refusals.wrong(refusals.TRANSACTION, f"Transaction has no field {field.number}")
        if field.number in parts:
            raise refusals.wrong(refusals.TRANSACTION, f"Transaction has field {field.number} more than once")
        parts[field.number] = raw[field.start : field.end]
    return {number: part for number, part in parts.items() if part}


def _from_parts(body: bytes, signature_map: bytes) -> Entry:
    signed = join(body, signature_map)
    return Entry(body, _signatures(signature_map), _limited(wire.tagged(_SIGNED, signed)))


def _signed(raw: bytes, envelope: bytes) -> Entry:
    signed = strict.parse(SignedTransaction, raw)
    if signed.use_serialized_tx_message_hash_algorithm:
        raise refusals.unsupported(refusals.TRANSACTION, "asks for another hash than the network's")
    return Entry(signed.bodyBytes, signatures.read(signed.sigMap), envelope)


def _signatures(signature_map: bytes) -> tuple[Signature, ...]:
    return signatures.read(strict.parse(SignatureMap, signature_map, refusals.SIGNATURES))


def _limited(raw: bytes) -> bytes:
    if len(raw) > MAX_BYTES:
        raise refusals.wrong(refusals.TRANSACTION, f"must have at most {MAX_BYTES} bytes for each node")
    return raw


def _unrecognised() -> Refusal:
    return refusals.wrong(refusals.TRANSACTION, "is no transaction in any form that is known")
