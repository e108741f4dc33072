"""Websockets: a session that is carried by one from its beginning, or moves to one from polling.

What is said is heard here, and what is to be told is sent by the outlet, until the session is over or the
websocket is gone, whichever comes first. Nobody is waited for: a client that takes too little is cut when too
much waits for it.
"""

import trio

from paydaemon.hooks.frontend import PromptSocket, Request, Socket, SocketGone
from paydaemon_socketio.attendant import Attendant
from paydaemon_socketio.engineio.packets import Malformed, Packet, PacketKind, from_frame
from paydaemon_socketio.engineio.session import Session
from paydaemon_socketio.outlet import GONE

PROBE = "probe"

_NORMAL = 1000
_FAREWELL_S = 1.0


async def carry(attendant: Attendant, socket: PromptSocket, request: Request) -> None:
    """Carry a session by this websocket, to its end."""
    session, outlet = attendant.session, attendant.outlet(socket)
    attendant.notice()
    try:
        with trio.CancelScope() as carrying:
            session.at_end.append(carrying.cancel)
            session.bell.told = outlet.look
            outlet.look()
            await _listen(attendant, socket, request)
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
            if packet == Packet(PacketKind.PING, PROBE):
                await socket.send(f"{PacketKind.PONG}{PROBE}")
                session.begin_upgrade()
            else:
                break
        if packet.kind is PacketKind.UPGRADE and session.is_upgrading:
            session.finish_upgrade()
    except (SocketGone, Malformed):
        pass
    over.cancel()


async def _listen(attendant: Attendant, socket: Socket, request: Request) -> None:
    session = attendant.session
    try:
        while session.is_open:
            frame = await socket.receive()
            await request.pace()
            try:
                packet = from_frame(frame, session.version)
            except Malformed as malformed:
                attendant.reject(malformed)
            else:
                attendant.hear(packet, request.principal)
    except SocketGone:
        session.end(GONE)
