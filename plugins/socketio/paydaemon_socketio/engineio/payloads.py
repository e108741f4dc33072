"""Payloads: several packets in the body of one HTTP request, or of its answer.

Version 3 puts a length in front of each packet: in units of UTF-16 and with a colon where the body is text,
since that is how JavaScript counts, and in bytes where it is ``application/octet-stream``, as one byte for
each digit between a 0 or 1 (text or binary) and a 255. Version 4 puts U+001E between them.
https://github.com/socketio/engine.io-protocol/tree/v3#payload, …#http-long-polling
"""

import re
from collections.abc import Iterator, Sequence

from paydaemon_socketio.engineio.packets import Malformed, Packet, Version, from_frame, from_text

MAX_PACKETS = 256
"""In one body. Whoever has many events waiting sends them together, each with its attachment."""

OCTETS = "application/octet-stream"
_SEPARATOR = "\x1e"
_LENGTH = re.compile(r"([0-9]{1,8}):")
_OCTETS_HEAD = re.compile(rb"([\x00\x01])([\x00-\x09]{1,8})\xff")
_BEYOND_16_BITS = re.compile("[\U00010000-\U0010ffff]")


def encode(texts: Sequence[str], version: Version) -> bytes:
    """Packets that are text, as they are sent."""
    if version is Version.FOUR:
        return _SEPARATOR.join(texts).encode()
    return "".join(f"{len(_in_units(text))}:{text}" for text in texts).encode()


def decode(body: bytes, content_type: str, version: Version) -> list[Packet]:
    """The packets of a body. Raises `Malformed`, also where they are more than `MAX_PACKETS`."""
    is_octets = content_type.partition(";")[0].strip().lower() == OCTETS
    if is_octets and version is Version.FOUR:
        raise Malformed(f"version 4 of the protocol has no {OCTETS}")
    packets: list[Packet] = []
    for packet in _from_octets(body) if is_octets else _from_text(_as_text(body), version):
        packets.append(packet)
        if len(packets) > MAX_PACKETS:
            raise Malformed(f"there are more than {MAX_PACKETS} packets at once")
    if not packets:
        raise Malformed("there is no packet")
    return packets


def _from_text(text: str, version: Version) -> Iterator[Packet]:
    parts = text.split(_SEPARATOR, MAX_PACKETS + 1) if version is Version.FOUR else _cut(_in_units(text))
    return (from_text(part, version) for part in parts)


def _cut(units: str) -> Iterator[str]:
    """The packets of a text of version 3, each character of which is one unit of UTF-16."""
    at = 0
    while at < len(units):
        length = _LENGTH.match(units, at)
        if length is None:
            raise Malformed("a packet's length is missing")
        at = length.end() + int(length[1])
        if at > len(units):
            raise Malformed("a packet is longer than the rest")
        yield _in_characters(units[length.end() : at])


def _from_octets(body: bytes) -> Iterator[Packet]:
    at = 0
    while at < len(body):
        head = _OCTETS_HEAD.match(body, at)
        if head is None:
            raise Malformed("a packet's length is missing")
        at = head.end() + int("".join(map(str, head[2])))
        if at > len(body):
            raise Malformed("a packet is longer than the rest")
        data = body[head.end() : at]
        yield from_frame(data if head[1] == b"\x01" else _as_text(data), Version.THREE)


def _as_text(body: bytes) -> str:
    try:
        return body.decode()
    except UnicodeDecodeError:
        raise Malformed("the text is not UTF-8") from None


def _in_units(text: str) -> str:
    """The same text with two halves (surrogates) in place of each character beyond 16 bits."""
    return text if text.isascii() else _BEYOND_16_BITS.sub(_halves, text)


def _halves(found: re.Match[str]) -> str:
    rest = ord(found[0]) - 0x10000
    return chr(0xD800 + (rest >> 10)) + chr(0xDC00 + (rest & 0x3FF))


def _in_characters(units: str) -> str:
    if units.isascii():
        return units
    try:
        return units.encode("utf-16-le", "surrogatepass").decode("utf-16-le")
    except UnicodeDecodeError:
        raise Malformed("a packet's length cuts a character in two") from None
