"""``/v1/public/invoices/{id}``, as `frontends.routes.public` serves it: for whoever has an invoice's link."""

from paydaemon.frontends.openapi import samples
from paydaemon.frontends.openapi.operation import EVENT_STREAM, Answer, Needs, Operation, Tag, path_id
from paydaemon.frontends.openapi.schema import ref
from paydaemon.frontends.openapi.tags.events import CLOSE_CODES as EVENTS

REFUSALS = ("invoice_not_found", "store_unavailable", "unknown_parameter")

CLOSE_CODES = {
    code: EVENTS[code] for code in ("1002", "1007", "1008", "1009", "1011")
} | {
    "1001": "The daemon stops: connect again.",
    "4008": "You have taken nothing for too long: connect again, and read faster.",
}  # fmt: skip

MESSAGES = {
    "event": {
        "description": "How the invoice stands: first of all, and after each of its events.",
        "payload": ref("PayerEvent"),
        "example": samples.PAYER_EVENT,
    },
    "push": {
        "description": "A payment gained a confirmation.",
        "payload": ref("PayerPush"),
        "example": samples.PAYER_PUSH,
    },
}

SHOW = Operation(
    id="showPayersInvoice",
    method="GET",
    path="/v1/public/invoices/{id}",
    summary="Show an invoice to its payer",
    description="What a checkout page shows, and nothing of the seller's own. Whoever has the id may see it, "
    "on any page.",
    parameters=(path_id("invoice", samples.INVOICE_ID),),
    answers=(Answer("The invoice.", ref("PayerInvoice"), samples.PAYER_INVOICE),),
    refusals=REFUSALS,
    needs=Needs.NOTHING,
)

FOLLOW = Operation(
    id="followPayersInvoice",
    method="GET",
    path="/v1/public/invoices/{id}/events",
    summary="Follow an invoice as its payer",
    description="Server-sent events, for a browser's `EventSource`, or asked to become one (RFC 6455) a "
    "websocket. It begins with how the invoice stands, and each message after it shows that again, so there "
    "is nothing to resume: connect again. The event `closing` says why it ends. Any page may ask.",
    parameters=(path_id("invoice", samples.INVOICE_ID),),
    answers=(
        Answer("Now a websocket, where the request asks for one.", status=101),
        Answer("Server-sent events.", media=EVENT_STREAM),
    ),
    refusals=(*REFUSALS, "too_many_streams"),
    needs=Needs.NOTHING,
    more={
        "x-websocket": {
            "summary": "Follow an invoice as its payer",
            "description": "The same messages, one in each.",
            "messages": MESSAGES,
            "closeCodes": dict(sorted(CLOSE_CODES.items())),
        }
    },
)

TAG = Tag(
    "For payers",
    "What a checkout page needs. No key: an invoice's id is its link, which nobody can guess.",
    (SHOW, FOLLOW),
)
