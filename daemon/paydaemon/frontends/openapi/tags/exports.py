"""``/v1/exports``, as `frontends.routes.exports` serves it."""

from paydaemon.frontends.openapi.operation import (
    CSV,
    JSON_LINES,
    Answer,
    Operation,
    Parameter,
    Tag,
    identifier,
)
from paydaemon.frontends.openapi.schema import Schema
from paydaemon.frontends.openapi.tags.events import AFTER

ABOUT = (
    "One line for each credit of an invoice that reached its confirmations, and one, with negative amounts, "
    "for each that was reversed after that; in the journal's order. A line never changes. Whoever goes on "
    "`after` the `event_id` of the last line has everything, and nothing twice. An answer that breaks off is "
    "not whole."
)


def _time(name: str, description: str, example: str) -> Parameter:
    return Parameter(name, description, {"type": "string", "format": "date-time"}, example)


def _limit() -> Schema:
    return {"type": "integer", "minimum": 1, "maximum": 1_000_000_000}


PARAMETERS = (
    Parameter(
        "after",
        "The `event_id` of the last line that you have; none for the first.",
        AFTER.schema,
        "1041",
    ),
    _time("from", "Only what was recorded from then on, in RFC 3339.", "2026-01-01T00:00:00Z"),
    _time("to", "Only what was recorded before then.", "2026-02-01T00:00:00Z"),
    Parameter(
        "seller_id",
        "Only this seller's. A seller's key need not say it, and may name no other.",
        identifier(),
        "shop",
    ),
    Parameter("limit", "How many lines at most; by default all.", _limit(), "10"),
)

REFUSALS = ("beyond_the_journal", "other_seller", "too_many_exports")

AS_CSV = Operation(
    id="exportPaymentsAsCsv",
    method="GET",
    path="/v1/exports/payments.csv",
    summary="Export payments as CSV",
    description=f"{ABOUT} RFC 4180 in UTF-8, with a header row. Texts that a spreadsheet would take for a "
    "formula have an apostrophe in front.",
    parameters=PARAMETERS,
    answers=(Answer("The lines.", media=CSV),),
    refusals=REFUSALS,
)

AS_JSON = Operation(
    id="exportPaymentsAsJson",
    method="GET",
    path="/v1/exports/payments.jsonl",
    summary="Export payments as JSON lines",
    description=f"{ABOUT} Each line is a JSON object with the same columns; what there is none of is null.",
    parameters=PARAMETERS,
    answers=(Answer("The lines.", media=JSON_LINES),),
    refusals=REFUSALS,
)

TAG = Tag("Exports", "What was paid, for accountants.", (AS_CSV, AS_JSON))
