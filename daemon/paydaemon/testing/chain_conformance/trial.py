"""A trial: one real daemon with one chain, its network, and what the cases of the suite do with them.

Every wait has one bound, and says what was waited for and how things stand when it is reached.
"""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import cast

from paydaemon.app import Daemon
from paydaemon.core.money import Asset
from paydaemon.engine.chains import ChainStatus
from paydaemon.hooks.ports import Chain, Depths, PayTo
from paydaemon.hooks.sandbox import GoesAway, PaysTogether, Reorganises, Replaces, Sandbox
from paydaemon.testing.chain_conformance.witness import Witness
from paydaemon.testing.inprocess import SELLER, DaemonThread, Json
from paydaemon.testing.loops import Loop

PAUSE_S = 0.02
COUNTS = ("pending", "confirmed")
SEEN = ("created", "payment_seen")
SETTLED = ("payment.confirmed", "settled")


@dataclass(frozen=True, slots=True)
class Ground:
    """A running sandbox: the `loop` it runs in, and its chain's table of the configuration."""

    sandbox: Sandbox
    loop: Loop
    table: Json


@dataclass(slots=True)
class Trial:
    """With `restarts` the daemon is killed and started at every step that a case names.

    Invoices ask for `due_minor` and for `depth` confirmations, None on a chain that has none. Where
    `may_fail` the chain may be restarted meanwhile, as one whose network is away. `asset` is what is paid in.
    """

    daemon: DaemonThread
    ground: Ground
    witness: Witness
    chain: Chain
    due_minor: int
    depth: int | None
    restarts: bool
    patience_s: float
    asset: Asset
    may_fail: bool = False

    def paid_in(self, asset: Asset) -> "Trial":
        """The same trial, in another asset of the chain."""
        return replace(self, asset=asset)

    @property
    def depths(self) -> Depths:
        """What the chain says of its confirmations."""
        return self.chain.depths

    @property
    def enough(self) -> int:
        """How many blocks settle what was paid."""
        return self.depth or self.depths.default

    def step(self) -> None:
        """Between two steps of a case."""
        if self.restarts:
            self.daemon.kill()
            self.daemon.start()

    # --- What a seller does

    def order(self, amount_minor: int | None = None, **fields: object) -> Json:
        """An invoice in the asset, once the chain can be offered."""
        amount = self.asset_text(self.due_minor if amount_minor is None else amount_minor)
        body: Json = {"amount": amount, "currency": self.currency, "chains": [self.chain.id]}
        if self.depth is not None:
            body["confirmations"] = self.depth
        self.until_healthy("the chain never became healthy")
        return self.daemon.call("POST", "/v1/invoices", {**body, "seller_id": SELLER, **fields})

    @property
    def currency(self) -> str:
        """What an invoice calls the asset: by its symbol, or as several have the same, by its code."""
        symbols = [asset.symbol for asset in self.chain.assets]
        return self.asset.symbol if symbols.count(self.asset.symbol) == 1 else self.asset.code

    def asset_text(self, amount_minor: int) -> str:
        """An amount in whole units."""
        whole, rest = divmod(amount_minor, 10**self.asset.decimals)
        return f"{whole}.{rest:0{self.asset.decimals}d}" if self.asset.decimals else str(whole)

    def show(self, invoice: Json) -> Json:
        """An invoice as it stands."""
        return self.daemon.call("GET", f"/v1/invoices/{invoice['id']}")

    def told(self, invoice: Json) -> Sequence[str]:
        """The types of an invoice's events, in order, without the ``invoice.`` that most begin with."""
        events = self.daemon.call("GET", f"/v1/events?invoice_id={invoice['id']}&limit=200")["data"]
        return [str(one["type"]).removeprefix("invoice.") for one in events]

    def newest_event(self) -> int:
        """The number of the newest event."""
        events = self.journal()
        return int(events[-1]["seq"]) if events else 0

    def journal(self, after: int = 0) -> Sequence[Json]:
        """Every event beyond `after`."""
        found: list[Json] = []
        while True:
            after = found[-1]["seq"] if found else after
            page = self.daemon.call("GET", f"/v1/events?after={after}&limit=200")
            found += page["data"]
            if not page["has_more"]:
                return found

    def health(self) -> Json:
        """How the chain is doing."""
        (chain,) = self.daemon.do(_statuses)
        return {"health": chain.state.value, "reason": chain.reason}

    # --- What happens on the network

    def pay(self, invoice: Json, amount_minor: int | None = None) -> str:
        """Pay an invoice, all of it unless told how much; returns the transaction's id."""
        return self.pay_to(self.to(invoice, amount_minor))

    def pay_to(self, to: PayTo) -> str:
        """Pay whomever; returns the transaction's id."""
        return self.ground.loop.call(self.ground.sandbox.pay, to)

    def pay_together(self, *to: tuple[Json, int]) -> str:
        """Pay several in one transaction; returns its id."""
        sandbox = cast(PaysTogether, self.ground.sandbox)
        return self.ground.loop.call(sandbox.pay_all, [self.to(*one) for one in to])

    def bury(self, confirmations: int | None = None) -> None:
        """Let so many blocks come, as many as are needed unless told."""
        blocks = self.enough if confirmations is None else confirmations
        self.ground.loop.call(self.ground.sandbox.finalise, blocks)

    def replace(self, transaction_id: str) -> None:
        """Let a payment that no block holds be spent elsewhere."""
        self.ground.loop.call(cast(Replaces, self.ground.sandbox).replace, transaction_id)

    def reorganise(self, depth: int, *lost: str) -> None:
        """Let another branch take the place of the newest blocks."""
        sandbox = cast(Reorganises, self.ground.sandbox)

        async def reorganise() -> None:
            await sandbox.reorganise(depth, lost=lost)

        self.ground.loop.call(reorganise)

    def go_away(self) -> None:
        """Let the network be out of reach."""
        self.ground.loop.call(cast(GoesAway, self.ground.sandbox).go_away)

    def come_back(self) -> None:
        """Let it be reached again."""
        self.ground.loop.call(cast(GoesAway, self.ground.sandbox).come_back)

    def to(self, invoice: Json, amount_minor: int | None = None) -> PayTo:
        """Whom a payer pays, and how much."""
        option = self.option(invoice)
        asked = int(option["due_minor"]) if amount_minor is None else amount_minor
        where = option["destination"]
        return PayTo(where["address"], where["memo"], self.asset.code, asked)

    def option(self, invoice: Json) -> Json:
        """The invoice's option in the asset."""
        return next(one for one in invoice["options"] if one["asset"] == self.asset.code)

    # --- What is waited for

    def until_status(self, invoice: Json, *status: str) -> Json:
        """Wait until an invoice has one of these, and return it."""
        said = f"the invoice never became {' or '.join(status)}"
        return self.until(invoice, said, lambda shown: shown["status"] in status)

    def until_paid(self, invoice: Json, amount_minor: int, otherwise: str) -> Json:
        """Wait until the ledger holds just so much for an invoice, and return it."""
        return self.until(invoice, otherwise, lambda shown: self.paid_minor(shown) == amount_minor)

    def until_confirmed(self, invoice: Json, amount_minor: int) -> Json:
        """Wait until just so much is final, and return the invoice."""
        said = f"{amount_minor} never became final"
        return self.until(invoice, said, lambda shown: self.confirmed_minor(shown) == amount_minor)

    def until(self, invoice: Json, otherwise: str, holds: Callable[[Json], bool]) -> Json:
        """Wait until something holds of an invoice, and return it as it was then."""
        shown = invoice

        def looks() -> bool:
            nonlocal shown
            shown = self.show(invoice)
            return holds(shown)

        self._wait(looks, otherwise, lambda: self._stands(invoice))
        return shown

    def paid_minor(self, invoice: Json) -> int:
        """How much the ledger holds for an invoice."""
        return sum(int(one["amount_minor"]) for one in self.credits(invoice))

    def confirmed_minor(self, invoice: Json) -> int:
        """How much of that is final."""
        return int(self.option(invoice)["confirmed_minor"])

    def credits(self, invoice: Json) -> Sequence[Json]:
        """The payments of an invoice that count."""
        return [one for one in self.option(invoice)["payments"] if one["state"] in COUNTS]

    def depths_of(self, invoice: Json) -> Sequence[int]:
        """The confirmations of each payment that counts."""
        return [int(one["confirmations"]) for one in self.credits(invoice)]

    def is_covered(self, invoice: Json) -> None:
        """See that nothing is asked for any more, and that it settles no sooner than its depth."""
        assert self.option(invoice)["remaining_minor"] == "0", invoice
        assert invoice["status"] == ("settled" if self.depth is None else "processing"), invoice

    def was_told(self, invoice: Json, *types: str) -> None:
        """See that just these events were told of an invoice, in this order.

        The order is that of a chain with depths; where whatever is seen is final, it is told `at_once`.
        """
        awaited = list(types) if self.depth is not None else at_once(types)
        assert self.told(invoice) == awaited, f"the events of {invoice['id']} are not {awaited}"

    def holds_just(self, invoice: Json, amount_minor: int, *transactions: str) -> None:
        """See that the ledger holds just that much for an invoice, from these transactions where named."""
        held = self.paid_minor(invoice)
        refs = [one["ref"] for one in self.credits(invoice)]
        more = "is one credit told under two refs?" if held > amount_minor else "is something forgotten?"
        assert held == amount_minor, (
            f"{amount_minor} was paid, and the ledger holds {held} in {len(refs)} payments {refs}: {more}"
        )
        paid_by = [one["transaction_id"] for one in self.credits(invoice)]
        assert not transactions or sorted(paid_by) == sorted(transactions), (
            f"{sorted(transactions)} paid, and the ledger names {sorted(paid_by)}: "
            "`transaction_id` is what the sandbox's `pay` returns"
        )

    def until_expired(self, invoice: Json) -> None:
        """Wait until an invoice is expired."""
        said = "the chain was never seen complete past the expiry (`as_of` of `ChainHost.observe`)"
        self.until(invoice, said, lambda shown: shown["status"] == "expired")

    def until_healthy(self, otherwise: str) -> None:
        """Wait until the chain can be offered."""
        self._wait(lambda: self.health()["health"] == "healthy", otherwise, self.health)

    def until_not_healthy(self, otherwise: str) -> None:
        """Wait until the chain says that it cannot be offered."""
        self._wait(lambda: self.health()["health"] != "healthy", otherwise, self.health)

    def _wait(self, holds: Callable[[], bool], otherwise: str, told: Callable[[], object]) -> None:
        by = time.monotonic() + self.patience_s
        while not holds():
            if time.monotonic() > by:
                raise AssertionError(f"{otherwise} (waited {self.patience_s:g} s); it stands at {told()}")
            time.sleep(PAUSE_S)

    def _stands(self, invoice: Json) -> Json:
        shown = self.show(invoice)
        option = self.option(shown)
        known = ("ref", "amount_minor", "state", "confirmations")
        payments = [{name: one[name] for name in known} for one in option["payments"]]
        return {"status": shown["status"], "flags": shown["flags"], "payments": payments, **self.health()}


def at_once(types: Sequence[str]) -> list[str]:
    """The same events where a payment is final as soon as it is seen."""
    told: list[str] = []
    for one in types:
        match one:
            case "payment_seen":
                told += [one, "payment.confirmed"]
            case "processing":
                told.append("settled")
            case "payment.confirmed" | "settled" if one in told:
                pass
            case _:
                told.append(one)
    return told


async def _statuses(daemon: Daemon) -> Sequence[ChainStatus]:
    return daemon.chain_status()
