"""Clients: whoever signs what pays an invoice and hands it in, once or again, alone or twice at once."""

import random
from dataclasses import dataclass, field
from functools import partial

import trio

from paydaemon.core.access import PUBLIC, Principal
from paydaemon.core.errors import ErrorType, Refusal
from paydaemon.core.invoice import Invoice
from paydaemon.core.public import public_relay
from paydaemon.engine.relays import Handed
from paydaemon.store.port import StoreUnavailable
from paydaemon.testing.fakerelay import PAYEE, raw
from tests.simulation.relays import CHAIN
from tests.simulation.town import SELLERS, Town
from tests.simulation.watch import Watch

PAYER = "0.0.1002"
RECENT = 10
"""How many of the newest invoices are paid so, and of the newest transactions are handed in again."""
MAY_REFUSE = {
    "nothing_asked", "wrong_amount", "wrong_payee", "payment_under_way", "unknown_invoice",
    "transaction_differs", "relayed_otherwise", "chain_unavailable", "too_many_relays",
}  # fmt: skip
"""All reasons there can be here."""


@dataclass(frozen=True, slots=True)
class Signed:
    """A transaction, and how it is handed in: whose key, and for which invoice, if that is said."""

    id: str
    moves: dict[tuple[str, str], int]
    memo: str
    principal: Principal
    invoice_id: str | None

    def envelope(self, number: int) -> bytes:
        """Its bytes; each envelope holds the same."""
        return raw(self.id, self.moves, memo=self.memo, **({"envelope": number} if number else {}))


@dataclass
class Clients:
    """All of them. What they have signed from number `known_from` on, the daemon may remember."""

    town: Town
    watch: Watch
    signed: list[Signed] = field(default_factory=list)
    known_from: int = 0

    @property
    def dice(self) -> random.Random:
        """The town's."""
        return self.town.dice

    async def hand_in(self) -> None:
        """Sign what pays an invoice, mostly all of it, and hand it in."""
        asked = [one for one in self._open() if any(option.asset.chain == CHAIN for option in one.options)]
        if not asked:
            return
        invoice = self.dice.choice(asked)
        option = next(one for one in invoice.options if one.asset.chain == CHAIN)
        amount = option.due_minor + self.dice.choice([0] * 8 + [-1, 1, option.due_minor])
        moves = {(PAYEE, "HBAR"): amount, (PAYER, "HBAR"): -amount}
        id, who = f"relay-{len(self.signed)}", self._whose(invoice)
        self.signed.append(Signed(id, moves, option.destination.memo or "", *who))
        self.town.nodes.draw_receipt(id)
        await self._hand_in(self.signed[-1], times=self.dice.choice([1, 1, 1, 2]))

    def _open(self) -> list[Invoice]:
        """Newest invoices, of which most still ask for something."""
        now_ms, newest = self.town.clock(), list(self.watch.invoices.values())[-RECENT:]
        return [one for one in newest if one.expires_at_ms > now_ms or self.dice.random() < 0.05]

    def _whose(self, invoice: Invoice) -> tuple[Principal, str | None]:
        seller = next(one for one in SELLERS if one.seller_id == invoice.seller_id)
        return self.dice.choice([(seller, None), (seller, invoice.id), (PUBLIC, invoice.id)])

    async def hand_in_again(self) -> None:
        """The same transaction, be it in another envelope; or another one under the same id."""
        if not self.signed:
            return
        again = self.dice.choice(self.signed[-RECENT:] if self.dice.random() < 0.8 else self.signed)
        if self.dice.random() < 0.3 and again in self.signed[self.known_from :]:
            moves = {who: amount * 2 for who, amount in again.moves.items()}
            again = Signed(again.id, moves, again.memo, again.principal, None)
        await self._hand_in(again, times=self.dice.choice([1, 2]))

    async def _hand_in(self, one: Signed, times: int) -> None:
        async with trio.open_nursery() as nursery:
            for _ in range(times):
                nursery.start_soon(partial(self._ask, one, self.dice.choice([0, 0, 1, 2])))

    async def _ask(self, one: Signed, number: int) -> None:
        given = one.envelope(number)
        self.town.nodes.signed[one.id].add(given)
        try:
            is_public = one.principal == PUBLIC
            handed = await self.town.relays.hand_in(
                one.principal, CHAIN, given, one.invoice_id, alone=is_public and one.invoice_id is not None
            )
        except StoreUnavailable:
            return
        except Refusal as refusal:
            if refusal.type is not ErrorType.UNAVAILABLE and refusal.code not in MAY_REFUSE:
                self._blame(f"{one.id} was refused by {refusal.code}: {refusal.message}")
        else:
            self._note(one, handed)

    def _note(self, one: Signed, handed: Handed) -> None:
        """All that a client is told, which may see all of it."""
        moved = {(move.account, move.asset_code): move.amount_minor for move in handed.relay.transfers}
        if moved != one.moves:
            self._blame(f"{one.id} was taken for another transaction")
        self.watch.relays.answers.append(dict(public_relay(handed.course.relay)))

    def _blame(self, fault: str) -> None:
        """What is raised here would come out in a group: the next check tells of it."""
        self.town.nodes.faults.append(fault)
