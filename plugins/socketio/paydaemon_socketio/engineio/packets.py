"""Packets: what the two sides of a session say, one after the other.

A packet is a digit for its kind, and its data. What is binary comes in a frame of its own on a websocket, or
as base64 behind a ``b``; version 3 puts the kind in front of it, for version 4 it is a message always.
https://github.com/socketio/engine.io-protocol#packet-types
"""

import binascii
from dataclasses import dataclass
from enum import IntEnum, StrEnum


class Version(IntEnum):
    """Of the protocol, as the parameter ``EIO`` says it."""

    THREE = 3
    FOUR = 4


class PacketKind(StrEnum):
    """What a packet is."""

    OPEN = "0"
    CLOSE = "1"
    PING = "2"
    PONG = "3"
    MESSAGE = "4"
    UPGRADE = "5"
    NOOP = "6"


@dataclass(frozen=True, slots=True)
class Packet:
    """One packet; its data is bytes where it came as such."""

    kind: PacketKind
    data: str | bytes = ""

    @property
    def is_attachment(self) -> bool:
        """Whether it belongs to the message before it."""
        return self.kind is PacketKind.MESSAGE and isinstance(self.data, bytes)


class Malformed(ValueError):
    """What came is none of the protocol. Says why, without quoting it."""


def from_frame(frame: str | bytes, version: Version) -> Packet:
    """The packet that one websocket message is. Raises `Malformed`."""
    if isinstance(frame, str):
        return from_text(frame, version)
    if version is Version.FOUR:
        return Packet(PacketKind.MESSAGE, frame)
    if not frame:
        raise Malformed("a packet is empty")
    return Packet(_kind(chr(ord("0") + frame[0]) if frame[0] < len(PacketKind) else ""), frame[1:])


def from_text(text: str, version: Version) -> Packet:
    """The packet that a text is. Raises `Malformed`."""
    if not text:
        raise Malformed("a packet is empty")
    if text[0] != "b":
        return Packet(_kind(text[0]), text[1:])
    if version is Version.FOUR:
        return Packet(PacketKind.MESSAGE, _decoded(text[1:]))
    return Packet(_kind(text[1:2]), _decoded(text[2:]))


def _kind(digit: str) -> PacketKind:
    try:
        return PacketKind(digit)
    except ValueError:
        raise Malformed("a packet is of no known kind") from None


def _decoded(text: str) -> bytes:
    try:
        return binascii.a2b_base64(text, strict_mode=True)
    except ValueError:
        raise Malformed("a binary packet is not base64") from None
