"""What the page shows: how everything stands at this moment, as the daemon says."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import trio

from paydaemon.cli.client import NotThere, call
from paydaemon.cli.demo.page.payers import Payers
from paydaemon.cli.demo.playground import Playground
from paydaemon.cli.demo.shop import AMOUNT, CURRENCY, Json, Recipe, creating, name_of_chain, paying
from paydaemon.core.ids import ID

SHOWN = 5
"""How many invoices, the newest first."""

RUNNING = "running"
"""What a daemon is that answers."""


@dataclass(frozen=True, slots=True)
class Part:
    """Something that runs: what it is, and in which state, where the daemon says so."""

    name: str
    about: str
    state: str | None = None


@dataclass(frozen=True, slots=True)
class Seen:
    """All of it. `invoice` is the newest one, if there is any, and `earlier` those before it.

    The invoice `is_payable` unless it is paid, or `is_being_paid`; `failure` is why that went wrong.
    """

    api: str
    key: str
    amount: str
    currency: str
    invoice: Json | None
    earlier: Sequence[Json]
    is_payable: bool
    is_being_paid: bool
    failure: str | None
    parts: Sequence[Part]
    recipes: Sequence[Recipe]


class State:
    """Looks at a playground."""

    def __init__(self, ground: Playground, payers: Payers) -> None:
        self._ground = ground
        self._payers = payers

    async def look(self) -> Seen:
        """How it stands. Raises `click.ClickException` where the daemon does not answer."""
        ground, payers = self._ground, self._payers
        invoices = (await self._ask(f"/v1/invoices?seller_id={ground.seller}&limit={SHOWN}"))["data"]
        newest = invoices[0] if invoices else None
        payable = newest if newest is not None and self.is_payable(newest) else None
        return Seen(
            api=ground.api,
            key=ground.key,
            amount=AMOUNT,
            currency=CURRENCY,
            invoice=newest,
            earlier=invoices[1:],
            is_payable=payable is not None,
            is_being_paid=newest is not None and payers.is_paying(newest["id"]),
            failure=None if newest is None else payers.failure(newest["id"]),
            parts=self._parts((await self._ask("/readyz"))["chains"]),
            recipes=[creating(ground), *(() if payable is None else paying(ground, payable))],
        )

    async def invoice(self, id: str) -> Json | None:
        """One invoice, if there is one of that id."""
        if ID.fullmatch(id) is None:
            return None
        try:
            return await self._ask(f"/v1/invoices/{id}")
        except NotThere:
            return None

    def is_payable(self, invoice: Json) -> bool:
        """Whether somebody may start to pay it."""
        return bool(invoice["status"] == "new") and not self._payers.is_paying(invoice["id"])

    async def _ask(self, path: str) -> Json:
        return await trio.to_thread.run_sync(call, self._ground.socket, "GET", path)

    def _parts(self, chains: Sequence[Mapping[str, object]]) -> list[Part]:
        ground, states = self._ground, {chain["id"]: str(chain["state"]) for chain in chains}
        networks = [
            Part(name_of_chain(id), network.facts.about, states[id])
            for id, network in ground.networks.items()
        ]
        return [
            Part("paydaemon", f"the daemon, a process of its own, at {ground.api}", RUNNING),
            *networks,
            Part(", ".join(ground.exchanges), "exchanges that rates come from"),
            Part(", ".join(ground.told), "who is told: the terminal shows what came"),
        ]
