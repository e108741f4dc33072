"""Invoices: what a seller asks for, and the options a buyer can pay it with.

An invoice's terms never change after creation; its standing (status, flags, stage, mark) does, and only by
`paydaemon.core.ledger`.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from paydaemon.core.money import Asset, Currency

PPM = 1_000_000
"""The whole, in millionths: what a tolerance is a part of."""


class Status(StrEnum):
    """What an invoice's amounts, clock and marks add up to."""

    NEW = "new"
    PROCESSING = "processing"
    SETTLED = "settled"
    EXPIRED = "expired"
    INVALID = "invalid"


class Flag(StrEnum):
    """What else is true of an invoice; any of them can stand together."""

    PARTIAL = "partial"
    OVER = "over"
    LATE = "late"
    REVERSED = "reversed"
    MARKED = "marked"


class Stage(StrEnum):
    """How far an invoice's clock has run, by the chains' own word.

    An invoice is `expired` only once every chain of its options has been seen complete past `expires_at_ms`,
    and `closed` likewise past `monitor_until_ms`: what was paid in time is known by then.
    """

    OPEN = "open"
    EXPIRED = "expired"
    CLOSED = "closed"


class LatePolicy(StrEnum):
    """What late coverage does: `hold` it for a mark, or let it `settle` the invoice by itself."""

    HOLD = "hold"
    SETTLE = "settle"


class Mark(StrEnum):
    """A person's word on an invoice. It wins over amounts until the opposite mark."""

    SETTLED = "settled"
    INVALID = "invalid"


class QuoteMethod(StrEnum):
    """How a rate was come by."""

    SAME_ASSET = "same_asset"
    SET = "set"
    """By the operator: one source that needs no other beside it."""
    MEDIAN = "median"
    """Of several sources, each for itself, for every pair on the way."""
    FALLBACK = "fallback"
    """The one source that the operator allows where several do not agree."""


@dataclass(frozen=True, slots=True)
class SourcePrice:
    """What one source said of one pair, such as ``BTC/EUR``, and when: `rate` is a decimal string.

    An `outlier` was too far from the median to count as agreeing. It has its place among the prices that the
    median is that of, so without it nobody could work out the rate again.
    """

    source: str
    pair: str
    rate: str
    at_ms: int
    outlier: bool = False


@dataclass(frozen=True, slots=True)
class Quote:
    """A rate with its provenance, fixed in the option forever.

    `rate` is a decimal string: the price of one whole unit of the asset in the invoice's currency, less the
    seller's spread of `spread_ppm` millionths. `source` names in words who said so and `at_ms` is the oldest
    word that counted. `sources` are all prices that it comes from, pair by pair on the way from asset to
    currency: of each pair their median.
    """

    rate: str
    source: str
    at_ms: int
    method: QuoteMethod = QuoteMethod.SET
    spread_ppm: int = 0
    sources: tuple[SourcePrice, ...] = ()


@dataclass(frozen=True, slots=True)
class Destination:
    """Where a credit must go to count for one option.

    `key` is what the chain recognises it by, unique on the chain and never issued twice. `address`, `memo`
    and `uri` are for the payer. `index` is the number it was derived from.
    """

    key: str
    index: int
    address: str
    memo: str | None
    uri: str


@dataclass(frozen=True, slots=True)
class Option:
    """One way to pay an invoice: an asset, how much of it is due, and where to.

    Raises `ValueError` unless something is due: what is paid is counted as a fraction of it.
    """

    asset: Asset
    due_minor: int
    quote: Quote
    destination: Destination
    confirmations_required: int

    def __post_init__(self) -> None:
        if self.due_minor < 1:
            raise ValueError(f"due_minor must be at least 1, not {self.due_minor}")


@dataclass(frozen=True, slots=True)
class Standing:
    """Where an invoice stands: everything about it that can change."""

    status: Status = Status.NEW
    flags: frozenset[Flag] = frozenset()
    stage: Stage = Stage.OPEN
    mark: Mark | None = None


@dataclass(frozen=True, slots=True)
class Invoice:
    """What a seller asks for, until a time.

    `tolerance_ppm` is how much may be missing, in millionths of what is due. `metadata` and `buyer` are the
    seller's own JSON, kept and returned unread.

    Raises `ValueError` for a tolerance of everything: it would settle with nothing paid.
    """

    id: str
    seller_id: str
    amount_minor: int
    currency: Currency
    created_at_ms: int
    expires_at_ms: int
    monitor_until_ms: int
    options: tuple[Option, ...]
    note: str | None = None
    metadata: Mapping[str, object] = field(default_factory=dict)
    buyer: Mapping[str, str] = field(default_factory=dict)
    return_url: str | None = None
    tolerance_ppm: int = 0
    late: LatePolicy = LatePolicy.HOLD
    standing: Standing = Standing()

    def __post_init__(self) -> None:
        if not 0 <= self.tolerance_ppm < PPM:
            raise ValueError(f"tolerance_ppm must be from 0 to {PPM - 1}, not {self.tolerance_ppm}")

    def option(self, asset: Asset) -> Option | None:
        """The option that takes `asset`; there is at most one for each chain and asset."""
        return next((option for option in self.options if option.asset.key == asset.key), None)
