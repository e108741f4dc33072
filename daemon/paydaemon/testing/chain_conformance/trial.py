"""A trial: one real daemon with one chain, its network, and what the cases of the suite do with them.

Every wait has one bound, and says what was waited for and how things stand when it is reached.
"""

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace

import httpx

from paydaemon.core.money import Asset
from paydaemon.hooks.ports import Chain, Depths, PayTo
from paydaemon.testing.asked import SELLER, Asked, Json
from paydaemon.testing.chain_conformance.ground import Ground
from paydaemon.testing.chain_conformance.witness import NotRecorded, Witness
from paydaemon.testing.inprocess import DaemonThread

PAUSE_S = 0.02
COUNTS = ("pending", "confirmed")
SEEN = ("created", "payment_seen")
SETTLED = ("payment.confirmed", "settled")
MEANS = {
    "late": "late says that `as_of` was past the expiry before this was told, or `seen_at_ms` is",
    "over": "over says that more counts than was paid",
    "partial": "partial says that less counts than was paid",
    "reversed": (
        "reversed says that it had settled too soon: by `final`, by `height`, or by an `as_of` that was told "
        "before all that had happened until then"
    ),
}
"""Where a flag comes from that should not be there."""


@dataclass(slots=True)
class Trial:
    """With `restarts` the daemon is killed and started at every step that a case names.

    Invoices ask for `due_minor` and for `depth` confirmations, None on a chain that has none. Where
    `may_fail` the chain may be restarted meanwhile, as one whose network is away. `asset` is what is paid in,
    and `begun_at` the number of the newest event when it began.
    """

    daemon: Asked
    ground: Ground
    witness: Witness
    chain: Chain
    due_minor: int
    depth: int | None
    restarts: bool
    patience_s: float
    asset: Asset
    may_fail: bool = False
    begun_at: int = 0
    _paid_at_ms: dict[str, int] = field(default_factory=dict)
    _starts: dict[str, int] = field(default_factory=dict)

    @property
    def thread(self) -> DaemonThread:
        """The daemon, where it is in this process: in all cases but those that kill it for good."""
        assert isinstance(self.daemon, DaemonThread)
        return self.daemon

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
        given = self.daemon.answer("POST", "/v1/invoices", {**body, "seller_id": SELLER, **fields})
        invoice = given.json()
        assert given.is_success, (
            f"the chain is healthy, and no invoice can be made: {invoice['error']['message']}"
        )
        self._starts[invoice["id"]] = self.daemon.starts
        return dict(invoice)

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
        plugins = self.daemon.call("GET", "/v1/plugins")["data"]
        (chain,) = (one for plugin in plugins for one in plugin["health"])
        return {"health": chain["state"], "reason": chain["reason"]}

    # --- What happens on the network

    def pay(self, invoice: Json, amount_minor: int | None = None) -> str:
        """Pay an invoice, all of it unless told how much; returns the transaction's id."""
        return self.pay_to(self.to(invoice, amount_minor))

    def pay_to(self, to: PayTo) -> str:
        """Pay whomever; returns the transaction's id."""
        return self._paid(now_ms(), self.ground.pay(to))

    def pay_together(self, *to: tuple[Json, int]) -> str:
        """Pay several in one transaction; returns its id."""
        return self._paid(now_ms(), self.ground.pay_all([self.to(*one) for one in to]))

    def bury(self, confirmations: int | None = None) -> None:
        """Let so many blocks come, as many as are needed unless told."""
        self.ground.finalise(self.enough if confirmations is None else confirmations)

    def replace(self, transaction_id: str) -> None:
        """Let a payment that no block holds be spent elsewhere."""
        self.ground.replace(transaction_id)

    def reorganise(self, depth: int, *lost: str) -> None:
        """Let another branch take the place of the newest blocks."""
        self.ground.reorganise(depth, lost)

    @contextmanager
    def away(self) -> Iterator[None]:
        """Let the network be out of the chain's reach for as long as this lasts."""
        self.ground.go_away()
        self.witness.went_away()
        try:
            yield
        finally:
            self.witness.comes_back()
            self.ground.come_back()

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

    def until_status(self, invoice: Json, *status: str, otherwise: str = "") -> Json:
        """Wait until an invoice has one of these, and return it."""
        said = otherwise or f"the invoice never became {' or '.join(status)}"
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

        self._wait(looks, otherwise, lambda: f"{self._stands(invoice)}{self._hint(shown)}")
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
        awaited = "settled" if self.depth is None else "processing"
        assert invoice["status"] == awaited, (
            f"what is paid is {invoice['status']}, and {awaited} on a chain that has "
            f"{'no confirmations, as `cannot` says (DEPTH)' if self.depth is None else 'confirmations'}"
        )

    def was_told(self, invoice: Json, *types: str) -> None:
        """See that just these events were told of an invoice, in this order.

        The order is that of a chain with depths; where whatever is seen is final, it is told `at_once`.
        """
        awaited = list(types) if self.depth is not None else at_once(types)
        assert self.told(invoice) == awaited, f"the events of {invoice['id']} are not {awaited}"

    def is_flagged(self, invoice: Json, *flags: str) -> None:
        """See that an invoice has just these flags; of any other one it is said where it comes from."""
        why = [MEANS[one] for one in invoice["flags"] if one in MEANS and one not in flags]
        assert invoice["flags"] == list(flags), (
            f"the invoice has the flags {invoice['flags']} and should have {list(flags)}"
            f"{': ' if why else ''}{'; '.join(why)}"
        )

    def holds_just(self, invoice: Json, amount_minor: int, *transactions: str) -> None:
        """See that the ledger holds just that much for an invoice, from these transactions where named."""
        held = self.paid_minor(invoice)
        refs = [one["ref"] for one in self.credits(invoice)]
        assert held == amount_minor, (
            f"the ledger should hold {amount_minor}, and holds {held} in {len(refs)} payments {refs}: "
            f"{_why_not(held, amount_minor, self.credits(invoice))}"
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

    def _paid(self, at_ms: int, transaction_id: str) -> str:
        self._paid_at_ms[transaction_id] = at_ms
        return transaction_id

    def what_is_known(self) -> str:
        """What was wrong with the chain itself until now, whatever the case is about; each is told once."""
        self.witness.paid(self._paid_at_ms)
        if self.depth is None:
            self.witness.has_no_depths()
        lines = self.witness.tell()
        known = "the chain says what no chain may say:\n" + "\n".join(lines) if lines else ""
        if self.daemon.is_up and not self.may_fail:
            failed = [reason for reason in self._failures() if NotRecorded.__name__ not in reason]
            known += f"`run` of the chain failed: {failed[0]}" if failed else ""
        return known

    def _failures(self) -> Sequence[str]:
        """Why `run` failed, each time since it was asked for last."""
        try:
            told = self.journal(self.begun_at)
        except httpx.HTTPError:  # it answers nobody: that is what is wrong, and told already
            return []
        self.begun_at = int(told[-1]["seq"]) if told else self.begun_at
        return [str(one["data"]["reason"]) for one in told if one["type"] == "plugin.failed"]

    def _wait(self, holds: Callable[[], bool], otherwise: str, told: Callable[[], object]) -> None:
        by = time.monotonic() + self.patience_s
        while not holds():
            if self.witness.faults or time.monotonic() > by:
                waited_s = self.patience_s - (by - time.monotonic())
                raise AssertionError(f"{otherwise} (waited {waited_s:.3g} s); it stands at {told()}")
            time.sleep(PAUSE_S)

    def _hint(self, shown: Json) -> str:
        """What may be wrong where nothing came of what was paid."""
        restarted = self.daemon.starts > self._starts.get(shown["id"], self.daemon.starts)
        if not restarted or self.option(shown)["payments"]:
            return ""
        return (
            "; the daemon was restarted since it gave that destination, and a chain watches what "
            "`ChainHost.destinations` says, not what it remembers"
        )

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


def now_ms() -> int:
    """The machine's clock."""
    return time.time_ns() // 1_000_000


def _why_not(held_minor: int, awaited_minor: int, counted: Sequence[Json]) -> str:
    """Where to look for what the ledger holds too much, or too little."""
    paid_by = [one["transaction_id"] for one in counted]
    if held_minor < awaited_minor:
        return "is something forgotten?"
    if len(set(paid_by)) < len(paid_by):
        return "is one credit told under two refs?"
    return "is what was replaced, conflicted or lost still told as seen?"
