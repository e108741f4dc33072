"""Socket.IO's messages: read within bounds, written so that every client takes them."""

from contextlib import suppress

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from paydaemon_socketio import messages
from paydaemon_socketio.engineio.packets import Malformed
from paydaemon_socketio.messages import MAX_DEPTH, MessageKind, read

PLACE = '{"_placeholder":true,"num":0}'


def test_an_event_with_an_attachment() -> None:
    found = read(f'51-["CRYPTOTRANSFER",{PLACE}]', 1)
    assert (found.kind, found.is_whole) == (MessageKind.BINARY_EVENT, False)
    assert (found.namespace, found.id) == ("/", None)
    found.attach(b"\x0a\x00")
    assert (found.is_whole, found.event) == (True, ("CRYPTOTRANSFER", b"\x0a\x00"))


def test_an_event_of_text() -> None:
    found = read('2/,17["CRYPTOTRANSFER","CgA=","more"]', 1)
    assert (found.is_whole, found.id, found.event) == (True, 17, ("CRYPTOTRANSFER", "CgA="))
    assert read('2["X"]', 1).event == ("X", None)


def test_a_namespace_and_its_query() -> None:
    assert read('0/admin?token=1,{"a":1}', 1).namespace == "/admin"
    assert read("0", 1).namespace == "/"


def test_what_is_written() -> None:
    assert (
        messages.event("X_RESPONSE", {"error": None, "ü": 1}) == '2["X_RESPONSE",{"error":null,"\\u00fc":1}]'
    )
    assert messages.ack(7, {"a": 1}) == '37[{"a":1}]'
    assert messages.connected() == "0"
    assert messages.connected({"sid": "s"}) == '0{"sid":"s"}'
    assert messages.not_connected("/admin", "no") == '4/admin,"no"'


@pytest.mark.parametrize(
    "text",
    [
        "",
        "9",
        "7[]",
        'a["X"]',
        '5["X"]',
        f'52-["X",{PLACE}]',
        f'5999-["X",{PLACE}]',
        f'599999-["X",{PLACE}]',
        '21-["X"]',
        "2" + "1" * 16 + '["X"]',
        '2²["X"]',
        '2["X"',
        '2["X",]',
        "2/" + "n" * 300 + ",[]",
        "2[" + "9" * 200 + "]",
        "2" + "[" * (MAX_DEPTH + 1) + "]" * (MAX_DEPTH + 1),
        "2" + '[{"a":' * MAX_DEPTH,
    ],
)
def test_what_is_malformed(text: str) -> None:
    with pytest.raises(Malformed):
        read(text, 1)


@pytest.mark.parametrize("data", ["", "{}", "[]", "[1]", '"X"', "[null]", "7e1"])
def test_an_event_without_a_name(data: str) -> None:
    with pytest.raises(Malformed):
        _ = read(f"2{data}", 1).event


@pytest.mark.parametrize("num", ["1", "-2", '"x"', "null", "1.5", "[]", "{}"])
def test_an_attachment_without_a_place(num: str) -> None:
    found = read(f'51-["X",{{"_placeholder":true,"num":{num}}}]', 1)
    with pytest.raises(Malformed):
        found.attach(b"")


def test_more_attachments_where_they_may_be() -> None:
    found = read('52-["X",{"_placeholder":true,"num":1},{"_placeholder":true,"num":0}]', 2)
    found.attach(b"a")
    assert not found.is_whole
    found.attach(b"b")
    assert found.event == ("X", b"b")


def test_brackets_in_a_string_are_no_depth() -> None:
    text = "[{" * 50
    assert read(f'2["X","\\"{text}"]', 1).event == ("X", f'"{text}')


@given(st.text() | st.from_regex(r"[0-6]([0-9]{1,2}-)?(/[a-z]*,)?[0-9]*[\[{].*", fullmatch=True))
@example('51-["X",{"_placeholder":1,"num":true}]')
@example("2²")
def test_whatever_comes_is_a_message_or_malformed(text: str) -> None:
    with suppress(Malformed):
        found = read(text, 1)
        if not found.is_whole:
            found.attach(b"")
        _ = found.namespace, found.id, found.event
