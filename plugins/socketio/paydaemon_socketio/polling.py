"""Polling: a session that is carried by HTTP requests.

One request waits for what is to be told (GET), others bring what is said (POST), each alone of its kind. A
poll is answered by a packet without meaning where nothing is to be told in time: before the server's patience
with a request ends, as soon as the daemon stops, and while the session moves to a websocket, so that the
client can leave it.
"""

import trio

from paydaemon.core.errors import ErrorType, Refusal
from paydaemon.hooks.frontend import Answer, Request
from paydaemon_socketio.attendant import Attendant
from paydaemon_socketio.engineio import payloads
from paydaemon_socketio.engineio.packets import Malformed, Packet, PacketKind
from paydaemon_socketio.engineio.query import Transport
from paydaemon_socketio.engineio.refusals import Code, Refused
from paydaemon_socketio.engineio.session import Session

_WHILE_UPGRADING_S = 0.1
"""How long a poll waits while the client is to leave it: no longer than engine.io's do."""
_MARGIN_S = 3.0
"""By how much a poll is sooner than the server's patience."""


async def poll(attendant: Attendant, stopping: trio.Event, answer_within_s: float) -> Answer:
    """Wait for what is to be told. Raises `Refused` where another poll waits."""
    session = attendant.session
    with session.polled():
        attendant.notice()
        await _wait_for_news(session, stopping, max(answer_within_s / 2, answer_within_s - _MARGIN_S))
        return answer(session)


def answer(session: Session) -> Answer:
    """All that is to be told now, as an answer; something always is."""
    texts = session.take() if session.transport is Transport.POLLING else []
    if session.is_closing:
        texts.append(PacketKind.CLOSE)
    session.sent()
    body = payloads.encode(texts or [PacketKind.NOOP], session.version)
    return Answer(200, body, "text/plain; charset=UTF-8")


async def post(attendant: Attendant, request: Request, body_bytes: int) -> Answer:
    """Deal with what is said. Raises `Refused` where another body is dealt with, and for what is none; and
    `Refusal` for one that has more bytes than it may.

    Each packet takes a turn, as if it had come alone: the first one's was the request's own, and an
    attachment comes with its message.
    """
    session = attendant.session
    if len(request.body) > body_bytes:
        raise Refusal(ErrorType.TOO_LARGE, "body_too_large", f"a body has at most {body_bytes} bytes here")
    with session.posted():
        for place, packet in enumerate(_packets(session, request)):
            if place and not packet.is_attachment:
                await request.pace()
            attendant.hear(packet, request.principal)
    # As engine.io does: a browser that shows it must not take it for a download.
    return Answer(200, b"ok", "text/html")


def _packets(session: Session, request: Request) -> list[Packet]:
    try:
        return payloads.decode(request.body, request.headers.get("content-type", ""), session.version)
    except Malformed as malformed:
        session.end(str(malformed))
        raise Refused(Code.BAD_REQUEST) from None


async def _wait_for_news(session: Session, stopping: trio.Event, patience_s: float) -> None:
    was_upgrading = session.is_upgrading
    try:
        with trio.move_on_after(_WHILE_UPGRADING_S if was_upgrading else patience_s):
            while not (session.has_news or stopping.is_set() or _is_moving(session, was_upgrading)):
                await session.bell.wait()
    except trio.Cancelled:
        session.end("its poll has gone")
        raise


def _is_moving(session: Session, was_upgrading: bool) -> bool:
    return session.is_upgrading is not was_upgrading or session.transport is not Transport.POLLING
