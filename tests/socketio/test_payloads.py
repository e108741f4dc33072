"""Payloads: as clients were seen to send them, in characters of any width, and as no client would."""

from contextlib import suppress

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from paydaemon_socketio.engineio.packets import Malformed, Packet, PacketKind, Version
from paydaemon_socketio.engineio.payloads import MAX_PACKETS, decode, encode
from tests.socketio.world import OCTETS, TEXT, octets_v3, text_v3

TEXTS = st.lists(st.text(st.characters(codec="utf-8"), min_size=1).map("4{}".format), min_size=1, max_size=5)
THREE, FOUR = Version


def message(data: str | bytes) -> Packet:
    return Packet(PacketKind.MESSAGE, data)


def test_what_clients_were_seen_to_send() -> None:
    event = '451-["CRYPTOTRANSFER",{"_placeholder":true,"num":0}]'
    assert decode(f"{len(event)}:{event}".encode(), TEXT, THREE) == [message(event[1:])]
    assert decode(b"10:b4AQID/w==", TEXT, THREE) == [message(b"\x01\x02\x03\xff")]
    body = b"\x00\x05\x02\xff" + event.encode() + b"\x01\x05\xff\x04\x01\x02\x03\xff"
    assert decode(body, OCTETS, THREE) == [message(event[1:]), message(b"\x01\x02\x03\xff")]
    assert decode(f"{event}\x1ebAQID/w==".encode(), TEXT, FOUR) == [
        message(event[1:]),
        message(b"\1\2\3\xff"),
    ]


@given(TEXTS)
@example(["4𝄞", "4a𝄞€"])
def test_text_of_version_3_is_counted_as_javascript_counts(texts: list[str]) -> None:
    body = text_v3(*texts)
    assert encode(texts, THREE) == body
    assert decode(body, TEXT, THREE) == [message(text[1:]) for text in texts]


@given(TEXTS.filter(lambda texts: not any("\x1e" in text for text in texts)))
def test_version_4_has_something_between_packets(texts: list[str]) -> None:
    body = encode(texts, FOUR)
    assert body == "\x1e".join(texts).encode()
    assert decode(body, TEXT, FOUR) == [message(text[1:]) for text in texts]


@given(st.lists(st.text(st.characters(codec="utf-8")) | st.binary(), min_size=1, max_size=5))
def test_octets_are_counted_in_bytes(datas: list[str | bytes]) -> None:
    packets = ["4" + data if isinstance(data, str) else b"\x04" + data for data in datas]
    assert decode(octets_v3(*packets), f"{OCTETS}; charset=x", THREE) == [message(data) for data in datas]


@given(st.binary() | st.text().map(str.encode), st.sampled_from([OCTETS, TEXT, ""]), st.sampled_from(Version))
@example(b"99999999:4", TEXT, THREE)
@example(b"1\xc2\xb2:4", TEXT, THREE)
@example(b"\x00" + bytes(20) + b"\xff", OCTETS, THREE)
def test_whatever_comes_is_packets_or_malformed(body: bytes, content_type: str, version: Version) -> None:
    with suppress(Malformed):
        assert decode(body, content_type, version)


@pytest.mark.parametrize(
    ("body", "content_type", "version"),
    [
        (b"", TEXT, THREE),
        (b"", TEXT, FOUR),
        (b"", OCTETS, THREE),
        (b"4hello", TEXT, THREE),
        (b"9:4hello", TEXT, THREE),
        (b"5:4hello", TEXT, THREE),
        (b"123456789:4", TEXT, THREE),
        (b"0:", TEXT, THREE),
        (b"2:4\xff", TEXT, THREE),
        ("2:4𝄞".encode(), TEXT, THREE),
        (b"40\x1e", TEXT, FOUR),
        (b"\x02\x01\xff4", OCTETS, THREE),
        (b"\x00\x02\xff4", OCTETS, THREE),
        (b"\x00\xff4", OCTETS, THREE),
        (b"\x00\x02\xff4\xff", OCTETS, THREE),
        (b"\x00\x01\xff2", OCTETS, FOUR),
    ],
)
def test_what_is_malformed(body: bytes, content_type: str, version: Version) -> None:
    with pytest.raises(Malformed):
        decode(body, content_type, version)


@pytest.mark.parametrize("version", Version)
def test_packets_are_not_too_many(version: Version) -> None:
    assert len(decode(encode(["2"] * MAX_PACKETS, version), TEXT, version)) == MAX_PACKETS
    with pytest.raises(Malformed, match="more than 256 packets"):
        decode(encode(["2"] * (MAX_PACKETS + 1), version), TEXT, version)
