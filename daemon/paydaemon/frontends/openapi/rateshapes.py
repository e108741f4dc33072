"""The shapes of rates: what an option was quoted by, what is known now, and what was known once."""

from collections.abc import Mapping

from paydaemon.core.invoice import QuoteMethod
from paydaemon.core.ratereasons import Verdict
from paydaemon.frontends.openapi.schema import (
    Schema,
    amount,
    choice,
    flag,
    listing,
    nullable,
    page_of,
    record,
    text,
    time,
)


def shapes() -> Mapping[str, Schema]:
    """Every shape of it, by its name among the components."""
    price = record(
        "What one source said of one pair.",
        {
            "source": text("Who said so."),
            "pair": text("What is priced, and in which currency: `BTC/EUR`."),
            "rate": amount("The price of one whole unit of the former in the latter."),
            "at": time("When it was said."),
            "outlier": flag("Whether it was too far from the median to count as one that agrees."),
        },
    )
    said = record(
        "What one source says of one pair on the way, and what becomes of it.",
        {
            "source": text("Who says so."),
            "pair": text("What is priced, and in which currency: `BTC/EUR`."),
            "rate": nullable(amount("The price; null where it has said none.")),
            "at": nullable(time("When it was said.")),
            "verdict": choice(Verdict, "Whether it counts."),
            "reason": text("Why not, in words; else empty."),
        },
    )
    return {
        "SourcePrice": price,
        "Rate": _rate(said),
        "Rates": page_of("rates", "Rate"),
        "KeptRate": _kept(),
        "KeptRates": page_of("rates", "KeptRate"),
    }


def _rate(said: Schema) -> Schema:
    return record(
        "What one pair costs now, before any spread, or why there is no rate.",
        {
            "base": text("What is priced, one whole unit of it."),
            "quote": text("The currency it is priced in."),
            "rate": nullable(amount("The price; null where there is none.")),
            "method": nullable(choice(QuoteMethod, "How it is come by.")),
            "source": nullable(text("Whose word it is, in words.")),
            "at": nullable(time("When the oldest word was said that it is made of.")),
            "problem": nullable(text("Why there is no rate, source by source.")),
            "sources": listing(said, "What each source says, pair by pair on the way."),
        },
    )


def _kept() -> Schema:
    return record(
        "What one pair cost at a time, before any spread.",
        {
            "at": time("When."),
            "base": text("What is priced, one whole unit of it."),
            "quote": text("The currency it is priced in."),
            "rate": amount("The price."),
            "method": choice(QuoteMethod, "How it was come by."),
            "source": text("Whose word it was, in words."),
        },
    )
