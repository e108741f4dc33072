"""The websocket of events, written against a port of three calls so that any server can carry it.

It replays the journal from where the client left off and then stays live: both are `Journal.follow`, so there
is no gap and nothing comes twice. Live pushes have no `seq` and come whenever they come. What a client sends
has no meaning; too much of it ends the socket.
"""

from collections.abc import Awaitable, Callable
from contextlib import aclosing
from dataclasses import dataclass
from typing import Protocol

import trio

from paydaemon.core.access import Principal
from paydaemon.core.errors import Refusal
from paydaemon.core.public import Json, public_event
from paydaemon.engine.api import Api
from paydaemon.engine.live import LivePush
from paydaemon.frontends import wire
from paydaemon.frontends.pace import Paces, TooFast
from paydaemon.frontends.settings import Limits
from paydaemon.journal import Filter
from paydaemon.store.port import StoreUnavailable

GOING_AWAY = 1001
POLICY_VIOLATION = 1008

# RFC 6455, section 7.4.2: 4000 to 4999 are an application's own.
KEY_REVOKED = 4001
TOO_SLOW = 4008


class SocketGone(Exception):
    """The client is gone, or was cut because it reads too slowly."""


class Socket(Protocol):
    """An accepted websocket. `send` and `receive` raise `SocketGone` once the client is gone."""

    async def receive(self) -> str | bytes:
        """The next message."""
        ...

    async def send(self, text: str) -> None:
        """Send a message; waits while the client reads nothing, within the server's patience."""
        ...

    async def close(self, code: int, reason: str) -> None:
        """Say goodbye."""
        ...


@dataclass(frozen=True, slots=True)
class Subscription:
    """What one websocket wants to hear.

    `journal` chooses journaled events, or is None where none are wanted; `live` says whether live pushes are.
    `after` is the `seq` of the last event that the client has. `authenticate` raises `Refusal` once the key
    that the socket was opened with is no longer valid.
    """

    principal: Principal
    authenticate: Callable[[], Awaitable[Principal]]
    journal: Filter | None
    live: bool
    invoice_id: str | None
    after: int

    def wants(self, push: LivePush) -> bool:
        """Whether a live push is for this subscriber's eyes, and asked for."""
        visible = self.principal.may_see(push.seller_id)
        return visible and self.invoice_id in (None, push.invoice_id)


@dataclass(frozen=True, slots=True)
class Goodbye:
    """Why a socket is closed."""

    code: int
    reason: str


async def tell(socket: Socket, api: Api, wanted: Subscription, stop: trio.Event, limits: Limits) -> None:
    """Tell events until the client leaves, the daemon stops, or the client does not behave."""
    await Teller(socket, api, wanted, stop, limits).run()


class Teller:
    """One websocket's conversation."""

    def __init__(
        self, socket: Socket, api: Api, wanted: Subscription, stop: trio.Event, limits: Limits
    ) -> None:
        self._socket = socket
        self._api = api
        self._wanted = wanted
        self._stop = stop
        self._key_check_every_s = limits.key_check_every_s
        self._pace = Paces(limits.messages_per_s, limits.messages_burst, 1)
        self._sending = trio.Lock()
        self._goodbye: Goodbye | None = None

    async def run(self) -> None:
        """Talk until one side has had enough; whoever ends first ends the others."""
        async with trio.open_nursery() as nursery:
            for part in (
                self._tell_journal,
                self._tell_live,
                self._listen,
                self._watch_key,
                self._wait_for_stop,
            ):
                nursery.start_soon(self._until_over, part, nursery.cancel_scope)
        if self._goodbye is not None:
            await self._socket.close(self._goodbye.code, self._goodbye.reason)

    async def _until_over(
        self, part: Callable[[], Awaitable[Goodbye | None]], everything: trio.CancelScope
    ) -> None:
        try:
            self._goodbye = await part() or self._goodbye
        except SocketGone:
            self._goodbye = None
        everything.cancel()

    async def _tell_journal(self) -> Goodbye | None:
        if self._wanted.journal is None:
            await trio.sleep_forever()
        following = self._api.journal.follow(self._wanted.principal, self._wanted.journal, self._wanted.after)
        async with aclosing(following) as batches:
            async for batch in batches:
                for event in batch:
                    await self._send(public_event(event))
        return None

    async def _tell_live(self) -> Goodbye | None:
        if not self._wanted.live:
            await trio.sleep_forever()
        async with self._api.live.watch() as pushes:
            async for push in pushes:
                if self._wanted.wants(push):
                    await self._send(push.body)
        return None

    async def _listen(self) -> Goodbye | None:
        while True:
            await self._socket.receive()
            try:
                self._pace.take(None)
            except TooFast:
                return Goodbye(POLICY_VIOLATION, "this websocket only tells; it takes no messages")

    async def _watch_key(self) -> Goodbye | None:
        while True:
            await trio.sleep(self._key_check_every_s)
            try:
                await self._wanted.authenticate()
            except Refusal:
                return Goodbye(KEY_REVOKED, "this key is no longer valid")
            except StoreUnavailable:
                continue  # nobody is locked out for a fault of ours

    async def _wait_for_stop(self) -> Goodbye | None:
        await self._stop.wait()
        return Goodbye(GOING_AWAY, "the daemon stops; resume after the last seq")

    async def _send(self, content: Json) -> None:
        async with self._sending:
            await self._socket.send(wire.encode(content))
