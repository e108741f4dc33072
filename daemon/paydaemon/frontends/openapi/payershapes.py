"""The shapes of what a payer is shown: those of everybody's, less what `frontends.payer` leaves out."""

from collections.abc import Mapping, Sequence
from typing import Any

from paydaemon.core.events import LIVE_CONFIRMING
from paydaemon.frontends import payer
from paydaemon.frontends.openapi.schema import Schema, listing, record, ref, text, time, whole


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
