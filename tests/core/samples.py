"""What the tests of the core share: plain invoices and payments, and the strategies that draw them."""

from collections.abc import Sequence
from dataclasses import replace

from hypothesis import strategies as st

from paydaemon.core.invoice import (
    PPM,
    Destination,
    Invoice,
    LatePolicy,
    Mark,
    Option,
    Quote,
    SourcePrice,
    Stage,
)
from paydaemon.core.money import Asset, Currency
from paydaemon.core.payment import Observation, ObservedState, Payment, PaymentState, first_sight

CREATED_MS = 1_769_860_800_000
EXPIRES_MS = CREATED_MS + 900_000
MONITOR_MS = EXPIRES_MS + 604_800_000

IN_TIME_MS = CREATED_MS + 60_000
LATE_MS = EXPIRES_MS + 1
AFTER_ALL_MS = MONITOR_MS + 1

BTC = Asset("bitcoin", "BTC", "BTC", 8)
HBAR = Asset("hedera", "HBAR", "HBAR", 8)
TOKEN = Asset("hedera", "0.0.456858", "USDC", 6)
FOREIGN = Asset("hedera", "0.0.999999", "BTC", 8)
"""An asset that no option takes, though it has the symbol of one that some do."""

TIPS = {"bitcoin": 100, "hedera": None}


def option(asset: Asset = BTC, due_minor: int = 20_834, required: int = 6) -> Option:
    destination = Destination(f"{asset.code}-key", 7, f"{asset.code}-address", None, f"{asset.chain}:address")
    said = SourcePrice("fixed", f"{asset.symbol}/EUR", "60000.00", CREATED_MS)
    quote = Quote(said.rate, said.source, said.at_ms, sources=(said,))
    return Option(asset, due_minor, quote, destination, required)


def invoice(
    *options: Option, tolerance_ppm: int = 0, late: LatePolicy = LatePolicy.HOLD, stage: Stage = Stage.OPEN
) -> Invoice:
    """12.50 EUR, payable in Bitcoin unless other options are given."""
    fresh = Invoice(
        id="inv_1",
        seller_id="shop",
        amount_minor=1250,
        currency=Currency("EUR", 2),
        created_at_ms=CREATED_MS,
        expires_at_ms=EXPIRES_MS,
        monitor_until_ms=MONITOR_MS,
        options=options or (option(),),
        tolerance_ppm=tolerance_ppm,
        late=late,
    )
    return replace(fresh, standing=replace(fresh.standing, stage=stage))


def payment(
    amount_minor: int = 20_834,
    state: PaymentState = PaymentState.PENDING,
    *,
    id: str = "pay_1",
    asset: Asset = BTC,
    seen_at_ms: int = IN_TIME_MS,
    height: int | None = None,
) -> Payment:
    return Payment(
        id=id,
        chain=asset.chain,
        ref=f"{id}:0",
        transaction_id=id,
        asset=asset,
        amount_minor=amount_minor,
        destination_key=f"{asset.code}-key",
        invoice_id="inv_1",
        confirmations_required=6,
        state=state,
        seen_at_ms=seen_at_ms,
        recorded_at_ms=seen_at_ms,
        position=1,
        height=height,
        block=None if height is None else f"block-{height}",
        final=False,
        replaced_by=None,
    )


def confirmed(amount_minor: int = 20_834, **changes: object) -> Payment:
    """A payment at its depth."""
    base = payment(amount_minor, PaymentState.CONFIRMED, height=95)
    return replace(base, **changes)  # type: ignore[arg-type]


def observation(
    state: ObservedState = ObservedState.SEEN,
    *,
    position: int = 1,
    height: int | None = None,
    block: str | None = None,
    seen_at_ms: int = IN_TIME_MS,
    final: bool = False,
) -> Observation:
    named = f"block-{height}" if height is not None and block is None else block
    return Observation(
        ref="tx:0",
        transaction_id="tx",
        asset=BTC,
        amount_minor=20_834,
        destination_key="BTC-key",
        state=state,
        seen_at_ms=seen_at_ms,
        position=position,
        height=height,
        block=named,
        final=final,
        replaced_by="other" if state is ObservedState.REPLACED else None,
    )


def recorded(seen: Observation, tip: int | None = 100, required: int = 6) -> Payment:
    """The payment that this first observation brings into the ledger."""
    return first_sight("pay_1", "bitcoin", seen, "inv_1", required, tip, CREATED_MS)


# What hypothesis draws. Small numbers meet the boundaries often, large ones show that nothing overflows.

dues = st.integers(1, 50) | st.integers(1, 10**30)
amounts = st.integers(0, 60) | st.integers(0, 10**30)
stages = st.sampled_from(list(Stage))
marks = st.sampled_from([None, *Mark])
times = st.sampled_from([IN_TIME_MS, EXPIRES_MS, LATE_MS, MONITOR_MS, AFTER_ALL_MS])


@st.composite
def invoices(draw: st.DrawFn) -> Invoice:
    assets = draw(st.lists(st.sampled_from([BTC, HBAR, TOKEN]), min_size=1, unique=True))
    return invoice(
        *(option(asset, draw(dues)) for asset in assets),
        tolerance_ppm=draw(st.sampled_from([0, 0, 1, 10_000, 500_000, PPM - 1])),
        late=draw(st.sampled_from(list(LatePolicy))),
    )


@st.composite
def payments(draw: st.DrawFn, most: int = 6) -> Sequence[Payment]:
    return [
        payment(
            draw(amounts),
            draw(st.sampled_from(list(PaymentState))),
            id=f"pay_{number}",
            asset=draw(st.sampled_from([BTC, HBAR, TOKEN, FOREIGN])),
            seen_at_ms=draw(times),
            height=draw(st.none() | st.integers(1, 100)),
        )
        for number in range(draw(st.integers(0, most)))
    ]
