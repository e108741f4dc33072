"""``/v1/deliveries`` and ``/v1/targets``, as `frontends.routes.deliveries` serves them."""

from paydaemon.core.ids import TARGET as TARGET_ID
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
from paydaemon.frontends.openapi.schema import Schema, ref
from paydaemon.frontends.openapi.tags.webhooks import INVOICE, STATE


def _target() -> Schema:
    return {"type": "string", "pattern": f"^{TARGET_ID.pattern}$", "maxLength": 65}


DELIVERY = path_id("delivery", samples.DELIVERY_ID)

LIST = Operation(
    id="listDeliveries",
    method="GET",
    path="/v1/deliveries",
    summary="List deliveries",
    description="Newest first. A seller has to name one of its webhooks as the target.",
    parameters=(
        Parameter("target", "Only those to this target.", _target(), "email:operator"),
        STATE,
        INVOICE,
        cursor(samples.DELIVERY_ID),
        LIMIT,
    ),
    answers=(Answer("A page of deliveries.", ref("Deliveries"), samples.page(samples.DELIVERY)),),
    refusals=("missing", "target_not_found", "unknown_cursor"),
)

SHOW = Operation(
    id="showDelivery",
    method="GET",
    path="/v1/deliveries/{id}",
    summary="Show a delivery",
    description="With what was tried.",
    parameters=(DELIVERY,),
    answers=(Answer("The delivery.", ref("DeliveryLog"), {**samples.DELIVERY, "log": [samples.ATTEMPT]}),),
    refusals=("delivery_not_found",),
)

RETRY = Operation(
    id="retryDelivery",
    method="POST",
    path="/v1/deliveries/{id}/retry",
    summary="Try a delivery again",
    description="Now, and as if for the first time, be it parked or waiting. Takes no body.",
    parameters=(DELIVERY,),
    answers=(Answer("The delivery, on its way.", ref("Delivery"), samples.RETRIED),),
    refusals=("delivery_not_found", "already_delivered"),
)

TARGETS = Operation(
    id="listTargets",
    method="GET",
    path="/v1/targets",
    summary="List targets",
    description="Everybody who is told, those known first at the beginning, and how far behind each is.",
    parameters=(
        Parameter(
            "cursor",
            "The `next_cursor` of the page before; none for the first.",
            _target(),
            "email:operator",
        ),
        LIMIT,
    ),
    answers=(Answer("A page of targets.", ref("Targets"), samples.page(samples.TARGET)),),
    needs=Needs.OPERATOR,
)

RETRY_PARKED = Operation(
    id="retryTarget",
    method="POST",
    path="/v1/targets/{id}/retry",
    summary="Try again all that is parked for a target",
    description="The oldest first, and at most 2000 at a time. Takes no body.",
    parameters=(Parameter("id", "The target's id.", _target(), samples.WEBHOOK_ID, "path"),),
    answers=(Answer("How many.", ref("Retried"), {"retried": 17, "parked": 0}),),
    refusals=("target_not_found",),
)

TAG = Tag(
    "Deliveries",
    "A delivery is one event on its way to one target. It is tried again and again, and parked in the end.",
    (LIST, SHOW, RETRY, TARGETS, RETRY_PARKED),
)
