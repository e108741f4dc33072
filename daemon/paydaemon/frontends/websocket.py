"""The websocket of events, written against a port of three calls so that any server can carry it.

It replays the journal from where the client left off and then stays live: both are `Journal.follow`, so there
is no gap and nothing comes twice. Live pushes have no `seq` and come whenever they come. What a client sends
has no meaning; too much of it ends the socket.
"""

from contextlib import aclosing
from dataclasses import dataclass

import trio

from paydaemon.core.access import Principal
from paydaemon.core.public import Json, public_event
from paydaemon.engine.api import Api
from paydaemon.engine.live import LivePush
from paydaemon.frontends import wire
from paydaemon.frontends.conversation import (
    POLICY_VIOLATION,
    Authenticate,
    Conversation,
    Goodbye,
    Socket,
)
from paydaemon.frontends.pace import Paces, TooFast
from paydaemon.frontends.settings import Limits
from paydaemon.journal import Filter

TOO_SLOW_TEXT = "too slow; resume after the last seq"


@dataclass(frozen=True, slots=True)
class Subscription:
    """What one websocket wants to hear.

    `journal` chooses journaled events, or is None where none are wanted; `live` says whether live pushes are.
    `after` is the `seq` of the last event that the client has. `authenticate` raises `Refusal` once the key
    that the socket was opened with is no longer valid.
    """

    principal: Principal
    authenticate: Authenticate
    journal: Filter | None
    live: bool
    invoice_id: str | None
    after: int

    def wants(self, push: LivePush) -> bool:
        """Whether a live push is for this subscriber's eyes, and asked for."""
        visible = self.principal.may_see(push.seller_id)
        return visible and self.invoice_id in (None, push.invoice_id)


async def tell(socket: Socket, api: Api, wanted: Subscription, stop: trio.Event, limits: Limits) -> None:
    """Tell events until the client leaves, the daemon stops, or the client does not behave."""
    await Teller(socket, api, wanted, stop, limits).run()


class Teller(Conversation):
    """One websocket's conversation."""

    def __init__(
        self, socket: Socket, api: Api, wanted: Subscription, stop: trio.Event, limits: Limits
    ) -> None:
        super().__init__(
            socket,
            wanted.authenticate,
            stop,
            stopped="the daemon stops; resume after the last seq",
            key_check_every_s=limits.key_check_every_s,
        )
        self._api = api
        self._wanted = wanted
        self._pace = Paces(limits.messages_per_s, limits.messages_burst, 1)
        self._sending = trio.Lock()

    async def run(self) -> None:
        """Talk until one side has had enough."""
        await self.converse(self._tell_journal, self._tell_live, self._listen)

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

    async def _send(self, content: Json) -> None:
        async with self._sending:
            await self._socket.send(wire.encode(content))
