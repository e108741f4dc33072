"""``/v1/public/invoices/{id}``, as `frontends.routes.public` serves it: for whoever has an invoice's link."""

from paydaemon.core.relay import REFUSALS as OF_TRANSACTIONS
from paydaemon.frontends.openapi import samples
from paydaemon.frontends.openapi.operation import EVENT_STREAM, Answer, Needs, Operation, Tag, path_id
from paydaemon.frontends.openapi.schema import ref
from paydaemon.frontends.openapi.tags import relay
from paydaemon.frontends.openapi.tags.events import CLOSE_CODES as EVENTS
from paydaemon.frontends.payermodels import NewPayment, NewPreparation

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

OFF = (
    " Needs no key; where the operator has set `relay.checkout` to false it is not there. In a browser it is "
    "for the daemon's own pages."
)

NOWHERE = ("invoice_not_found", "chain_not_found", "chain_does_not_relay")
NOT_NOW = (
    "payment_under_way", "chain_unavailable", "foreign_origin", "store_unavailable", "unknown_parameter",
)  # fmt: skip

PREPARE = Operation(
    id="preparePayment",
    method="POST",
    path="/v1/public/invoices/{id}/prepare/{chain}",
    summary="Prepare a payment for a wallet to sign",
    description="A transaction by which an account pays exactly what the invoice still asks, to be signed by "
    "its wallet. Asked again, it is the same one for as long as it can still be signed and was not handed "
    "in." + OFF,
    parameters=(path_id("invoice", samples.INVOICE_ID), relay.CHAIN),
    body=NewPreparation,
    examples={"least": {"payer": "0.0.1002"}},
    answers=(Answer("The transaction.", ref("Preparation"), samples.PREPARATION),),
    refusals=(
        "too_short", "too_long", "not_an_id", "wrong_payer", "nothing_asked", "no_such_option", *NOWHERE,
        "chain_does_not_prepare", *NOT_NOW,
    ),
    needs=Needs.NOTHING,
)  # fmt: skip

WEBSOCKET = {
    **relay.WEBSOCKET,
    "summary": "Hand signed payments of an invoice in, and hear what becomes of them",
    "description": "The messages of `/v1/relay/{chain}`, for payments of this invoice: `follow` finds no "
    "others. It takes one of the places that streams of payers share.",
}

PAY = Operation(
    id="payInvoice",
    method="POST",
    path="/v1/public/invoices/{id}/relay/{chain}",
    summary="Hand in a signed payment of an invoice",
    description="Passed on is what pays exactly what the invoice still asks, from one account, and does "
    "nothing else: whatever the operator lets others hand in." + OFF,
    parameters=(path_id("invoice", samples.INVOICE_ID), relay.CHAIN, relay.WAIT),
    body=NewPayment,
    examples={"least": {"transaction": relay.TRANSACTION}},
    answers=(Answer("The relay.", ref("Relay"), samples.RELAY),),
    refusals=(
        "too_short", "too_long", *sorted(OF_TRANSACTIONS), *relay.POLICY, "transaction_differs",
        "relayed_otherwise", "too_many_relays", *NOWHERE, *NOT_NOW,
    ),
    needs=Needs.NOTHING,
    more={"x-websocket": WEBSOCKET},
)  # fmt: skip

TAG = Tag(
    "For payers",
    "What a checkout page needs. No key: an invoice's id is its link, which nobody can guess.",
    (SHOW, FOLLOW, PREPARE, PAY),
)
