"""``/v1/relay/{chain}``, as `frontends.routes.relay` and `frontends.relaysocket` serve it."""

from paydaemon.core.relay import REFUSALS
from paydaemon.engine.relays import Wait
from paydaemon.frontends.models import Following, NewRelay, Submission
from paydaemon.frontends.openapi import samples
from paydaemon.frontends.openapi.operation import Answer, Operation, Parameter, Tag, identifier
from paydaemon.frontends.openapi.schema import choice, ref
from paydaemon.frontends.openapi.tags.events import CLOSE_CODES as EVENTS

CHAIN = Parameter("chain", "The chain's id, as the operator has named it.", identifier(), "hedera", "path")

WAIT = Parameter(
    "wait",
    "What the answer waits for: the node's first word, which is what it does by default, or the outcome. "
    "Where that takes too long, the answer tells what is known.",
    choice(Wait, ""),
    Wait.CONSENSUS.value,
)

POLICY = (
    "wrong_payee", "wrong_memo", "wrong_amount", "wrong_asset", "not_a_transfer", "nothing_asked",
    "unknown_invoice",
)  # fmt: skip

CLOSE_CODES = {
    "1001": "The daemon stops: connect again, and ask for your transactions by `follow`.",
    "1009": "You have sent a message that is too large.",
    "1011": EVENTS["1011"],
    "4001": EVENTS["4001"],
    "4008": "You have taken too little for too long: connect again, and read faster.",
}

TRANSACTION = "CqoBKqcBCmMKGQoLCI7ErsYGEAEYABIICAAQABiqCBgAEgYIABAAGAMY"

SUBMIT = {
    "id": 1,
    "method": "submit",
    "params": {
        "transaction": TRANSACTION,
        "invoice_id": samples.INVOICE_ID,
    },
}

WEBSOCKET = {
    "summary": "Hand transactions in, and hear what becomes of them",
    "description": "Each message is a `Submission` or a `Following`, or a signed transaction as it is, in "
    "binary. It is answered under the same `id` once the network has said its first word, and in whatever "
    "order that comes. From then on each change is told by a `RelayUpdate`, until the outcome is final. A "
    "page from another origin than the daemon's own is refused, but for those that the operator names.",
    "messages": {
        "submit": {
            "description": "From you: a transaction.",
            "payload": ref("Submission"),
            "example": SUBMIT,
        },
        "follow": {
            "description": "From you: a transaction that was handed in before.",
            "payload": ref("Following"),
            "example": {
                "id": 2,
                "method": "follow",
                "params": {"transaction_id": samples.RELAY_TRANSACTION},
            },
        },
        "result": {
            "description": "The answer.",
            "payload": ref("RelayResult"),
            "example": {"id": 1, "result": samples.RELAY},
        },
        "error": {
            "description": "The answer to what is refused.",
            "payload": ref("RelayError"),
            "example": {
                "id": 1,
                "error": {
                    "type": "invalid_request",
                    "code": "wrong_memo",
                    "message": "must be 'm4tq7zsv', not 'coffee'",
                    "param": "memo",
                    "request_id": "req_4f1d0c9a7be2583660cf91d2",
                },
            },
        },
        "update": {
            "description": "A change.",
            "payload": ref("RelayUpdate"),
            "example": {"method": "relay.updated", "params": samples.RELAYED},
        },
    },
    "closeCodes": CLOSE_CODES,
}

HAND_IN = Operation(
    id="relayTransaction",
    method="POST",
    path="/v1/relay/{chain}",
    summary="Hand in a signed transaction",
    description="It is checked, written down, and passed on with the very bytes that were signed. The same "
    "transaction again is the same relay, and handed to the network once. What is refused is neither passed "
    "on nor stored. Needs no key where the operator says so.",
    parameters=(CHAIN, WAIT),
    body=NewRelay,
    examples={
        "least": {"transaction": TRANSACTION},
        "invoice": SUBMIT["params"],
    },
    answers=(Answer("The relay.", ref("Relay"), samples.RELAY),),
    refusals=(
        "too_short", "too_long", *sorted(REFUSALS), *POLICY, "chain_not_found", "chain_does_not_relay",
        "transaction_differs", "relayed_otherwise", "payment_under_way", "chain_unavailable",
        "too_many_relays", "foreign_origin",
    ),
    messages=(Submission, Following),
    more={"x-websocket": WEBSOCKET},
)  # fmt: skip

SHOW = Operation(
    id="showRelay",
    method="GET",
    path="/v1/relay/{chain}/{transaction_id}",
    summary="Show a relay",
    description="By its transaction's id, in any form that the chain's wallets write.",
    parameters=(
        CHAIN,
        Parameter(
            "transaction_id",
            "The transaction's id on its chain.",
            {"type": "string", "minLength": 1},
            samples.RELAY_TRANSACTION,
            "path",
        ),
    ),
    answers=(Answer("The relay.", ref("Relay"), samples.RELAYED),),
    refusals=(
        *sorted(REFUSALS), "chain_not_found", "chain_does_not_relay", "relay_not_found", "chain_unavailable",
        "foreign_origin",
    ),
)  # fmt: skip

TAG = Tag(
    "Relays",
    "A relay is one transaction that a client has signed and handed in. It credits nothing by itself: what "
    "really moved is seen on the chain, as with every other payment.",
    (HAND_IN, SHOW),
)
