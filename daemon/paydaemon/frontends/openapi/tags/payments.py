"""``/v1/payments``, as `frontends.routes.payments` serves it."""

from paydaemon.frontends.models import Assignment
from paydaemon.frontends.openapi import samples
from paydaemon.frontends.openapi.operation import (
    LIMIT,
    Answer,
    Needs,
    Operation,
    Parameter,
    Tag,
    cursor,
    path_id,
)
from paydaemon.frontends.openapi.schema import ref

LIST = Operation(
    id="listPayments",
    method="GET",
    path="/v1/payments",
    summary="List payments",
    description="Newest first.",
    parameters=(
        Parameter(
            "unmatched",
            "Only those that belong to no invoice; for an operator's key.",
            {"type": "boolean", "default": False},
            "true",
        ),
        cursor(samples.PAYMENT_ID),
        LIMIT,
    ),
    answers=(Answer("A page of payments.", ref("Payments"), samples.page(samples.PAYMENT)),),
    refusals=("unknown_cursor", "operator_only"),
)

ASSIGN = Operation(
    id="assignPayment",
    method="POST",
    path="/v1/payments/{id}/assign",
    summary="Assign a payment",
    description="Give an unmatched payment to the invoice it was meant for. Doing it again changes nothing; "
    "giving it to another invoice is an error.",
    parameters=(path_id("payment", samples.PAYMENT_ID),),
    body=Assignment,
    examples={"assign": {"invoice_id": samples.INVOICE_ID}},
    answers=(Answer("The invoice, with the payment.", ref("Invoice"), samples.PAID),),
    refusals=(
        "too_short", "too_long", "payment_not_found", "unknown_invoice", "no_such_option", "payment_matched"
    ),
    needs=Needs.OPERATOR,
)  # fmt: skip

TAG = Tag("Payments", "A payment is one credit on a chain.", (LIST, ASSIGN))
