"""Websockets: a session that is carried by one from its beginning, or moves to one from polling.

What is said is heard here, and what is to be told is sent by the outlet, until the session is over or the
websocket is gone, whichever comes first. Nobody is waited for: a client that takes too little is cut when too
much waits for it.
"""

import trio

from paydaemon.hooks.frontend import PromptSocket, Request, Socket, SocketGone
from paydaemon_socketio.engineio.packets import Kind, Malformed, Packet, from_frame
from paydaemon_socketio.engineio.session import Session
from paydaemon_socketio.outlet import GONE
from paydaemon_socketio.visit import Visit

PROBE = "probe"

_NORMAL = 1000
_FAREWELL_S = 1.0


async def carry(visit: Visit, socket: PromptSocket, request: Request) -> None:
    """Carry a session by this websocket, to its end."""
    session, outlet = visit.session, visit.outlet(socket)
    visit.attend()
    try:
        with trio.CancelScope() as carrying:
            session.at_end.append(carrying.cancel)
            session.bell.told = outlet.look
            outlet.look()
            await _listen(visit, socket, request)
            while not session.is_over:
                await session.bell.wait()
    finally:
        session.bell.told = None
        session.end(GONE)
        outlet.close()
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
