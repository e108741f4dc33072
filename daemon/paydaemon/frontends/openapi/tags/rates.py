"""``/v1/rates``, as `frontends.routes.rates` serves it."""

from paydaemon.core.raterules import PAIR
from paydaemon.frontends.openapi import samples
from paydaemon.frontends.openapi.operation import LIMIT, Answer, Operation, Parameter, Tag, cursor
from paydaemon.frontends.openapi.schema import Schema, ref


def _pair() -> Schema:
    return {"type": "string", "pattern": f"^{PAIR.pattern}$", "maxLength": 129}


def _time(name: str, description: str, example: str) -> Parameter:
    return Parameter(name, description, {"type": "string", "format": "date-time"}, example)


LIST = Operation(
    id="listRates",
    method="GET",
    path="/v1/rates",
    summary="List rates",
    description="What every known pair costs now, before any spread, or why there is no rate; and what each "
    "source says of it. A seller's key is told by that seller's own rules.",
    parameters=(
        Parameter("pair", "Only this pair; any pair can be asked for, crosses too.", _pair(), "BTC/EUR"),
        Parameter("cursor", "The `next_cursor` of the page before; none for the first.", _pair(), "BTC/CHF"),
        LIMIT,
    ),
    answers=(Answer("A page of rates, by pair.", ref("Rates"), samples.page(samples.RATE, "BTC/EUR")),),
)

HISTORY = Operation(
    id="listRateHistory",
    method="GET",
    path="/v1/rates/history",
    summary="List what a pair has cost",
    description="Newest first, as it was noted every so many seconds; where there was no rate there is none.",
    parameters=(
        Parameter("pair", "The pair. Required.", _pair(), "BTC/EUR"),
        _time("from", "From when, in RFC 3339; by default all that is kept.", "2026-01-31T00:00:00Z"),
        _time("to", "Until before when; by default now.", "2026-02-01T00:00:00Z"),
        cursor(samples.RATE_CURSOR),
        LIMIT,
    ),
    answers=(
        Answer("A page of rates.", ref("KeptRates"), samples.page(samples.KEPT_RATE, samples.RATE_CURSOR)),
    ),
    refusals=("missing", "unknown_cursor"),
)

TAG = Tag("Rates", "The prices that amounts due are worked out by.", (LIST, HISTORY))
