"""A session under everything that may happen to it, in any order: what it promises whoever carries it."""

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from paydaemon_socketio.engineio.heartbeat import Times
from paydaemon_socketio.engineio.packets import Malformed, Packet, PacketKind, Version
from paydaemon_socketio.engineio.query import Transport
from paydaemon_socketio.engineio.refusals import Refused
from paydaemon_socketio.engineio.session import TOO_SLOW, Bounds, Session

TIMES = Times(ping_interval_s=25, ping_timeout_s=20, speak_within_s=20)
BOUNDS = Bounds(queued_messages=5, queued_bytes=50)


class AnySession(RuleBasedStateMachine):
    """Keeps beside the session what must have become of it."""

    @initialize(version=st.sampled_from(Version), transport=st.sampled_from(Transport))
    def open(self, version: Version, transport: Transport) -> None:
        self.now_s = 0.0
        self.heard_at_s = 0.0
        self.waiting: list[str] = []
        self.was_over = False
        self.session = Session("id", version, transport, TIMES, BOUNDS, 0)

    @rule(text=st.text(max_size=30))
    def say(self, text: str) -> None:
        was_open = self.session.is_open
        self.session.say(text)
        if was_open and self.session.is_open:
            self.waiting.append(text)
        assert self.session.has_news

    @rule()
    def take(self) -> None:
        taken = self.session.take()
        assert taken == ([] if self.session.is_over else self.waiting)
        self.waiting = []
        was_closing = self.session.is_closing
        self.session.sent()
        assert self.session.is_over or not was_closing

    @rule(kind=st.sampled_from(PacketKind), data=st.text(max_size=3))
    def hear(self, kind: PacketKind, data: str) -> None:
        was_open, version = self.session.is_open, self.session.version
        wrong = PacketKind.PONG if version is Version.THREE else PacketKind.PING
        if was_open and kind is wrong:
            with pytest.raises(Malformed):
                self.session.hear(Packet(kind, data), self.now_s)
            return
        found = self.session.hear(Packet(kind, data), self.now_s)
        assert found == (data if was_open and kind is PacketKind.MESSAGE else None)
        if was_open:
            self.heard_at_s = self.now_s
            if kind is PacketKind.PING and self.session.is_open:
                self.waiting.append(PacketKind.PONG)
            assert kind is not PacketKind.CLOSE or self.session.is_over

    @rule()
    def speak(self) -> None:
        self.session.spoke()

    @rule(after_s=st.sampled_from([0.1, 5, 19, 20, 25, 46]))
    def pass_time(self, after_s: float) -> None:
        """As whoever keeps the time does: at each moment that is due."""
        until_s = self.now_s + after_s
        while not self.session.is_over and self.session.due_at_s <= until_s:
            self.now_s = max(self.now_s, self.session.due_at_s)
            was_open, said = self.session.is_open, len(self.waiting)
            self.session.keep_time(self.now_s)
            if was_open and self.session.is_open:
                self.waiting.append(PacketKind.PING)
                assert len(self.waiting) == said + 1
        self.now_s = until_s

    @rule()
    def close(self) -> None:
        self.session.close("enough", self.now_s)
        assert not self.session.is_open

    @precondition(lambda self: self.session.transport is Transport.POLLING)
    @rule(is_finished=st.booleans())
    def probe(self, is_finished: bool) -> None:
        with self.session.probed():
            self.refuse_another()
            self.session.begin_upgrade()
            assert self.session.is_upgrading
            if is_finished:
                self.session.finish_upgrade()
                assert not self.session.is_upgrading
        assert (self.session.transport is Transport.WEBSOCKET) is is_finished

    @precondition(lambda self: self.session.transport is Transport.WEBSOCKET)
    @rule()
    def probe_in_vain(self) -> None:
        self.refuse_another()
        with pytest.raises(Refused):
            self.session.require_polling()

    def refuse_another(self) -> None:
        with pytest.raises(Refused), self.session.probed():
            pass

    @rule()
    def poll_twice(self) -> None:
        with self.session.polled(), self.session.posted(), pytest.raises(Refused), self.session.polled():
            pass
        assert self.session.is_over

    @invariant()
    def what_is_over_stays_over(self) -> None:
        if not hasattr(self, "session"):
            return
        assert self.session.is_over or not self.was_over
        self.was_over = self.session.is_over
        assert [self.session.is_open, self.session.is_closing, self.session.is_over].count(True) == 1
        if self.session.is_over:
            assert self.session.reason
            assert self.session.take() == []

    @invariant()
    def nobody_is_waited_for(self) -> None:
        if hasattr(self, "session"):
            assert self.session.is_over or self.now_s < self.heard_at_s + 46 + 25
            assert len(self.waiting) <= BOUNDS.queued_messages
            assert len(self.waiting) <= 1 or sum(map(len, self.waiting)) <= BOUNDS.queued_bytes


TestAnySession = AnySession.TestCase


def test_what_waits_is_bounded_in_bytes_but_for_a_single_message() -> None:
    session = Session("id", Version.THREE, Transport.POLLING, TIMES, BOUNDS, 0)
    session.say("x" * 1_000)
    assert session.take() == ["x" * 1_000]
    session.say("x" * 30)
    session.say("x" * 20)
    assert session.is_open
    session.say("x")
    assert (session.is_over, session.reason) == (True, TOO_SLOW)
