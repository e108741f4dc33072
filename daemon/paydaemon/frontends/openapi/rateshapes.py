"""The shapes of rates: what an option was quoted by, what is known now, and what was known once."""

from collections.abc import Mapping

from paydaemon.frontends.openapi.schema import Schema, amount, flag, record, text, time


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
    return {"SourcePrice": price}
