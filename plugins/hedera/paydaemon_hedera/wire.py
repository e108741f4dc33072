"""Protobuf as it stands on the wire, read strictly.

A parser is forgiving: it keeps unknown fields, merges what is there twice, and takes a number in more bytes
than it needs. Two readers of one signed body could so understand two different things, and a node refuses the
first of these anyway. So everything a client hands in is walked once before a parser sees it: each length
inside its bounds, each field known to the message and of its own type, each singular one there once, nothing
behind the end.

What may be in a message is read from its descriptor. Only varints and lengths occur in these messages; fixed
widths and groups are refused like any unknown field.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache
from typing import NamedTuple, cast

from google.protobuf.descriptor import Descriptor, FieldDescriptor
from google.protobuf.message import Message

MAX_DEPTH = 16
"""Messages inside each other: more than any of ours has, and too few to exhaust the stack."""

VARINT = 0
LENGTH = 2

_MORE = 0x80
_MOST: dict[int, int] = {
    FieldDescriptor.TYPE_BOOL: 1,
    FieldDescriptor.TYPE_ENUM: 2**31 - 1,
    FieldDescriptor.TYPE_INT32: 2**31 - 1,
    FieldDescriptor.TYPE_INT64: 2**63 - 1,
    FieldDescriptor.TYPE_UINT32: 2**32 - 1,
    FieldDescriptor.TYPE_UINT64: 2**64 - 1,
    FieldDescriptor.TYPE_SINT64: 2**64 - 1,
}
"""The largest varint of each type. What is signed without zigzag is never negative in these messages."""


class Malformed(ValueError):
    """These bytes are not that message."""


class Field(NamedTuple):
    """One field as it stands: its number, its wire type, where its tag, its value and its end are."""

    number: int
    wire: int
    tag: int
    start: int
    end: int


@dataclass(slots=True)
class _Rule:
    name: str
    bit: int
    excludes: int
    most: int = 0
    shape: "_Shape | None" = None


@dataclass(slots=True)
class _Shape:
    name: str
    rules: dict[int, _Rule] = field(default_factory=dict)


def fields(data: bytes, at: int = 0, end: int | None = None) -> Iterator[Field]:
    """The fields of a message, in order, whatever they mean. Raises `Malformed` where they do not fit."""
    end = len(data) if end is None else end
    while at < end:
        tag = at
        key, at = _varint(data, at, end)
        wire = key & 7
        value, start = _varint(data, at, end)
        if wire == LENGTH:
            at = start + value
        elif wire == VARINT:
            start, at = at, start
        else:
            raise Malformed(f"the message has no field {key >> 3} of wire type {wire}")
        if at > end:
            raise Malformed("a field ends behind its message")
        yield Field(key >> 3, wire, tag, start, at)


def check(message: type[Message], data: bytes) -> None:
    """Raises `Malformed` unless these bytes are strictly that message."""
    _check(_shape(cast(Descriptor, message.DESCRIPTOR)), data, 0, len(data), 1)


def tagged(number: int, value: bytes) -> bytes:
    """A field of bytes or of a message, as it is written; `number` is below 16."""
    length, size = bytearray(), len(value)
    while size >= _MORE:
        length.append(size & 0x7F | _MORE)
        size >>= 7
    return bytes((number << 3 | LENGTH, *length, size)) + value


def _check(shape: _Shape, data: bytes, at: int, end: int, depth: int) -> None:
    """The hot loop of every relay, so one-byte tags and numbers are read in place."""
    if depth > MAX_DEPTH:
        raise Malformed("there are too many messages inside each other")
    rules, seen = shape.rules, 0
    while at < end:
        rule = rules.get(data[at])
        if rule is None:
            raise _unknown(shape, data, at, end)
        if seen & rule.bit:
            raise Malformed(f"{shape.name} has {rule.name} more than once, or beside what it excludes")
        seen |= rule.excludes
        at += 1
        if at < end and (value := data[at]) < _MORE:
            at += 1
        else:
            value, at = _varint(data, at, end)
        if rule.most:
            if value > rule.most:
                raise Malformed(f"{rule.name} of {shape.name} is out of range")
            continue
        stop = at + value
        if stop > end:
            raise Malformed(f"{rule.name} of {shape.name} ends behind its message")
        if rule.shape is not None:
            _check(rule.shape, data, at, stop, depth + 1)
        at = stop


def _unknown(shape: _Shape, data: bytes, at: int, end: int) -> Malformed:
    key, _ = _varint(data, at, end)
    return Malformed(f"{shape.name} has no field {key >> 3} of wire type {key & 7}")


def _varint(data: bytes, at: int, end: int) -> tuple[int, int]:
    """A number of at most 64 bits, in no more bytes than it needs, and where it ends."""
    if at < end and data[at] < _MORE:
        return data[at], at + 1
    value = shift = 0
    while at < end and shift < 64:
        byte = data[at]
        at += 1
        value |= (byte & 0x7F) << shift
        if byte < _MORE:
            if value >= 1 << 64 or (byte == 0 and shift):
                raise Malformed("a number has more than 64 bits, or is written in more bytes than it needs")
            return value, at
        shift += 7
    raise Malformed("a number does not end" if at < end else "the bytes run out")


@cache
def _shape(message: Descriptor) -> _Shape:
    return _shape_of(message, {})


def _shape_of(message: Descriptor, known: dict[str, _Shape]) -> _Shape:
    """A message's rules by their tags. Keys and signatures hold each other, so shapes may be circular."""
    if message.full_name in known:
        return known[message.full_name]
    shape = known[message.full_name] = _Shape(message.name)
    for one in message.fields:
        assert one.number < 16, "a tag of one byte is what the loop reads"
        shape.rules[one.number << 3 | (VARINT if one.type in _MOST else LENGTH)] = _rule(one, known)
    return shape


def _rule(one: FieldDescriptor, known: dict[str, _Shape]) -> _Rule:
    group = one.containing_oneof.fields if one.containing_oneof else (one,)
    excludes = 0 if one.is_repeated else sum(1 << other.number for other in group)
    inner = None if one.message_type is None else _shape_of(one.message_type, known)
    return _Rule(one.name, 1 << one.number, excludes, _MOST.get(one.type, 0), inner)
