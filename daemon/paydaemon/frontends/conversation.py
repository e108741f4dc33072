"""Conversations: what every websocket of ours does, whatever is said on it.

They are written against a port of three calls (`paydaemon.hooks.frontend.Socket`), so that any server can
carry them. A conversation is several
parts that run at once, and whichever ends first ends the others. It is over when the client leaves, the
daemon stops, the key is revoked, or the client does not behave.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

import trio

from paydaemon.core.access import Principal
from paydaemon.core.errors import Refusal
from paydaemon.hooks.frontend import Socket, SocketGone
from paydaemon.store.port import StoreUnavailable

GOING_AWAY = 1001
POLICY_VIOLATION = 1008
INTERNAL_ERROR = 1011
TRY_AGAIN_LATER = 1013
"""Beside RFC 6455, section 7.4.1: https://www.iana.org/assignments/websocket"""

REASON_BYTES = 123
"""RFC 6455, section 5.5: what a close frame has room for beside its code."""

# RFC 6455, section 7.4.2: 4000 to 4999 are an application's own.
KEY_REVOKED = 4001
TOO_SLOW = 4008


def shortened(reason: str) -> str:
    """As much of a reason as a close frame has room for, in whole letters."""
    return reason.encode(errors="replace")[:REASON_BYTES].decode(errors="ignore")


@dataclass(frozen=True, slots=True)
class Goodbye:
    """Why a socket is closed."""

    code: int
    reason: str


REVOKED = Goodbye(KEY_REVOKED, "this key is no longer valid")

Part = Callable[[], Awaitable[Goodbye | None]]
Authenticate = Callable[[], Awaitable[Principal]]
"""Raises `Refusal` once the key that a socket was opened with is no longer valid."""


async def is_valid(authenticate: Authenticate) -> bool:
    """Whether a key is valid still. Nobody is locked out for a fault of ours."""
    try:
        await authenticate()
    except Refusal:
        return False
    except StoreUnavailable:
        pass
    return True


class Conversation:
    """One websocket's. `stopped` is what its client is told when the daemon stops."""

    def __init__(
        self,
        socket: Socket,
        authenticate: Authenticate,
        stop: trio.Event,
        *,
        stopped: str,
        key_check_every_s: float,
    ) -> None:
        self._socket = socket
        self._authenticate = authenticate
        self._stop = stop
        self._stopped = stopped
        self._key_check_every_s = key_check_every_s
        self._goodbye: Goodbye | None = None

    async def converse(self, *parts: Part) -> None:
        """Talk until one side has had enough."""
        async with trio.open_nursery() as nursery:
            for part in (*parts, self._watch_key, self._wait_for_stop):
                nursery.start_soon(self._until_over, part, nursery.cancel_scope)
        if self._goodbye is not None:
            await self._socket.close(self._goodbye.code, self._goodbye.reason)

    async def _until_over(self, part: Part, everything: trio.CancelScope) -> None:
        try:
            self._goodbye = await part() or self._goodbye
        except SocketGone:
            self._goodbye = None
        everything.cancel()

    async def _watch_key(self) -> Goodbye | None:
        while True:
            await trio.sleep(self._key_check_every_s)
            if not await is_valid(self._authenticate):
                return REVOKED

    async def _wait_for_stop(self) -> Goodbye | None:
        await self._stop.wait()
        return Goodbye(GOING_AWAY, self._stopped)
