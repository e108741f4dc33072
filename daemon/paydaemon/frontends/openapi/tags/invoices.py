"""``/v1/invoices``, as `frontends.routes.invoices` serves it."""

from paydaemon.core.invoice import Status
from paydaemon.frontends.models import NewInvoice, NewMark
from paydaemon.frontends.openapi import samples
from paydaemon.frontends.openapi.operation import (
    LIMIT,
    Answer,
    Operation,
    Parameter,
    Tag,
    cursor,
    identifier,
    path_id,
)
from paydaemon.frontends.openapi.schema import choice, ref
from paydaemon.frontends.requests import IDEMPOTENCY_KEY

ID = path_id("invoice", samples.INVOICE_ID)

IDEMPOTENCY = Parameter(
    "Idempotency-Key",
    "A name of your own for this order, such as its number: the same key stands for the same invoice, "
    "forever. If the answer is lost, send the same request again, with every value written as before.",
    {"type": "string", "pattern": f"^{IDEMPOTENCY_KEY.pattern}$"},
    "order-2026-0117",
    "header",
)

CREATE = Operation(
    id="createInvoice",
    method="POST",
    path="/v1/invoices",
    summary="Create an invoice",
    description="It is stored before it is answered. Where a chain is not seen complete, or no fresh rate is "
    "known, it gets no option; where nothing is left to offer, the answer is `503` with the reasons. With an "
    "`Idempotency-Key` that was used before, the answer is the invoice of then, as it stands now.",
    parameters=(IDEMPOTENCY,),
    body=NewInvoice,
    examples={
        "least": {"amount": "12.50", "currency": "EUR"},
        "operator": {"amount": "0.00020834", "currency": "BTC", "seller_id": "shop", "chains": ["bitcoin"]},
        "most": {
            "amount": "12.50",
            "currency": "EUR",
            "seller_id": "shop",
            "note": "Two coffees",
            "metadata": {"order": "2026-0117"},
            "chains": ["bitcoin"],
            "expires_in_s": 900,
            "confirmations": 6,
            "buyer": {"email": "buyer@example.org", "locale": "de-AT", "name": "Ada Example"},
            "return_url": "https://shop.example/thanks",
            "late": "hold",
        },
    },
    answers=(
        Answer("The invoice.", ref("Invoice"), samples.INVOICE, status=201, headers=("Location",)),
    ),
    refusals=(
        "not_a_string", "too_short", "too_long", "out_of_range", "not_a_decimal", "not_positive",
        "too_many_decimals", "unknown_currency", "ambiguous_currency", "unknown_chain", "unknown_seller",
        "not_a_url", "other_seller", "seller_disabled", "idempotency_key_reused", "nothing_to_offer",
        "no_rate", "destination_taken",
    ),
)  # fmt: skip

LIST = Operation(
    id="listInvoices",
    method="GET",
    path="/v1/invoices",
    summary="List invoices",
    description="Newest first.",
    parameters=(
        Parameter("status", "Only those of this status.", choice(Status, ""), "new"),
        Parameter("seller_id", "Only this seller's; for an operator's key.", identifier(), "shop"),
        cursor(samples.INVOICE_ID),
        LIMIT,
    ),
    answers=(Answer("A page of invoices.", ref("Invoices"), samples.page(samples.PAID, samples.INVOICE_ID)),),
    refusals=("unknown_cursor", "other_seller"),
)

SHOW = Operation(
    id="showInvoice",
    method="GET",
    path="/v1/invoices/{id}",
    summary="Show an invoice",
    description="One invoice as it stands.",
    parameters=(ID,),
    answers=(Answer("The invoice.", ref("Invoice"), samples.PAID),),
    refusals=("invoice_not_found",),
)

MARK = Operation(
    id="markInvoice",
    method="POST",
    path="/v1/invoices/{id}/mark",
    summary="Mark an invoice",
    description="Put a person's word over what the amounts say. It holds until the opposite mark; amounts go "
    "on being recorded. Doing it again changes nothing.",
    parameters=(ID,),
    body=NewMark,
    examples={"settled": {"status": "settled"}, "invalid": {"status": "invalid"}},
    answers=(Answer("The invoice.", ref("Invoice"), samples.SETTLED),),
    refusals=("invoice_not_found",),
)

TAG = Tag(
    "Invoices",
    "What a seller asks for, until a time. Each of an invoice's options is one way to pay it.",
    (CREATE, LIST, SHOW, MARK),
)
