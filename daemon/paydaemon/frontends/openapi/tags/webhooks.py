"""``/v1/webhooks``, as `frontends.routes.webhooks` serves it."""

from paydaemon.core.delivery import DeliveryState
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
from paydaemon.frontends.openapi.schema import ref
from paydaemon.frontends.webhookmodels import ChangedWebhook, NewWebhook, Redelivery

WEBHOOK = path_id("webhook", samples.WEBHOOK_ID)
STATE = Parameter(
    "state",
    "Only deliveries in this state.",
    {"type": "string", "enum": [state.value for state in DeliveryState]},
    "parked",
)
INVOICE = Parameter("invoice_id", "Only deliveries about this invoice.", identifier(), samples.INVOICE_ID)
CHECKED = ("too_long", "invalid_text", "no_webhooks", "notifier_failed")

ADD = Operation(
    id="addWebhook",
    method="POST",
    path="/v1/webhooks",
    summary="Make a webhook",
    description="It is sent every event of its types from then on, as "
    "[Standard Webhooks](https://www.standardwebhooks.com) says, until it answers with a 2xx.",
    body=NewWebhook,
    examples={
        "settled": {
            "url": "https://shop.example/hooks/paydaemon",
            "types": ["invoice.settled", "invoice.expired"],
            "seller_id": "shop",
        }
    },
    answers=(
        Answer(
            "The webhook, with its secret.",
            ref("NewWebhookSecret"),
            samples.NEW_WEBHOOK,
            status=201,
            headers=("Location",),
        ),
    ),
    refusals=(*CHECKED, "too_short", "other_seller", "unknown_seller", "too_many_webhooks"),
)

LIST = Operation(
    id="listWebhooks",
    method="GET",
    path="/v1/webhooks",
    summary="List webhooks",
    description="Those made first at the beginning, without their secrets.",
    parameters=(
        Parameter("seller_id", "Only this seller's; with a seller's key, its own.", identifier(), "shop"),
        cursor(samples.WEBHOOK_ID),
        LIMIT,
    ),
    answers=(Answer("A page of webhooks.", ref("Webhooks"), samples.page(samples.WEBHOOK)),),
    refusals=("other_seller",),
)

SHOW = Operation(
    id="showWebhook",
    method="GET",
    path="/v1/webhooks/{id}",
    summary="Show a webhook",
    parameters=(WEBHOOK,),
    answers=(Answer("The webhook.", ref("Webhook"), samples.WEBHOOK),),
    refusals=("webhook_not_found",),
)

CHANGE = Operation(
    id="changeWebhook",
    method="PATCH",
    path="/v1/webhooks/{id}",
    summary="Change a webhook",
    description="What happened before is sent as it was wanted then. Where a `url` is given, or it is "
    "enabled, what waits for it is tried at once.",
    parameters=(WEBHOOK,),
    body=ChangedWebhook,
    examples={"types": {"types": ["invoice.settled"]}},
    answers=(Answer("The webhook.", ref("Webhook"), {**samples.WEBHOOK, "types": ["invoice.settled"]}),),
    refusals=(*CHECKED, "webhook_not_found"),
)

REMOVE = Operation(
    id="removeWebhook",
    method="DELETE",
    path="/v1/webhooks/{id}",
    summary="Remove a webhook",
    description="Nothing more is sent to it, and what was on its way is forgotten. Takes no body.",
    parameters=(WEBHOOK,),
    answers=(Answer("The webhook as it was.", ref("Webhook"), samples.WEBHOOK),),
    refusals=("webhook_not_found",),
)

ROTATE = Operation(
    id="rotateWebhook",
    method="POST",
    path="/v1/webhooks/{id}/rotate",
    summary="Give a webhook a new secret",
    description="For some time, by default a day, the old one is signed with as well, and so are up to two "
    "that were replaced before it. Takes no body.",
    parameters=(WEBHOOK,),
    answers=(
        Answer(
            "The webhook, with its new secret.",
            ref("NewWebhookSecret"),
            {**samples.NEW_WEBHOOK, "old_secret_until": "2026-02-01T12:00:00.000Z"},
            status=201,
        ),
    ),
    refusals=("webhook_not_found", "too_many_secrets"),
)

TEST = Operation(
    id="testWebhook",
    method="POST",
    path="/v1/webhooks/{id}/test",
    summary="Try a webhook",
    description="Sends a notice of the type `webhook.test`, signed as any other, and waits for the answer. "
    "It is not in the journal, and not sent again. Where it is taken, what waits is tried at once. "
    "Takes no body.",
    parameters=(WEBHOOK,),
    answers=(Answer("What the webhook answered.", ref("WebhookTest"), samples.TESTED),),
    refusals=("webhook_not_found", "notifier_unavailable", "too_many_tests"),
)

DELIVERIES = Operation(
    id="listWebhookDeliveries",
    method="GET",
    path="/v1/webhooks/{id}/deliveries",
    summary="List what a webhook is sent",
    description="Newest first.",
    parameters=(WEBHOOK, STATE, INVOICE, cursor(samples.DELIVERY_ID), LIMIT),
    answers=(Answer("A page of deliveries.", ref("Deliveries"), samples.page(samples.DELIVERY)),),
    refusals=("webhook_not_found", "target_not_found", "unknown_cursor"),
)

REDELIVER = Operation(
    id="redeliver",
    method="POST",
    path="/v1/webhooks/{id}/redeliver",
    summary="Send an event once more",
    description="By a delivery, whatever became of it, or by an event, be it one that this webhook was not "
    "sent for its type.",
    parameters=(WEBHOOK,),
    body=Redelivery,
    examples={"event": {"id": samples.EVENT_ID}, "delivery": {"id": samples.DELIVERY_ID}},
    answers=(Answer("The delivery, on its way.", ref("Delivery"), samples.RETRIED),),
    refusals=("too_short", "too_long", "webhook_not_found", "delivery_not_found", "event_not_found"),
)

TAG = Tag(
    "Webhooks",
    "A webhook is sent what happens, over and over until it says that it has it.",
    (ADD, LIST, SHOW, CHANGE, REMOVE, ROTATE, TEST, DELIVERIES, REDELIVER),
)
