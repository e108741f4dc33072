"""What clients say in Socket.IO: connecting, namespaces, acknowledgements, and what cannot be meant."""

import json
from collections.abc import Sequence

import pytest

from paydaemon_socketio.dialogue import Dialogue, Heard
from paydaemon_socketio.engineio.packets import Malformed, Version
from paydaemon_socketio.events import Event, Said

THREE, FOUR = Version
PLACE = '{"_placeholder":true,"num":0}'


class Talk:
    """A dialogue that has begun, and what was said in it since."""

    def __init__(self, version: Version, *heard: str | bytes) -> None:
        self.said: list[str] = []
        self.dialogue = Dialogue(version, self.said.append, 1_000, 1)
        self.dialogue.begin()
        self.events = [event for one in heard if (event := self.dialogue.hear(one))]

    def answers(self) -> Sequence[str]:
        answers, self.said[:] = [*self.said], []
        return answers


def test_version_3_is_connected_at_once() -> None:
    assert Talk(THREE).said == ["40"]


def test_version_4_asks_for_it() -> None:
    talk = Talk(FOUR)
    assert (talk.said, talk.dialogue.is_connected) == ([], False)
    talk.dialogue.hear('0{"token":"whatever"}')
    (answer,) = talk.said
    assert answer.startswith('40{"sid":"')
    with pytest.raises(Malformed):
        talk.dialogue.hear("0")


def test_there_is_one_namespace() -> None:
    assert Talk(THREE, "0/admin,").said == ["40", '44/admin,"Invalid namespace"']
    assert Talk(FOUR, "0/admin?x=1,").said == ['44/admin,{"message":"Invalid namespace"}']


def test_a_client_may_leave_and_come_back() -> None:
    talk = Talk(FOUR, "0", "1")
    with pytest.raises(Malformed):
        talk.dialogue.hear('2["CRYPTOTRANSFER","x"]')
    talk.dialogue.answer(Heard(Event.CRYPTOTRANSFER, b"", None), Said({}))
    assert len(talk.answers()) == 1
    talk.dialogue.hear("0")
    assert len(talk.answers()) == 1


@pytest.mark.parametrize("event", Event)
def test_every_event_is_known(event: Event) -> None:
    heard = Talk(THREE, f'2["{event}","payload"]', f'51-7["{event}",{PLACE}]', b"\x0a").events
    assert heard == [Heard(event, "payload", None), Heard(event, b"\x0a", 7)]


def test_an_answer_and_its_acknowledgement() -> None:
    talk = Talk(THREE)
    talk.answers()
    talk.dialogue.answer(Heard(Event.CONTRACTCALL, b"", 12), Said({"a": None}, "the complaint"))
    assert talk.said == [
        '42["CONTRACTCALL_RESPONSE",{"a":null}]',
        '4312[{"a":null}]',
        '42["PAYMENTSERVERERROR",{"error":"the complaint"}]',
    ]


def test_an_event_that_there_is_not() -> None:
    talk = Talk(THREE, '23["HELLO",1]', '2["' + "x" * 500 + '"]')
    _, ack, error, long = talk.said
    assert ack == "433[" + json.dumps({"error": "there is no event 'HELLO'"}, separators=(",", ":")) + "]"
    assert error == '42["PAYMENTSERVERERROR",{"error":"there is no event \'HELLO\'"}]'
    assert len(long) < 200


@pytest.mark.parametrize(
    "heard",
    [
        ["nonsense"],
        [b"an attachment"],
        [f'51-["CRYPTOTRANSFER",{PLACE}]', '2["CRYPTOTRANSFER","x"]'],
        [f'51-["CRYPTOTRANSFER",{PLACE}]', b"a", b"b"],
        ['2/admin,["CRYPTOTRANSFER","x"]'],
        ["3[1]"],
        ["60-[1]"],
        ['4"no"'],
        ['2["X","' + "x" * 1_000 + '"]'],
        ["2[7]"],
    ],
)
def test_what_cannot_be_meant(heard: list[str | bytes]) -> None:
    with pytest.raises(Malformed):
        Talk(THREE, *heard)


@pytest.mark.parametrize("heard", ['2["CRYPTOTRANSFER","x"]', "1"])
def test_nobody_is_heard_who_is_not_connected(heard: str) -> None:
    with pytest.raises(Malformed):
        Talk(FOUR, heard)
