"""A chain that does whatever chains do, and a ledger that must agree with it at every moment.

The model keeps its own truth: which credits exist, in which block or in none, and what became of them. It
tells the ledger in observations, as a chain plugin would, and after each step compares: amounts with plain
integer sums, status and flags with arithmetic of its own, and events with the differences they stand for.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from paydaemon.core import ledger
from paydaemon.core.events import Draft
from paydaemon.core.invoice import PPM, Flag, Invoice, LatePolicy, Mark, Stage
from paydaemon.core.money import Asset
from paydaemon.core.payment import (
    Observation,
    ObservedState,
    Payment,
    PaymentState,
    absorb,
    deepen,
    first_sight,
    require,
)
from paydaemon.core.public import public_invoice
from tests.core.samples import BTC, HBAR, IN_TIME_MS, invoice, option, times
from tests.core.world import Credit, World

UNMATCHED_DEPTH = 2
GONE = (ObservedState.REPLACED, ObservedState.CONFLICTED, ObservedState.DROPPED)


@dataclass(frozen=True)
class Sums:
    """What the model knows of the invoice, by plain integers: parts of `whole`."""

    whole: int
    in_time: int
    total: int
    status: str
    over: bool


class LedgerMachine(RuleBasedStateMachine):
    """One invoice payable in two assets: one whose payments are buried by blocks, one final at once."""

    def __init__(self) -> None:
        super().__init__()
        self.world = World()
        self.invoice: Invoice = invoice()
        self.payments: dict[str, Payment] = {}
        self.said: list[Observation] = []
        self.journal: list[Draft] = []
        self.reversed = False

    @initialize(
        dues=st.tuples(st.integers(1, 9), st.integers(1, 9)),
        required=st.sampled_from([0, 1, 2, 3]),
        tolerance_ppm=st.sampled_from([0, 0, 0, 200_000]),
        late=st.sampled_from(list(LatePolicy)),
    )
    def create(self, dues: tuple[int, int], required: int, tolerance_ppm: int, late: LatePolicy) -> None:
        options = (option(BTC, dues[0], required), option(HBAR, dues[1], 1))
        step = ledger.create(invoice(*options, tolerance_ppm=tolerance_ppm, late=late))
        self.invoice = step.invoice
        self.journal.extend(step.events)

    # --- What may happen

    @rule(
        asset=st.sampled_from([BTC, BTC, HBAR]),
        amount=st.integers(1, 9) | st.just(0),
        at_ms=st.just(IN_TIME_MS) | times,
        ours=st.sampled_from([True, True, True, False]),
    )
    def pay(self, asset: Asset, amount: int, at_ms: int, ours: bool) -> None:
        ref = f"tx-{len(self.world.credits)}"
        self.world.credits[ref] = Credit(ref, asset, amount, at_ms, ours or asset is HBAR)
        self._observe([self.world.credits[ref]])

    @rule(data=st.data())
    def mine(self, data: st.DataObject) -> None:
        taken = self._some(data, lambda c: c.asset is BTC and c.height is None)
        for credit in taken:
            credit.fate = ObservedState.SEEN
        self.world.mine(taken)
        self._observe(taken)

    @precondition(lambda self: self.world.blocks)
    @rule(data=st.data())
    def reorganise(self, data: st.DataObject) -> None:
        """Take some blocks away, put others in their place, and let some credits be lost on the way."""
        loose = self.world.undo(data.draw(st.integers(1, min(4, len(self.world.blocks)))))
        for credit in loose:
            credit.fate = data.draw(st.sampled_from([*[ObservedState.SEEN] * 5, *GONE]))
        for _ in range(data.draw(st.integers(0, 4))):
            waiting = [c for c in loose if c.height is None and c.fate is ObservedState.SEEN]
            self.world.mine([credit for credit in waiting if data.draw(st.booleans())])
        self._observe(loose)

    @rule(data=st.data(), fate=st.sampled_from(list(ObservedState)), lag=st.sampled_from([-1, 0, 600_000]))
    def turn(self, data: st.DataObject, fate: ObservedState, lag: int) -> None:
        """Something unmined is replaced, conflicted or dropped, or is back; the chain dates it otherwise."""
        turned = self._some(data, lambda c: c.asset is BTC and c.height is None)
        for credit in turned:
            credit.fate = fate
        self._observe(turned, lag)

    @precondition(lambda self: self.said)
    @rule(data=st.data())
    def repeat(self, data: st.DataObject) -> None:
        """The chain says again what it said before, in whatever order: nothing happens."""
        again = data.draw(st.lists(st.sampled_from(self.said), min_size=1, max_size=5))
        before, told = dict(self.payments), len(self.journal)
        for seen in again:
            self._absorb(seen)
        assert self.payments == before
        self._step(before)
        assert len(self.journal) == told

    @rule(stage=st.sampled_from([*[Stage.OPEN] * 5, Stage.EXPIRED, Stage.EXPIRED, Stage.CLOSED]))
    def turn_the_clock(self, stage: Stage) -> None:
        self._step(dict(self.payments), stage=stage)

    @rule(mark=st.sampled_from([*[None] * 9, *Mark]))
    def mark(self, mark: Mark | None) -> None:
        """Seldom, or little else would be seen: a mark hides what the amounts say while it stands."""
        self._step(dict(self.payments), mark=mark)

    @rule(data=st.data())
    def assign(self, data: st.DataObject) -> None:
        """A person gives unmatched credits to the invoice, which may ask for another depth."""
        given = self._some(data, lambda c: not c.ours)
        before = dict(self.payments)
        for credit in given:
            credit.ours = True
            self.world.buried.discard((credit.ref, self.world.block(credit) or ""))
            required = self.invoice.options[0].confirmations_required
            loose = self.payments[credit.ref]
            self.payments[credit.ref] = require(loose, self.invoice.id, required, self.world.tip)
        self._step(before)

    # --- How the ledger hears of it, as the engine would tell it

    def _some(self, data: st.DataObject, which: Callable[[Credit], bool]) -> list[Credit]:
        candidates = [credit for credit in self.world.credits.values() if which(credit)]
        most = st.sampled_from([True, True, True, False])
        return [credit for credit in candidates if data.draw(most, label=credit.ref)]

    def _observe(self, changed: Iterable[Credit], lag: int = 0) -> None:
        before = dict(self.payments)
        for credit in changed:
            seen = self._observation(credit, lag)
            self.said.append(seen)
            credit.seen_at_ms = min(credit.seen_at_ms, seen.seen_at_ms)
            self._absorb(seen)
        for ref, payment in self.payments.items():
            if payment.asset is BTC:
                self.payments[ref] = deepen(payment, self.world.tip)
        self._step(before)

    def _observation(self, credit: Credit, lag: int) -> Observation:
        return Observation(
            ref=credit.ref,
            transaction_id=credit.ref,
            asset=credit.asset,
            amount_minor=credit.amount_minor,
            destination_key="key",
            state=credit.fate,
            seen_at_ms=credit.seen_at_ms + lag,
            position=len(self.said),
            height=credit.height,
            block=self.world.block(credit),
            final=credit.asset is HBAR,
        )

    def _absorb(self, seen: Observation) -> None:
        tip = self.world.tip if seen.asset is BTC else None
        known = self.payments.get(seen.ref)
        if known is not None:
            self.payments[seen.ref] = absorb(known, seen, tip)
            return
        ours = self.world.credits[seen.ref].ours
        owed = self.invoice.option(seen.asset)
        required = owed.confirmations_required if ours and owed else UNMATCHED_DEPTH
        invoice_id = self.invoice.id if ours else None
        new = first_sight(seen.ref, seen.asset.chain, seen, invoice_id, required, tip, seen.seen_at_ms)
        self.payments[seen.ref] = new

    def _step(
        self, before: Mapping[str, Payment], stage: Stage | None = None, mark: Mark | None = None
    ) -> None:
        self._bury()
        earlier, was = self.invoice, self._sums(self.invoice, before.values())
        tips = {"bitcoin": self.world.tip}
        step = ledger.advance(
            earlier, _of(earlier, before), _of(earlier, self.payments), tips, stage=stage, mark=mark
        )
        self.invoice = step.invoice
        self.journal.extend(step.events)
        now = self._sums(step.invoice, self.payments.values())
        self._check_events(step.events, earlier, before, was, now)
        lost = was.status == "settled" and now.status != "settled"
        self.reversed = self.reversed or lost

    def _bury(self) -> None:
        """Note what is at its depth now: it stays confirmed for as long as its block stands."""
        for credit in self.world.credits.values():
            block = self.world.block(credit)
            required = self.payments[credit.ref].confirmations_required
            if block is not None and self.world.tip - (credit.height or 0) + 1 >= required:
                self.world.buried.add((credit.ref, block))

    # --- The model's own arithmetic

    def _true_state(self, credit: Credit) -> PaymentState:
        if credit.fate is not ObservedState.SEEN:
            return PaymentState(credit.fate.value)
        at_once = credit.asset is HBAR or self.payments[credit.ref].confirmations_required == 0
        block = self.world.block(credit)
        deep = block is not None and (credit.ref, block) in self.world.buried
        return PaymentState.CONFIRMED if at_once or deep else PaymentState.PENDING

    def _sums(self, of: Invoice, paid: Iterable[Payment]) -> Sums:
        due = {each.asset: each.due_minor for each in of.options}
        whole = due[BTC] * due[HBAR]
        parts: Counter[tuple[bool, bool]] = Counter()
        used: set[Asset] = set()
        for one in paid:
            if one.invoice_id == of.id and one.counts and one.seen_at_ms <= of.monitor_until_ms:
                kind = (one.seen_at_ms > of.expires_at_ms, one.state is PaymentState.CONFIRMED)
                parts[kind] += one.amount_minor * whole // due[one.asset]
                if one.amount_minor:
                    used.add(one.asset)
        total, total_final = sum(parts.values()), parts[False, True] + parts[True, True]
        in_time = parts[False, False] + parts[False, True]
        over = bool(used) and all((total - whole) * due[asset] >= whole for asset in used)
        lenient = of.late is LatePolicy.SETTLE
        seen, final = (total, total_final) if lenient else (in_time, parts[False, True])
        return Sums(whole, in_time, total, _status(of, whole, seen, final), over)

    # --- What must hold after every step

    @invariant()
    def the_ledger_agrees_with_the_chain(self) -> None:
        for credit in self.world.credits.values():
            assert self.payments[credit.ref].state is self._true_state(credit)
            assert self.payments[credit.ref].seen_at_ms == credit.seen_at_ms

    @invariant()
    def every_amount_is_the_sum_of_its_valid_credits(self) -> None:
        mine = list(_of(self.invoice, self.payments))
        shown = public_invoice(self.invoice, mine, {"bitcoin": self.world.tip})["options"]
        assert isinstance(shown, list)
        for told, each in zip(shown, self.invoice.options, strict=True):
            ours = [c for c in self.world.credits.values() if c.ours and c.asset == each.asset]
            for state in (PaymentState.PENDING, PaymentState.CONFIRMED):
                true = sum(c.amount_minor for c in ours if self._true_state(c) is state)
                assert told[f"{state.value}_minor"] == str(true)
            assert [p["ref"] for p in told["payments"]] == [p.ref for p in mine if p.asset == each.asset]

    @invariant()
    def status_and_flags_are_what_the_amounts_say(self) -> None:
        sums, standing = self._sums(self.invoice, self.payments.values()), self.invoice.standing
        assert standing.status.value == (standing.mark.value if standing.mark else sums.status)
        needed = sums.whole * (PPM - self.invoice.tolerance_ppm)
        assert standing.flags == {
            flag
            for flag, is_true in {
                Flag.PARTIAL: sums.total > 0 and sums.total * PPM < needed,
                Flag.OVER: sums.over,
                Flag.LATE: sums.total > sums.in_time,
                Flag.REVERSED: self.reversed,
                Flag.MARKED: standing.mark is not None,
            }.items()
            if is_true
        }

    @invariant()
    def the_journal_tells_where_the_invoice_stands(self) -> None:
        """The last event of the invoice shows its status, so a reader of the journal alone is not misled."""
        told = self.journal[-1].data["invoice"] if self.journal else None
        if isinstance(told, dict):
            assert told["status"] == self.invoice.standing.status.value

    def _check_events(
        self, events: Iterable[Draft], earlier: Invoice, before: Mapping[str, Payment], was: Sums, now: Sums
    ) -> None:
        """Exactly the events that the differences make true, none twice and none missing."""
        expected = Counter(_expected_of_payments(_by_ref(earlier, before), _by_ref(earlier, self.payments)))
        expected.update((type, None) for type in self._expected_of_invoice(earlier, was, now))
        assert Counter((event.type.value, _ref(event)) for event in events) == expected

    def _expected_of_invoice(self, earlier: Invoice, was: Sums, now: Sums) -> Iterable[str]:
        old, new = earlier.standing, self.invoice.standing
        needed = now.whole * (PPM - earlier.tolerance_ppm)
        if new.mark != old.mark:
            yield "invoice.marked"
        if new.status != old.status and new.status.value != "new":
            yield f"invoice.{new.status.value}"
        if was.status == "settled" and now.status != "settled":
            yield "invoice.reversed"
        if now.total > was.total and now.total * PPM < needed:
            yield "invoice.partially_paid"
        if now.total > was.total and now.over:
            yield "invoice.overpaid"
        if _late(now, needed) and not _late(was, needed):
            yield "invoice.paid_late"


def _of(of: Invoice, payments: Mapping[str, Payment]) -> list[Payment]:
    return [payment for payment in payments.values() if payment.invoice_id == of.id]


def _by_ref(of: Invoice, payments: Mapping[str, Payment]) -> dict[str, Payment]:
    return {payment.ref: payment for payment in _of(of, payments)}


def _ref(event: Draft) -> str | None:
    payment = event.data.get("payment")
    return payment["ref"] if isinstance(payment, dict) else None


def _late(sums: Sums, needed: int) -> bool:
    return sums.in_time * PPM < needed <= sums.total * PPM


def _status(of: Invoice, whole: int, seen: int, final: int) -> str:
    needed = whole * (PPM - of.tolerance_ppm)
    if final * PPM >= needed:
        return "settled"
    if seen * PPM >= needed:
        return "invalid" if of.standing.stage is Stage.CLOSED else "processing"
    return "new" if of.standing.stage is Stage.OPEN else "expired"


def _expected_of_payments(
    before: Mapping[str, Payment], after: Mapping[str, Payment]
) -> Iterable[tuple[str, str | None]]:
    for ref, now in after.items():
        was = before.get(ref)
        counted, state = was is not None and was.counts, was and was.state
        if now.counts and not counted:
            yield "invoice.payment_seen", ref
        if now.state is not state and now.state is not PaymentState.PENDING:
            yield f"payment.{now.state.value}", ref
        back = state is PaymentState.CONFIRMED and now.state is PaymentState.PENDING
        unmined = was is not None and was.height is not None and now.height is None and now.state is state
        if back or (unmined and now.counts):
            yield "payment.unconfirmed", ref


TestLedger = LedgerMachine.TestCase
TestLedger.settings = settings(
    max_examples=150, stateful_step_count=40, suppress_health_check=[HealthCheck.too_slow]
)
