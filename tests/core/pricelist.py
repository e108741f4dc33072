"""What is known of rates, as a table that a test writes."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from decimal import Decimal

from paydaemon.core.ratelegs import Known, Word, turned
from paydaemon.core.ratereasons import Verdict
from paydaemon.core.raterules import Pair, Rules, reverse
from paydaemon.core.rates import Found, find, looks

RULES = Rules()
NOW_MS = 1_700_000_000_000


def pair(name: str) -> Pair:
    base, _, quote = name.partition("/")
    return base, quote


@dataclass
class Pricelist:
    """As `paydaemon.core.ratelegs.Known`."""

    now_ms: int = NOW_MS
    said: list[Word] = field(default_factory=list)
    silent: dict[str, str] = field(default_factory=dict)
    good: dict[Pair, Decimal] = field(default_factory=dict)
    failing: set[Pair] = field(default_factory=set)

    def says(self, source: str, name: str, price: str, *, age_s: int = 0, **more: object) -> "Pricelist":
        at_ms = self.now_ms - 1_000 * age_s
        self.said.append(Word(source, pair(name), Decimal(price), price, at_ms, **more))  # type: ignore[arg-type]
        return self

    def words(self, pair: Pair) -> Collection[Word]:
        return [word for word in self.said if word.pair == pair]

    def turned(self, pair: Pair) -> Collection[Word]:
        return [other for word in self.words(reverse(pair)) if (other := turned(word)) is not None]

    def failures(self, pair: Pair) -> Mapping[str, str]:
        return self.silent

    def is_failing(self, pair: Pair) -> bool:
        return pair in self.failing

    def last_good(self, pair: Pair) -> Decimal | None:
        return self.good.get(pair)


def market(name: str, *prices: str) -> Pricelist:
    """Sources a, b, c and so on, each with a price."""
    known = Pricelist()
    for source, price in zip("abcdefghijklmnopqrstuvwxyz", prices, strict=False):
        known.says(source, name, price)
    return known


def found(known: Known, name: str = "BTC/EUR", rules: Rules = RULES) -> Found:
    return find(known, rules, pair(name))


def verdicts(known: Known, name: str = "BTC/EUR", rules: Rules = RULES) -> dict[str, Verdict]:
    return {look.source: look.verdict for look in looks(known, found(known, name, rules))}
