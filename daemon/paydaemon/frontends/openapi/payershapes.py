"""The shapes of what a payer is shown: those of everybody's, less what `frontends.payer` leaves out."""

from collections.abc import Mapping, Sequence
from typing import Any

from paydaemon.core.events import LIVE_CONFIRMING
from paydaemon.frontends import payer
from paydaemon.frontends.openapi.schema import (
    Schema,
    listing,
    minor,
    nullable,
    record,
    ref,
    text,
    time,
    whole,
)


def shapes(others: Mapping[str, Any]) -> Mapping[str, Schema]:
    """Every shape, by its name among the components; `others` are those of who has a key."""
    invoice = _only(payer.INVOICE_FIELDS, others["Invoice"])
    option = _only(payer.OPTION_FIELDS, others["Option"])
    told = {
        "type": text(f"What happened; `{payer.NOW}` for what comes first. Ignore what you do not know."),
        "at": time("When it was written down."),
        "invoice": ref("PayerInvoice"),
    }
    push = {
        "type": {"const": LIVE_CONFIRMING, "description": "A payment gained a confirmation and needs more."},
        "payment": ref("PayerPayment"),
    }
    return {
        "PayerInvoice": record(
            "What a payer sees of an invoice.",
            {**invoice, "options": listing(ref("PayerOption"), "The ways to pay it, one for each asset.")},
        ),
        "PayerOption": record(
            "What a payer sees of one way to pay.",
            {
                **option,
                "destination": {
                    "anyOf": [ref("Destination"), {"type": "null"}],
                    "description": "Where to pay to; null where nobody here would see it: send nothing.",
                },
                "payments": listing(ref("PayerPayment"), "Its 20 newest payments, oldest first."),
            },
        ),
        "PayerPayment": record(
            "What a payer sees of a payment.", _only(payer.PAYMENT_FIELDS, others["Payment"])
        ),
        "Preparation": record(
            "A payment that was drawn up, for its payer to sign. Nobody has signed it.",
            {
                **_only(("chain", "asset", "symbol"), others["Option"]),
                "amount": text("What it pays, in whole units."),
                "amount_minor": minor("The same in the asset's smallest unit."),
                "address": text("Whom it pays."),
                "memo": nullable(text("The memo that it bears.")),
                "transaction_id": text("Its id on its chain."),
                "signer": text("The account that is to sign, as wallets of the network name it."),
                "node": text("The node that it is for."),
                "unsigned": text("The bytes that are signed, in base64."),
                "max_fee_minor": minor("What it may cost beside, in the native asset's smallest unit."),
                "sign_before": time("When it is too late to hand it in."),
                "sign_within_s": whole("How many seconds that is from now on."),
            },
        ),
        "PayerEvent": record("How an invoice stands after an event, or now.", told),
        "PayerPush": record("A payment's new depth: not kept, dropped for a slow reader.", push),
        "Closing": record(
            "Why a stream of server-sent events ends, as its last event, `closing`, says.",
            {
                "code": whole("The close code that a websocket would have had."),
                "reason": text("The same in words, with the last `seq` that was sent."),
            },
        ),
    }


def _only(fields: Sequence[str], shape: Mapping[str, Any]) -> Schema:
    return {name: shape["properties"][name] for name in fields}
