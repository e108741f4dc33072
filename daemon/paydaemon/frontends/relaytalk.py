"""A request that asked to become a websocket for signed transactions, led from its acceptance to its end."""

import structlog
import trio
from quart.wrappers import Websocket

from paydaemon.frontends.conversation import INTERNAL_ERROR
from paydaemon.frontends.quartsocket import accept
from paydaemon.frontends.relaysocket import AROUND_BYTES, TOO_SLOW_TEXT, Caller, RelaySocket
from paydaemon.frontends.settings import Limits

log = structlog.get_logger(__name__)


async def talk(asked: Websocket, caller: Caller, stop: trio.Event, limits: Limits) -> None:
    """Accept it, and serve it until one side has had enough."""
    stamp = {"X-Request-Id": caller.request_id}
    socket = await accept(asked, stamp, TOO_SLOW_TEXT, limits.transaction_bytes + AROUND_BYTES)
    try:
        await RelaySocket(socket, caller, stop, limits).run()
    except Exception:  # the socket is open: only a close can tell
        log.exception("a websocket failed")
        await socket.close(INTERNAL_ERROR, "something went wrong here")
