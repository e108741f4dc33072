"""Talks: websockets with a plugin's frontend, from the gate to the goodbye.

Whoever is not accepted yet is refused as a request is; whoever is, is told by a close code what happened.
"""

from collections.abc import Mapping

import structlog
import trio
from quart import Response, websocket

from paydaemon.core.access import PUBLIC
from paydaemon.core.errors import ErrorType, Refusal, unavailable
from paydaemon.frontends import errors
from paydaemon.frontends.conversation import (
    INTERNAL_ERROR,
    POLICY_VIOLATION,
    REVOKED,
    TRY_AGAIN_LATER,
    Authenticate,
    Goodbye,
    is_valid,
    shortened,
)
from paydaemon.frontends.gate import authenticate_again, pace, principal
from paydaemon.frontends.guests.faults import Fault, told_of
from paydaemon.frontends.guests.live import LiveFrontend, Visit
from paydaemon.frontends.guests.translation import request_of, response_of
from paydaemon.frontends.quartsocket import accept
from paydaemon.frontends.settings import FrontendSettings
from paydaemon.hooks.frontend import PromptSocket, SocketGone, SocketRoute
from paydaemon.store.port import StoreUnavailable

log = structlog.get_logger(__name__)

TOO_SLOW_TEXT = "too slow; connect again"
DONE = Goodbye(1000, "")
FAILED = Goodbye(INTERNAL_ERROR, "something went wrong here")

CODES = {
    ErrorType.UNAVAILABLE: TRY_AGAIN_LATER,
    ErrorType.RATE_LIMITED: TRY_AGAIN_LATER,
    ErrorType.INTERNAL: INTERNAL_ERROR,
}
"""How a refusal closes a websocket; any other is by 1008: what was asked for is not done."""


class Talk:
    """One client's websocket with a frontend."""

    def __init__(self, guest: LiveFrontend, route: SocketRoute, settings: FrontendSettings) -> None:
        self._guest = guest
        self._route = route
        self._settings = settings
        self._socket: PromptSocket | None = None

    async def run(self, values: Mapping[str, str]) -> Response | None:
        """Talk until either side has had enough; what it returns or raises refuses the websocket."""
        answer: Response | None = None
        with self._guest.visit() as visit:
            if principal() == PUBLIC:
                answer = await self._converse(values)
            else:
                answer = await self._converse_by_key(values, visit)
        if visit.goodbye is not None and answer is None:
            await self._send_away(visit.goodbye)
        return answer

    async def _converse_by_key(self, values: Mapping[str, str], visit: Visit) -> Response | None:
        answer: Response | None = None
        async with trio.open_nursery() as nursery:
            nursery.start_soon(self._watch_key, authenticate_again(), visit)
            answer = await self._converse(values)
            nursery.cancel_scope.cancel()
        return answer

    async def _converse(self, values: Mapping[str, str]) -> Response | None:
        trusted = self._settings.trusted_proxies
        asked = request_of(websocket, values, b"", principal(), pace(), trusted)
        try:
            with told_of(self._guest.id, self._route):
                answer = await self._route.converse(asked, self._accept)
                if self._socket is None:
                    return response_of(answer)
        except (Refusal, StoreUnavailable, SocketGone) as error:
            await self._end_by(error)
        else:
            await self._leave(DONE)
        return None

    async def _end_by(self, error: Refusal | StoreUnavailable | SocketGone) -> None:
        """Say why a conversation ends. Raises what it is, or `Fault`, where it has not begun."""
        if self._socket is None:
            raise Fault if isinstance(error, SocketGone) else error
        if not isinstance(error, SocketGone):
            await self._leave(FAILED if isinstance(error, Fault) else self._goodbye_of(error))

    def _goodbye_of(self, error: Refusal | StoreUnavailable) -> Goodbye:
        """Refusing is nothing that went wrong: the log has a line of it, and no traceback."""
        refusal = errors.as_refusal(error)
        about = {"frontend": self._guest.id, "route": self._route.path}
        log.info("a websocket was refused", **about, code=refusal.code, reason=refusal.message)
        return Goodbye(CODES.get(refusal.type, POLICY_VIOLATION), shortened(refusal.message))

    async def _accept(self) -> PromptSocket:
        if self._socket is None:
            stamp = {"X-Request-Id": errors.request_id()}
            self._socket = await accept(websocket, stamp, TOO_SLOW_TEXT, self._route.message_bytes)
        return self._socket

    async def _watch_key(self, authenticate: Authenticate, visit: Visit) -> None:
        while True:
            await trio.sleep(self._settings.limits.key_check_every_s)
            if not await is_valid(authenticate):
                visit.end(REVOKED)

    async def _send_away(self, goodbye: Goodbye) -> None:
        if self._socket is not None:
            await self._leave(goodbye)
        elif goodbye == REVOKED:
            raise Refusal(ErrorType.AUTHENTICATION, "invalid_key", goodbye.reason, "Authorization")
        else:
            raise unavailable("frontend_down", goodbye.reason)

    async def _leave(self, goodbye: Goodbye) -> None:
        if self._socket is not None:
            await self._socket.close(goodbye.code, goodbye.reason)
