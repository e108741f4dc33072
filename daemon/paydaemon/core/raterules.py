"""The rules by which rates are found: the operator's, with what holds for single pairs and sellers.

Percentages are millionths here (ppm). A pair is its base and its quote: what one whole unit of the base costs
is said in the quote.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

Pair = tuple[str, str]

PAIR = re.compile(r"([!-.0-~]{1,64})/([!-.0-~]{1,64})", re.ASCII)
"""A pair as it is written, ``BTC/EUR``: each side an ISO 4217 code, or an asset's symbol or on-chain id."""


def is_pair(pair: Pair) -> bool:
    """Whether it can be written down and read again, and is of two."""
    return pair[0] != pair[1] and PAIR.fullmatch("/".join(pair)) is not None


def reverse(pair: Pair) -> Pair:
    """The same two, the other way round."""
    return pair[1], pair[0]


def named(pair: Pair) -> str:
    """``BTC/EUR``."""
    return f"{pair[0]}/{pair[1]}"


@dataclass(frozen=True, slots=True)
class PairRules:
    """What holds for one pair, whichever way round; None where the general rule does."""

    quorum: int | None = None
    max_age_ms: int | None = None
    deviation_ppm: int | None = None
    jump_ppm: int | None = None


@dataclass(frozen=True, slots=True)
class SellerRules:
    """What holds for one seller; None where the general rule does."""

    spread_ppm: int | None = None
    quorum: int | None = None
    fallback: tuple[str, ...] | None = None


@dataclass(frozen=True, slots=True)
class LegRules:
    """What holds for one leg of the way from an asset to a currency."""

    quorum: int
    max_age_ms: int
    deviation_ppm: int
    jump_ppm: int


@dataclass(frozen=True, slots=True)
class Rules:
    """How many sources must agree, how closely, how lately, and what else will do."""

    quorum: int = 2
    """How many sources must agree on every pair on the way."""
    max_age_ms: int = 120_000
    """How old a word may be, where its source does not say that it is good for longer."""
    deviation_ppm: int = 20_000
    """How far from the median a price may be."""
    jump_ppm: int = 200_000
    """How far from the last good rate the next one may be."""
    jump_memory_ms: int = 600_000
    """For how long a last good rate is held against the next one."""
    via: tuple[str, ...] = ("USD", "EUR")
    """Over which currencies a rate is sought that is not to be had directly; the first are tried first."""
    fallback: tuple[str, ...] = ()
    """Which sources will do alone where several do not agree; the first are asked first."""
    spread_ppm: int = 0
    """How much less than its price an asset is quoted at, so that the payer pays for the exchange."""
    pairs: Mapping[Pair, PairRules] = field(default_factory=dict)
    sellers: Mapping[str, SellerRules] = field(default_factory=dict)

    def of_pair(self, pair: Pair) -> LegRules:
        """What holds for a pair."""
        own = self.pairs.get(pair) or self.pairs.get(reverse(pair)) or PairRules()
        return LegRules(
            quorum=_first(own.quorum, self.quorum),
            max_age_ms=_first(own.max_age_ms, self.max_age_ms),
            deviation_ppm=_first(own.deviation_ppm, self.deviation_ppm),
            jump_ppm=_first(own.jump_ppm, self.jump_ppm),
        )

    def of_seller(self, seller_id: str | None) -> "Rules":
        """What holds for a seller. A quorum of its own holds for every pair."""
        own = self.sellers.get(seller_id or "")
        if own is None:
            return self
        pairs = self.pairs
        if own.quorum is not None:
            pairs = {pair: replace(rules, quorum=None) for pair, rules in pairs.items()}
        return replace(
            self,
            pairs=pairs,
            quorum=_first(own.quorum, self.quorum),
            spread_ppm=_first(own.spread_ppm, self.spread_ppm),
            fallback=self.fallback if own.fallback is None else own.fallback,
        )


def _first(own: int | None, otherwise: int) -> int:
    return otherwise if own is None else own
