"""What schemathesis checks besides its own: a module of hooks, named by ``SCHEMATHESIS_HOOKS``."""

import json
from typing import Any

import httpx
import schemathesis

from tests.support.conformance import fault_of

OF_THE_MOMENT = frozenset(
    {
        # What a schema cannot know: what there is
        "unknown_cursor", "beyond_the_journal", "unknown_currency", "unknown_chain", "unknown_seller",
        "unknown_invoice", "no_such_option", "nothing_asked",
        # nor what a chain makes of a text
        "invalid_transaction",
        # nor how values hang together
        "missing", "too_many_decimals", "not_positive", "out_of_range", "not_a_url", "not_an_id",
        "not_an_origin",
        # nor the inside of metadata, and what of JSON readers disagree about
        "too_long", "too_deep", "number_out_of_range", "invalid_text",
    }
)  # fmt: skip
"""Codes that a request may be refused by, although it is as the document says."""


@schemathesis.check
def answers_as_documented(
    ctx: schemathesis.CheckContext, response: schemathesis.Response, case: schemathesis.Case[Any]
) -> None:
    """Nothing more and nothing else than the document says, down to the code."""
    headers = httpx.Headers([(name, values[0]) for name, values in response.headers.items()])
    path = str(response.request.path_url).partition("?")[0]
    fault = fault_of(str(response.request.method), path, response.status_code, headers, response.text)
    assert fault is None, fault


@schemathesis.check
def is_understood(
    ctx: schemathesis.CheckContext, response: schemathesis.Response, case: schemathesis.Case[Any]
) -> None:
    """What is as the document says is refused for what holds at the moment, and for nothing of its form."""
    if response.status_code == 400 and case.meta is not None and case.meta.generation.mode.is_positive:
        error = json.loads(response.text)["error"]
        # To JSON Schema 60.0 is an integer; here a whole number is written without a point. What a URL
        # of a webhook may be, its notifier decides.
        if error["message"] != "must be a whole number" and error["param"] != "url":
            assert error["code"] in OF_THE_MOMENT, f"refused as {error['code']}"
