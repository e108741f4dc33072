"""The service: takes each request and websocket to the session that it is for, or opens one."""

import json

import structlog
import trio

from paydaemon.hooks.frontend import Accept, Answer, FrontendHost, Request
from paydaemon_socketio import polling, websocket
from paydaemon_socketio.attendant import Attendant
from paydaemon_socketio.clerk import Clerk
from paydaemon_socketio.config import SocketIoConfig
from paydaemon_socketio.dialogue import Dialogue
from paydaemon_socketio.engineio import query, refusals
from paydaemon_socketio.engineio.heartbeat import Times
from paydaemon_socketio.engineio.packets import PacketKind, Version
from paydaemon_socketio.engineio.query import Asked, Transport
from paydaemon_socketio.engineio.refusals import Code, Refused
from paydaemon_socketio.engineio.session import Bounds, Session
from paydaemon_socketio.outlet import GONE
from paydaemon_socketio.registry import Registry, new_id

log = structlog.get_logger(__name__)


class Service:
    """One run of the frontend. Its attendants live in `nursery`."""

    def __init__(self, host: FrontendHost, config: SocketIoConfig, nursery: trio.Nursery) -> None:
        limits = config.limits
        self.registry = Registry(limits.sessions, limits.sessions_per_client)
        self._host = host
        self._limits = limits
        self._nursery = nursery
        self._clerk = Clerk(host, config.chain, limits.attachment_bytes, limits.receipt_wait_s)
        self._times = Times(limits.ping_interval_s, limits.ping_timeout_s, limits.speak_within_s)
        self._bounds = Bounds(limits.queued_messages, limits.queued_bytes)

    async def handle(self, request: Request) -> Answer:
        """Polling."""
        try:
            asked = query.read(request.query, Transport.POLLING, request.method)
            if asked.sid is None:
                return polling.answer(self._open(asked, request.client).session)
            attendant = self.registry.find(asked.sid)
            attendant.session.require_polling()
            if request.method == "GET":
                return await polling.poll(attendant, self._host.stopping, self._host.answer_within_s)
            return await polling.post(attendant, request, self._limits.body_bytes)
        except Refused as refused:
            return _refusal(refused, request)

    async def converse(self, request: Request, accept: Accept) -> Answer | None:
        """A websocket, which carries a session of its own, or one that has begun by polling."""
        try:
            asked = query.read(request.query, Transport.WEBSOCKET, request.method)
            if asked.sid is None:
                await self._carry(self._open(asked, request.client), request, accept)
            else:
                await self._upgrade(self.registry.find(asked.sid), request, accept)
        except Refused as refused:
            return _refusal(refused, request)
        return None

    async def _carry(self, attendant: Attendant, request: Request, accept: Accept) -> None:
        try:
            await websocket.carry(attendant, await accept(), request)
        finally:
            attendant.session.end(GONE)

    async def _upgrade(self, attendant: Attendant, request: Request, accept: Accept) -> None:
        session = attendant.session
        with session.probed():
            socket = await accept()
            try:
                await websocket.upgrade(session, socket, request, self._limits.upgrade_within_s)
                if session.is_carried_by_websocket:
                    await websocket.carry(attendant, socket, request)
            finally:
                if session.is_carried_by_websocket:
                    session.end(GONE)

    def _open(self, asked: Asked, client: str | None) -> Attendant:
        """A new session, with its first packets queued. Raises `Refused` where there is no place for it."""
        attendant = self._attendant(asked, client)
        self.registry.enter(attendant)
        attendant.at_end = self._see_off
        log.debug("a session was opened", transport=asked.transport.value, **_about(attendant))
        attendant.greet(self._opening(attendant.session))
        return attendant

    def _see_off(self, attendant: Attendant) -> None:
        self.registry.leave(attendant)
        log.debug("a session is over", reason=attendant.session.reason, **_about(attendant))

    def _attendant(self, asked: Asked, client: str | None) -> Attendant:
        limits, now_s = self._limits, trio.current_time()
        session = Session(new_id(), asked.version, asked.transport, self._times, self._bounds, now_s)
        dialogue = Dialogue(asked.version, session.say, limits.message_bytes, limits.attachments)
        return Attendant(session, dialogue, self._clerk, client, limits.events_under_way, self._nursery)

    def _opening(self, session: Session) -> str:
        """The first packet: how the session is to be kept up."""
        is_polling = session.transport is Transport.POLLING
        content: dict[str, object] = {
            "sid": session.id,
            "upgrades": [Transport.WEBSOCKET.value] if is_polling else [],
            "pingInterval": self._limits.ping_interval_s * 1_000,
            "pingTimeout": self._limits.ping_timeout_s * 1_000,
        }
        if session.version is Version.FOUR:
            content["maxPayload"] = self._limits.body_bytes
        return PacketKind.OPEN + json.dumps(content, separators=(",", ":"))


def _about(attendant: Attendant) -> dict[str, object]:
    return {"version": int(attendant.session.version), "client": attendant.client}


def _refusal(refused: Refused, request: Request) -> Answer:
    if refused.code is Code.FORBIDDEN:
        log.info("a session was refused", reason=refused.message, client=request.client)
    else:
        log.debug("a request was for no session", reason=refused.message, client=request.client)
    return refusals.answer(refused)
