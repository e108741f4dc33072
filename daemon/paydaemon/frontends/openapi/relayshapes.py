"""The shapes of what is handed in to be passed on: relays by HTTP, and what a websocket says of them."""

from collections.abc import Mapping

from paydaemon.core.relay import RelayStatus
from paydaemon.frontends.openapi.schema import (
    Schema,
    choice,
    listing,
    moved,
    nullable,
    record,
    ref,
    text,
    time,
)


def shapes() -> Mapping[str, Schema]:
    """Every shape of it, by its name among the components."""
    transfer = record(
        "What one account gains or loses of one asset.",
        {
            "account": text("The account."),
            "asset": text("The asset's symbol or on-chain id."),
            "amount_minor": moved("How much, in the asset's smallest unit; negative where it is lost."),
        },
    )
    relay = record(
        "One transaction that a client has signed and handed in, and what became of it.",
        {
            "id": text("Its id."),
            "chain": text("The chain's id, as the operator has named it."),
            "transaction_id": text("The transaction's id on its chain, in one form."),
            "status": choice(RelayStatus, "Where it stands. `unknown` stays until the outcome is proven."),
            "precheck": nullable(text("The node's first answer, in the network's own word.")),
            "receipt": nullable(text("What consensus said, in the network's own word.")),
            "node": nullable(text("The node that was asked.")),
            "invoice_id": nullable(
                text("The open invoice that it was to pay. Whoever has no key is told where it named it.")
            ),
            "payer": nullable(
                text("The account that pays for it, as signed. Null for one of an earlier release.")
            ),
            "memo": nullable(text("The memo that it bears, as signed. Null for one of an earlier release.")),
            "transfers": listing(ref("RelayTransfer"), "What it moves."),
            "payees": nullable(
                listing(
                    text("An account."),
                    "The accounts of this daemon that gain by it. Null for one of an earlier release.",
                )
            ),
            "error": nullable(text("What went wrong, for people.")),
            "created_at": time("When it was first handed in."),
            "updated_at": time("When its status last changed."),
        },
    )
    update = record(
        "News of a relay that was handed in, or asked for, on this websocket.",
        {
            "method": {"const": "relay.updated", "description": "Always the same."},
            "params": ref("Relay"),
        },
    )
    id = {
        "type": ["integer", "string", "null"],
        "description": "The message's; null where it has none.",
    }
    return {
        "Relay": relay,
        "RelayTransfer": transfer,
        "RelayUpdate": update,
        "RelayResult": record("The answer to a message.", {"id": id, "result": ref("Relay")}),
        "RelayError": record("The answer to a message that is refused.", {"id": id, "error": ref("Problem")}),
    }
