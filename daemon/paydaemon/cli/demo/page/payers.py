"""Payers at a click: each pays one invoice, slowly enough to look on, and nobody pays twice."""

from functools import partial

import click
import structlog
import trio

from paydaemon.cli.client import call
from paydaemon.cli.demo.playground import LOOK_EVERY_S, Playground
from paydaemon.cli.demo.shop import Json, pay

log = structlog.get_logger(__name__)

CONFIRMED_EVERY_S = 0.7
"""How long it takes from one confirmation to the next: long enough to be read."""

NOTICED_WITHIN_S = 10.0
"""How long the daemon may take to see a payment; until then nobody else is let pay the same."""

AT_ONCE = 8
"""How many invoices are being paid at the same time, at most."""


class Payers:
    """Whoever pays for visitors of the page."""

    def __init__(self, ground: Playground, nursery: trio.Nursery) -> None:
        self._ground = ground
        self._nursery = nursery
        self._under_way: set[str] = set()
        self._failed: dict[str, str] = {}

    def is_paying(self, id: str) -> bool:
        """Whether somebody is about to pay that invoice."""
        return id in self._under_way

    def failure(self, id: str) -> str | None:
        """Why the last one who was to pay that invoice could not."""
        return self._failed.get(id)

    def start(self, invoice: Json, option: Json) -> None:
        """Have somebody pay what an option still asks, unless it is being paid already.

        Raises `click.ClickException` where too much is being paid at once.
        """
        if self.is_paying(invoice["id"]):
            return
        if len(self._under_way) >= AT_ONCE:
            raise click.ClickException(f"{AT_ONCE} invoices are being paid just now: try again in a moment")
        self._under_way.add(invoice["id"])
        self._failed.clear()
        self._nursery.start_soon(self._pay, invoice, option)

    async def _pay(self, invoice: Json, option: Json) -> None:
        try:
            await pay(self._ground, invoice, option)
            await self._bury(option)
            await self._until_noticed(invoice["id"])
        except Exception as error:  # a sandbox is a plugin's, and may fail in any way
            self._failed[invoice["id"]] = getattr(error, "message", "") or str(error)
            log.warning("an invoice of the demo could not be paid", invoice_id=invoice["id"], exc_info=error)
        finally:
            self._under_way.discard(invoice["id"])

    async def _bury(self, option: Json) -> None:
        for _ in range(option["confirmations_required"]):
            await trio.sleep(CONFIRMED_EVERY_S)
            await self._ground.networks[option["chain"]].sandbox.finalise(1)

    async def _until_noticed(self, id: str) -> None:
        ask = partial(call, self._ground.socket, "GET", f"/v1/invoices/{id}")
        with trio.move_on_after(NOTICED_WITHIN_S):
            while (await trio.to_thread.run_sync(ask))["status"] == "new":  # noqa: ASYNC110 - as a client would
                await trio.sleep(LOOK_EVERY_S)
