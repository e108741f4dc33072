"""The teller: tells one client what happens, by a websocket or by server-sent events.

It replays the journal from where the client left off and then stays live: both are `Journal.follow`, so there
is no gap and nothing comes twice. While the client takes what is new at once, it is told by the one task that
tells everybody, without being woken. Live pushes have no `seq` and come whenever they come. What a client
sends has no meaning; too much of it ends the stream.
"""

from collections.abc import Callable, Sequence
from contextlib import aclosing
from dataclasses import dataclass
from typing import Protocol

import trio

from paydaemon.core.access import Principal
from paydaemon.core.events import Event
from paydaemon.engine.api import Api
from paydaemon.engine.live import LivePush
from paydaemon.frontends.conversation import (
    GOING_AWAY,
    POLICY_VIOLATION,
    TOO_SLOW,
    Authenticate,
    Conversation,
    Goodbye,
)
from paydaemon.frontends.pace import Paces, TooFast
from paydaemon.frontends.settings import Limits
from paydaemon.frontends.wording import Wording
from paydaemon.hooks.frontend import Socket
from paydaemon.journal import WEBSOCKETS, Filter

TOO_SLOW_TEXT = "too slow"
"""Why a client is cut; what it is to do then comes after it."""


class Outlet(Socket, Protocol):
    """What a client is told by: a socket that also takes what is framed already."""

    async def send_frames(self, frames: bytes, if_cut: Goodbye | None = None) -> None:
        """Send whole frames, and before them what is left of others. Raises like `send`.

        `if_cut` is what the client is told if it is cut because it does not read them.
        """
        ...

    def send_frames_now(self, frames: bytes) -> bool:
        """Send whole frames without waiting; whether all of it was taken. The rest is sent first, next."""
        ...


def resume_after(seq: int) -> str:
    """What a client is told to do when its stream ends, by the last event that it was sent."""
    return f"resume after {seq}"


def connect_again(seq: int) -> str:
    """The same, for one that is told no numbers: the stream begins with how things stand."""
    return "connect again"


@dataclass(frozen=True, slots=True)
class Subscription:
    """What one client wants to hear.

    `journal` chooses journaled events, or is None where none are wanted; `live` says whether live pushes are.
    `after` is the `seq` of the last event that the client has. `authenticate` raises `Refusal` once the key
    that the stream was opened with is no longer valid. `first` is told before anything else; `group` is what
    kind of reader it is, and `advice` what it is told to do when it is over.
    """

    principal: Principal
    authenticate: Authenticate
    journal: Filter | None
    live: bool
    invoice_id: str | None
    after: int
    seller_id: str | None = None
    first: bytes = b""
    group: str = WEBSOCKETS
    advice: Callable[[int], str] = resume_after

    def wants(self, push: LivePush) -> bool:
        """Whether a live push is for this subscriber's eyes, and asked for."""
        visible = self.principal.may_see(push.seller_id) and self.seller_id in (None, push.seller_id)
        return visible and self.invoice_id in (None, push.invoice_id)


async def tell(
    outlet: Outlet, api: Api, wanted: Subscription, wording: Wording, stop: trio.Event, limits: Limits
) -> None:
    """Tell events until the client leaves, the daemon stops, or the client does not behave."""
    await Teller(outlet, api, wanted, wording, stop, limits).run()


class Teller(Conversation):
    """One client's conversation."""

    def __init__(
        self,
        outlet: Outlet,
        api: Api,
        wanted: Subscription,
        wording: Wording,
        stop: trio.Event,
        limits: Limits,
    ) -> None:
        every_s = limits.key_check_every_s
        super().__init__(outlet, wanted.authenticate, stop, stopped="", key_check_every_s=every_s)
        self._outlet = outlet
        self._api = api
        self._wanted = wanted
        self._wording = wording
        self._pace = Paces(limits.messages_per_s, limits.messages_burst, 1)
        self._sent_to = wanted.after

    async def run(self) -> None:
        """Talk until one side has had enough."""
        await self.converse(self._tell_journal, self._tell_live, self._listen)

    async def _tell_journal(self) -> Goodbye | None:
        wanted = self._wanted
        if wanted.first:
            await self._outlet.send_frames(wanted.first)
        if wanted.journal is None:
            await trio.sleep_forever()
        following = self._api.journal.follow(
            wanted.principal, wanted.journal, wanted.after, wanted.group, self._hear
        )
        async with aclosing(following) as batches:
            async for batch in batches:
                await self._send(batch)
        return None

    def _hear(self, events: Sequence[Event]) -> bool:
        """Take what is new at once. What the kernel does not take is finished by `_send`."""
        self._sent_to = events[-1].seq
        return self._outlet.send_frames_now(self._wording.events(events))

    async def _send(self, events: Sequence[Event]) -> None:
        """Send all of it, and what was left of others, for as long as the client's patience lasts."""
        reached = events[-1].seq if events else self._sent_to
        if_cut = Goodbye(TOO_SLOW, f"{TOO_SLOW_TEXT}; {self._wanted.advice(reached)}")
        await self._outlet.send_frames(self._wording.events(events), if_cut)
        self._sent_to = reached

    async def _tell_live(self) -> Goodbye | None:
        if not self._wanted.live:
            await trio.sleep_forever()
        async with self._api.live.watch(self._wanted.invoice_id) as pushes:
            async for push in pushes:
                if self._wanted.wants(push):
                    await self._outlet.send_frames(self._wording.push(push))
        return None

    async def _listen(self) -> Goodbye | None:
        while True:
            await self._outlet.receive()
            try:
                self._pace.take(None)
            except TooFast:
                return Goodbye(POLICY_VIOLATION, "this websocket only tells; it takes no messages")

    async def _wait_for_stop(self) -> Goodbye | None:
        await self._stop.wait()
        return Goodbye(GOING_AWAY, f"the daemon stops; {self._wanted.advice(self._sent_to)}")
