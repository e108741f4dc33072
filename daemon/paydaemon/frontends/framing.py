"""What streams are framed in: RFC 6455's frames as a server sends them, and server-sent events.

A server masks nothing, so what goes over the wire is the same for all who are told the same: it is made once.
Server-sent events: https://html.spec.whatwg.org/multipage/server-sent-events.html, section 9.2.
"""

import struct

TEXT_FRAME = 0x81
CLOSE_FRAME = 0x88
"""RFC 6455, section 5.2: the final fragment, with the opcode of a text, and of a connection close."""

_IN_ONE_BYTE, _IN_TWO_BYTES = 125, 0xFFFF


def text_frame(text: bytes) -> bytes:
    """A server's message of text, in UTF-8."""
    size = len(text)
    if size <= _IN_ONE_BYTE:
        return bytes((TEXT_FRAME, size)) + text
    if size <= _IN_TWO_BYTES:
        return struct.pack("!BBH", TEXT_FRAME, 126, size) + text
    return struct.pack("!BBQ", TEXT_FRAME, 127, size) + text


def close_frame(code: int, reason: str) -> bytes:
    """A server's close frame, unmasked (RFC 6455, section 5.5.1)."""
    payload = struct.pack("!H", code) + reason.encode()
    assert len(payload) <= _IN_ONE_BYTE, "RFC 6455, section 5.5: a control frame holds at most 125 bytes"
    return bytes((CLOSE_FRAME, len(payload))) + payload


def sse_message(type: str, data: bytes, id: str | None = None) -> bytes:
    """One server-sent event. Neither part may hold a line break; JSON as we write it holds none."""
    head = f"event: {type}\n" if id is None else f"id: {id}\nevent: {type}\n"
    return head.encode() + b"data: " + data + b"\n\n"


def chunk(data: bytes) -> bytes:
    """A piece of a body whose length is not known yet (RFC 9112, section 7.1)."""
    return b"%x\r\n%b\r\n" % (len(data), data)


LAST_CHUNK = b"0\r\n\r\n"
