"""``[quotes]``: which rates are good enough for a new invoice, and where pairs and sellers differ."""

import re
from collections.abc import Callable
from typing import Annotated, Any

from pydantic import AfterValidator, Field, field_validator

from paydaemon.config.limits import DAY_S
from paydaemon.core.errors import Refusal
from paydaemon.core.money import parse_minor
from paydaemon.core.raterules import Pair, PairRules, Rules, SellerRules, reverse
from paydaemon.hooks.settings import Settings, number

PPM_DECIMALS = 4
"""A percent has 10 000 millionths."""
MOST_VIA = 4
"""Each more is tried with all the others, where a rate is not to be had directly."""

_CODE = r"[A-Z0-9][A-Z0-9.]{0,31}"
_PAIR = re.compile(rf"({_CODE})/({_CODE})", re.ASCII)


def ppm(text: str, key: str) -> int:
    """A percentage such as "0.5" in millionths. Raises `ValueError`."""
    try:
        return parse_minor(text, PPM_DECIMALS, key)
    except Refusal as refusal:
        raise ValueError(refusal.message) from refusal


def percent(key: str, least: str, most: str) -> Callable[[str], str]:
    """A validator of percentages from `least` to `most`."""

    def check(text: str) -> str:
        if not ppm(least, key) <= ppm(text, key) <= ppm(most, key):
            raise ValueError(f'must be from "{least}" to "{most}"')
        return text

    return check


def _code(text: str) -> str:
    if re.fullmatch(_CODE, text, re.ASCII) is None:
        raise ValueError('must be a currency or asset in capitals such as "USD"')
    return text


def _pair(text: str) -> str:
    match = _PAIR.fullmatch(text)
    if match is None or match[1] == match[2]:
        raise ValueError('must be a pair of two in capitals such as "HBAR/EUR"')
    return text


def _apart(pair: str) -> Pair:
    base, _, quote = pair.partition("/")
    return base, quote


Deviation = Annotated[str, AfterValidator(percent("max_deviation_percent", "0.01", "50"))]
Jump = Annotated[str, AfterValidator(percent("max_jump_percent", "0.1", "1000"))]
Spread = Annotated[str, AfterValidator(percent("spread_percent", "0", "50"))]
MOST_SOURCES = 100


def _some(least: int, most: int, description: str) -> Any:
    return Field(default=None, ge=least, le=most, description=description)


class PairQuoteSettings(Settings):
    """``[quotes.pairs."HBAR/EUR"]``: what holds for one pair, and for its reverse."""

    quorum: int | None = _some(1, MOST_SOURCES, "How many sources must agree on this pair.")
    max_age_s: int | None = _some(20, DAY_S, "How many seconds old a price of this pair may be.")
    max_deviation_percent: Deviation | None = Field(
        default=None, description="How far from their median the prices of this pair may be, in percent."
    )
    max_jump_percent: Jump | None = Field(
        default=None,
        description="How far the rate of this pair may be from the last good one, in percent.",
    )

    @property
    def rules(self) -> PairRules:
        """The same, as the core takes it."""
        return PairRules(
            self.quorum,
            None if self.max_age_s is None else 1_000 * self.max_age_s,
            _maybe_ppm(self.max_deviation_percent),
            _maybe_ppm(self.max_jump_percent),
        )


class SellerQuoteSettings(Settings):
    """``[quotes.sellers.<id>]``: what holds for one seller."""

    spread_percent: Spread | None = Field(
        default=None, description="What this seller's payers pay for the exchange, in percent."
    )
    quorum: int | None = _some(
        1, MOST_SOURCES, "How many sources must agree for this seller, on whatever pair."
    )
    fallback: tuple[str, ...] | None = Field(
        default=None, description="The sources that will do alone for this seller; [] for none."
    )

    @property
    def rules(self) -> SellerRules:
        """The same, as the core takes it."""
        return SellerRules(_maybe_ppm(self.spread_percent), self.quorum, self.fallback)


def _maybe_ppm(text: str | None) -> int | None:
    return None if text is None else ppm(text, "percent")


class QuoteSettings(Settings):
    """``[quotes]``: which rates are good enough for a new invoice."""

    # The fixed source says its rates every 10 s: with less than twice that, an invoice might find none.
    max_age_s: int = number(
        120,
        20,
        DAY_S,
        "How many seconds old a price may be when an invoice is created, where its source does not say that "
        "it is good for longer.",
    )
    quorum: int = number(
        2, 1, MOST_SOURCES, "How many sources must agree on a rate. A price that you set needs no other."
    )
    max_deviation_percent: Deviation = Field(
        default="2",
        description="How far from the median of all a source's price may be to agree, in percent: a decimal "
        'in quotes, from "0.01" to "50". What is farther is an outlier.',
    )
    max_jump_percent: Jump = Field(
        default="20",
        description="How far a rate may be from the last good one of its pair, in percent: a decimal in "
        'quotes, from "0.1" to "1000". Beyond it there is none, until the last good one is forgotten.',
    )
    jump_memory_s: int = number(
        600, 1, DAY_S, "For how many seconds a last good rate is held against the next one."
    )
    via: tuple[Annotated[str, AfterValidator(_code)], ...] = Field(
        default=("USD", "EUR"),
        max_length=MOST_VIA,
        description="Over which currencies a rate is worked out that enough sources do not tell directly, "
        "the preferred ones first: at most two of them on one way.",
    )
    fallback: tuple[str, ...] = Field(
        default=(),
        description='The sources, such as ["fixed"], that will do alone where not enough others agree; the '
        "first is asked first. A source that is named here sets no price otherwise.",
    )
    spread_percent: Spread = Field(
        default="0",
        description="How much less than its price an asset is taken for, in percent, so that payers pay for "
        'the exchange: a decimal in quotes, from "0" to "50".',
    )
    history_every_s: int = number(
        60, 10, DAY_S, "Every how many seconds it is noted what each pair costs, for GET /v1/rates/history."
    )
    history_keep_days: int = number(400, 1, 36_500, "For how many days that is kept.")
    pairs: dict[Annotated[str, AfterValidator(_pair)], PairQuoteSettings] = Field(
        default_factory=dict,
        max_length=1_000,
        description="What holds for single pairs.",
    )
    sellers: dict[str, SellerQuoteSettings] = Field(
        default_factory=dict, max_length=10_000, description="What holds for single sellers, by their ids."
    )

    @field_validator("pairs")
    @classmethod
    def _one_way_round(cls, pairs: dict[str, PairQuoteSettings]) -> dict[str, PairQuoteSettings]:
        for pair in pairs:
            other = "/".join(reverse(_apart(pair)))
            if other in pairs:
                raise ValueError(f'"{pair}" and "{other}" are one pair: keep one of them')
        return pairs

    @property
    def rules(self) -> Rules:
        """The same, as the core takes it."""
        return Rules(
            quorum=self.quorum,
            max_age_ms=1_000 * self.max_age_s,
            deviation_ppm=ppm(self.max_deviation_percent, "percent"),
            jump_ppm=ppm(self.max_jump_percent, "percent"),
            jump_memory_ms=1_000 * self.jump_memory_s,
            via=self.via,
            fallback=self.fallback,
            spread_ppm=ppm(self.spread_percent, "percent"),
            pairs={_apart(pair): settings.rules for pair, settings in self.pairs.items()},
            sellers={seller: settings.rules for seller, settings in self.sellers.items()},
        )
