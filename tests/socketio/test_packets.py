"""Packets in both versions: what clients send is read, and nothing else raises anything but `Malformed`."""

import base64
from contextlib import suppress

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from paydaemon_socketio.engineio.packets import Malformed, Packet, PacketKind, Version, from_frame, from_text

VERSIONS = st.sampled_from(list(Version))


@given(st.sampled_from(list(PacketKind)), st.text(), VERSIONS)
def test_a_text_is_its_kind_and_its_data(kind: PacketKind, data: str, version: Version) -> None:
    assert from_frame(f"{kind}{data}", version) == Packet(kind, data)


@given(st.binary())
def test_what_is_binary_has_its_kind_in_front_or_is_a_message(data: bytes) -> None:
    assert from_frame(b"\x04" + data, Version.THREE) == Packet(PacketKind.MESSAGE, data)
    assert from_frame(data, Version.FOUR) == Packet(PacketKind.MESSAGE, data)
    text = base64.b64encode(data).decode()
    assert from_text(f"b4{text}", Version.THREE) == Packet(PacketKind.MESSAGE, data)
    assert from_text(f"b{text}", Version.FOUR) == Packet(PacketKind.MESSAGE, data)


@given(st.text() | st.text().map("b{}".format) | st.binary(), VERSIONS)
@example("b", Version.THREE)
@example("b4=", Version.THREE)
@example("", Version.FOUR)
@example(b"\xff\x00", Version.THREE)
def test_whatever_comes_is_a_packet_or_malformed(frame: str | bytes, version: Version) -> None:
    with suppress(Malformed):
        assert isinstance(from_frame(frame, version), Packet)


@pytest.mark.parametrize(
    ("frame", "version"),
    [
        ("", Version.THREE),
        (b"", Version.THREE),
        ("7", Version.FOUR),
        ("x", Version.THREE),
        ("b9AQID", Version.THREE),
        ("b4AQI", Version.THREE),
        ("b4AQ%ID", Version.THREE),
        ("bA", Version.FOUR),
        ("bäää=", Version.FOUR),
        (b"\x07", Version.THREE),
        (b"4hello", Version.THREE),
    ],
)
def test_what_is_malformed(frame: str | bytes, version: Version) -> None:
    with pytest.raises(Malformed):
        from_frame(frame, version)
