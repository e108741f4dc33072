"""Live pushes: what is worth seeing now and not worth keeping.

A new depth (3 of 6) is pushed to whoever watches. It has no `seq`, is not journaled, and is dropped for a
watcher that does not keep up: the journal's events are what it can rely on.
"""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass

import trio

from paydaemon.core.events import LIVE_CONFIRMING
from paydaemon.core.payment import Payment
from paydaemon.core.public import Json, public_payment
from paydaemon.engine.intake import Confirming
from paydaemon.engine.limits import EngineLimits


@dataclass(frozen=True, slots=True)
class LivePush:
    """One push. `seller_id` says who besides the operator may see it, as in the journal's events."""

    invoice_id: str | None
    seller_id: str | None
    body: Json

    @property
    def type(self) -> str:
        """What kind of push it is."""
        return str(self.body["type"])


class LiveHub:
    """Passes live pushes to everybody who watches."""

    def __init__(self, limits: EngineLimits | None = None) -> None:
        self._limits = limits or EngineLimits()
        self._watchers: dict[str | None, set[trio.MemorySendChannel[LivePush]]] = {}
        """By the one invoice that they watch: a page of one does not hear of all others."""

    @asynccontextmanager
    async def watch(
        self, invoice_id: str | None = None
    ) -> AsyncIterator[trio.MemoryReceiveChannel[LivePush]]:
        """A channel of everything pushed from now on, or of what is about one invoice."""
        send, receive = trio.open_memory_channel[LivePush](self._limits.live_queue)
        watchers = self._watchers.setdefault(invoice_id, set())
        watchers.add(send)
        try:
            yield receive
        finally:
            watchers.discard(send)
            if not watchers and self._watchers.get(invoice_id) is watchers:
                del self._watchers[invoice_id]
            send.close()
            receive.close()

    @property
    def is_watched(self) -> bool:
        """Whether anybody would hear a push."""
        return bool(self._watchers)

    def confirming(self, news: Confirming, sellers: Mapping[str, str]) -> None:
        """Push each payment's new depth. `sellers` tells whose each invoice is, by its id."""
        for payment in news.payments:
            self._push(_push(payment, news.tip, sellers))

    def _push(self, push: LivePush) -> None:
        for watcher in (*self._watchers.get(None, ()), *self._watchers.get(push.invoice_id or "", ())):
            # It does not keep up, or it is just leaving: neither is anybody else's trouble.
            with suppress(trio.WouldBlock, trio.BrokenResourceError):
                watcher.send_nowait(push)


def _push(payment: Payment, tip: int, sellers: Mapping[str, str]) -> LivePush:
    data = {"payment": public_payment(payment, {payment.chain: tip})}
    body: Json = {"type": LIVE_CONFIRMING, "invoice_id": payment.invoice_id, "data": data}
    return LivePush(payment.invoice_id, sellers.get(payment.invoice_id or ""), body)
