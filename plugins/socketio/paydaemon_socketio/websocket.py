"""Websockets: a session that is carried by one from its beginning, or moves to one from polling.

What is to be told is sent by a task beside the one that hears what is said, until the session is over or the
websocket is gone, whichever comes first: each ends the other. Nobody is waited for: a client that takes too
little is cut when too much waits for it.
"""

import trio

from paydaemon.hooks.frontend import Request, Socket, SocketGone
from paydaemon_socketio.engineio.packets import Kind, Malformed, Packet, from_frame
from paydaemon_socketio.engineio.session import Session
from paydaemon_socketio.visit import Visit

GONE = "the websocket is gone"
PROBE = "probe"

_NORMAL = 1000
_FAREWELL_S = 1.0


async def carry(visit: Visit, socket: Socket, request: Request) -> None:
    """Carry a session by this websocket, to its end."""
    session = visit.session
    visit.attend()
    try:
        async with trio.open_nursery() as nursery:
            session.at_end.append(nursery.cancel_scope.cancel)
            nursery.start_soon(_tell, session, socket)
            await _listen(visit, socket, request)
    finally:
        session.end(GONE)
    if session.reason != GONE:
        with trio.move_on_after(_FAREWELL_S):
            await socket.close(_NORMAL, session.reason)


async def upgrade(session: Session, socket: Socket, request: Request, within_s: float) -> None:
    """Move a session to this websocket. Where that is not done in time, polling goes on."""
    with trio.move_on_after(within_s):
        async with trio.open_nursery() as nursery:
            nursery.start_soon(_probe, session, socket, request, nursery.cancel_scope)
            while not session.is_over:
                await session.bell.wait()
            nursery.cancel_scope.cancel()


async def _probe(session: Session, socket: Socket, request: Request, over: trio.CancelScope) -> None:
    try:
        while True:
            packet = from_frame(await socket.receive(), session.version)
            await request.pace()
            if packet == Packet(Kind.PING, PROBE):
                await socket.send(f"{Kind.PONG}{PROBE}")
                session.begin_upgrade()
            else:
                break
        if packet.kind is Kind.UPGRADE and session.is_upgrading:
            session.finish_upgrade()
    except (SocketGone, Malformed):
        pass
    over.cancel()


async def _listen(visit: Visit, socket: Socket, request: Request) -> None:
    session = visit.session
    try:
        while session.is_open:
            frame = await socket.receive()
            await request.pace()
            try:
                packet = from_frame(frame, session.version)
            except Malformed as malformed:
                visit.reject(malformed)
            else:
                visit.hear(packet, request.principal)
    except SocketGone:
        session.end(GONE)


async def _tell(session: Session, socket: Socket) -> None:
    try:
        while not session.is_over:
            while not session.has_news:
                await session.bell.wait()
            for text in session.take():
                await socket.send(text)
            session.sent()
    except SocketGone:
        session.end(GONE)
