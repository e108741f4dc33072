"""The clerk: asks the daemon what an event asks for. An answer always comes of it."""

import binascii
from collections.abc import Awaitable, Callable
from functools import partial

import structlog
import trio

from paydaemon.core.access import Principal
from paydaemon.core.errors import Refusal, invalid
from paydaemon.hooks.frontend import FrontendHost
from paydaemon.hooks.ports import Reply
from paydaemon_socketio import fields
from paydaemon_socketio.events import QUESTIONS, Event, Said

log = structlog.get_logger(__name__)

_NOT_YET = frozenset({"UNKNOWN", "RECEIPT_NOT_FOUND"})
_FIRST_PAUSE_S = 0.5
_LONGEST_PAUSE_S = 4.0


class Clerk:
    """Of one frontend, for all of its sessions. Payloads may have so many bytes."""

    def __init__(self, host: FrontendHost, chain: str, payload_bytes: int, receipt_wait_s: float) -> None:
        self._host = host
        self._chain = chain
        self._payload_bytes = payload_bytes
        self._receipt_wait_s = receipt_wait_s

    async def answer(self, event: Event, payload: object, principal: Principal, client: str) -> Said:
        """What an event of a client's is answered by, whatever it carries."""
        try:
            return await self._answer(event, self._checked(payload), principal, client)
        except Refusal as refusal:
            return fields.refused(event, refusal)
        except Exception:
            log.exception("an event failed unexpectedly", event_name=event.value)
            return fields.failed(event, fields.BROKEN)

    def _checked(self, payload: object) -> bytes | str:
        if not isinstance(payload, bytes | str):
            raise invalid("payload", "must be bytes, or their text")
        if _size_bytes(payload) > self._payload_bytes:
            raise invalid("payload", f"must be at most {self._payload_bytes} bytes long", "too_long")
        return payload

    async def _answer(self, event: Event, payload: bytes | str, principal: Principal, client: str) -> Said:
        if event not in QUESTIONS:
            return fields.relayed(event, await self._host.hand_in(principal, self._chain, payload))
        ask = partial(
            self._host.ask, principal, self._chain, _as_bytes(payload), (QUESTIONS[event],), client=client
        )
        is_waited_for = event is Event.TRANSACTIONGETRECEIPT
        return fields.replied(event, await (self._receipt(ask) if is_waited_for else ask()))

    async def _receipt(self, ask: Callable[[], Awaitable[Reply]]) -> Reply:
        """Asked for again while there is none: clients ask once, as soon as a node has taken it."""
        give_up_at_s = trio.current_time() + self._receipt_wait_s
        pause_s = _FIRST_PAUSE_S
        while True:
            reply = await ask()
            is_late = trio.current_time() + pause_s > give_up_at_s or self._host.stopping.is_set()
            if is_late or not {reply.code, reply.content.get("status")} & _NOT_YET:
                return reply
            await trio.sleep(pause_s)
            pause_s = min(2 * pause_s, _LONGEST_PAUSE_S)


def _size_bytes(payload: bytes | str) -> int:
    """Of a text, what it stands for as base64: each character has six bits, less those that fill it up."""
    return len(payload) if isinstance(payload, bytes) else 3 * len(payload.strip().rstrip("=")) // 4


def _as_bytes(payload: bytes | str) -> bytes:
    if isinstance(payload, bytes):
        return payload
    try:
        return binascii.a2b_base64(payload.strip(), strict_mode=True)
    except ValueError:
        raise invalid("payload", "must be base64 where it is a text") from None
