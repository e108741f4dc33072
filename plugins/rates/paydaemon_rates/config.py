"""Configuration of the rate sources."""

import re
from collections.abc import Iterator
from decimal import Decimal
from typing import Annotated

from pydantic import AfterValidator, BeforeValidator, Field

from paydaemon.core.errors import Refusal
from paydaemon.core.money import parse_fraction
from paydaemon.hooks.settings import Settings

MAX_PAIRS = 1_000
_PAIR = re.compile(r"([A-Z0-9][A-Z0-9.]{0,31})/([A-Z0-9][A-Z0-9.]{0,31})", re.ASCII)


def _pair(text: str) -> str:
    match = _PAIR.fullmatch(text)
    if match is None:
        raise ValueError('must be a pair in capitals such as "BTC/EUR"')
    if match[1] == match[2]:
        raise ValueError("must be a pair of two different things")
    return text


def _price(text: object) -> object:
    try:
        value = parse_fraction(text, "prices")
    except Refusal as refusal:
        raise ValueError(refusal.message) from refusal
    if value == 0:
        raise ValueError("must be more than zero")
    return text


class FixedSettings(Settings):
    """``[rates.fixed]``: prices that a person sets."""

    prices: dict[Annotated[str, AfterValidator(_pair)], Annotated[str, BeforeValidator(_price)]] = Field(
        min_length=1,
        max_length=MAX_PAIRS,
        description="What one whole unit of the first costs in the second, as a decimal in quotes, "
        'such as { "BTC/EUR" = "60000.00" }.',
    )

    def parsed(self) -> Iterator[tuple[str, str, Decimal]]:
        """Base, quote and price of each pair."""
        for pair, price in self.prices.items():
            base, quote = pair.split("/")
            yield base, quote, Decimal(price)
