"""``/v1/events``, as `frontends.routes.events` serves it: a list, and a websocket at the same path."""

from paydaemon.core.events import LIVE_CONFIRMING, EventType
from paydaemon.frontends.openapi import samples
from paydaemon.frontends.openapi.operation import (
    EVENT_STREAM,
    LIMIT,
    Answer,
    Operation,
    Parameter,
    Tag,
    identifier,
)
from paydaemon.frontends.openapi.schema import ref
from paydaemon.frontends.requests import MAX_VALUES

AFTER = Parameter(
    "after",
    "The `seq` or the `id` of the last event that you have dealt with; without it, the list begins with the "
    "first.",
    {"type": "string", "pattern": "^([0-9]{1,18}|evt_[0-9a-z]{1,32}_[0-9]{1,18})$"},
    "1041",
)

TYPE = Parameter(
    "type",
    "Only events of these types. It may be given several times, each time with several types between commas.",
    {
        "type": "array",
        "items": {"type": "string", "enum": [type.value for type in EventType]},
        "maxItems": MAX_VALUES,
    },
    EventType.INVOICE_SETTLED.value,
)

TYPE_OR_PUSH = Parameter(
    "type",
    f"{TYPE.description} `{LIVE_CONFIRMING}` asks for live pushes, alone or beside others.",
    {
        "type": "array",
        "items": {"type": "string", "enum": [*(type.value for type in EventType), LIVE_CONFIRMING]},
        "maxItems": MAX_VALUES,
    },
    EventType.INVOICE_SETTLED.value,
)

INVOICE = Parameter("invoice_id", "Only events of this invoice.", identifier(), samples.INVOICE_ID)

SELLER = Parameter(
    "seller_id",
    "Only events of this seller's. A seller's key need not say it, and may name no other.",
    identifier(),
    "shop",
)

LAST_EVENT_ID = Parameter(
    "Last-Event-ID",
    "What a browser sends that comes back: the `id` of the last event that it has. It counts for more than "
    "`after`. One of another journal, as there is after a backup was restored, is refused.",
    {"type": "string", "pattern": "^([0-9]{1,18}|evt_[0-9a-z]{1,32}_[0-9]{1,18})?$"},
    samples.EVENT_ID,
    "header",
)

CLOSE_CODES = {
    "1001": "The daemon stops: connect again with `after` set to the last `seq` that you have dealt with; "
    "the reason names the last that was sent.",
    "1002": "What you have sent is no websocket's frame (RFC 6455).",
    "1007": "You have sent text that is not UTF-8.",
    "1008": "You have sent too many messages: send none.",
    "1009": "You have sent a message that is too large: send none.",
    "1011": "Something went wrong in the daemon: connect again, as after 1001.",
    "4001": "The key has been revoked: connect again with one that is valid.",
    "4008": "You have taken nothing for too long: connect again, as after 1001, and read faster.",
}

WEBSOCKET = {
    "summary": "Follow events",
    "description": "The same as a stream: first everything beyond `after`, then what happens, as it happens, "
    "without gap and without repetition. Without `after`, only what is new. `limit` is no parameter of it. "
    f"`type` may also hold `{LIVE_CONFIRMING}`, to hear of live pushes alone or beside other types; without "
    "`type` everything is told. What is wrong with the request is told by HTTP before the websocket is "
    "accepted. Messages to the daemon have no meaning; too many, and it closes. A page from another origin "
    "than the daemon's own is refused.",
    "messages": {
        "event": {
            "description": "An event of the journal.",
            "payload": ref("Event"),
            "example": samples.EVENT,
        },
        "push": {
            "description": "A live push: it has no `seq`.",
            "payload": ref("LivePush"),
            "example": samples.PUSH,
        },
    },
    "closeCodes": CLOSE_CODES,
}

LIST = Operation(
    id="listEvents",
    method="GET",
    path="/v1/events",
    summary="List events",
    description="Oldest first. Sellers see events of their own invoices, operators everything. Asked to "
    "become a websocket (RFC 6455), the same path is a stream: see `x-websocket`.",
    parameters=(AFTER, TYPE, INVOICE, SELLER, LIMIT),
    answers=(
        Answer("Now a websocket, where the request asks for one.", status=101),
        Answer("A page of events.", ref("Events"), samples.page(samples.EVENT, "1042")),
    ),
    refusals=("too_long", "beyond_the_journal", "invoice_not_found", "foreign_origin", "other_seller"),
    more={"x-websocket": WEBSOCKET},
)

STREAM = Operation(
    id="streamEvents",
    method="GET",
    path="/v1/events/stream",
    summary="Follow events by server-sent events",
    description="The same as the websocket at `/v1/events`, as server-sent events: `event` is the event's "
    "type, `data` the event, `id` its `id`. A live push has no `id`. A comment comes every so often. The "
    "event `closing` says why the stream ends, by a `Closing`.",
    parameters=(AFTER, TYPE_OR_PUSH, INVOICE, SELLER, LAST_EVENT_ID),
    answers=(Answer("Server-sent events, until either side has had enough.", media=EVENT_STREAM),),
    refusals=("too_long", "beyond_the_journal", "invoice_not_found", "other_seller", "out_of_range"),
    more={"x-events": {"event": ref("Event"), "push": ref("LivePush"), "closing": ref("Closing")}},
)

TAG = Tag(
    "Events",
    "Everything that happens is an event in one journal. Remember the `seq` of the last one that you have "
    "dealt with, and ask for what comes after it: you may be away for a week, and miss nothing.",
    (LIST, STREAM),
)
