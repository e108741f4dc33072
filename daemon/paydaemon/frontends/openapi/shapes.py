"""The shapes of answers: what `core.public` and `frontends.wire` write, told field by field."""

from collections.abc import Mapping

from paydaemon.core.errors import ErrorType
from paydaemon.core.events import DESCRIPTIONS, LIVE_CONFIRMING, EventType
from paydaemon.core.invoice import Flag, Mark, QuoteMethod, Status
from paydaemon.core.payment import PaymentState
from paydaemon.frontends.openapi import daemonshapes, deliveryshapes, payershapes, rateshapes, relayshapes
from paydaemon.frontends.openapi.schema import (
    Schema,
    amount,
    choice,
    flag,
    listing,
    minor,
    nullable,
    page_of,
    record,
    ref,
    text,
    time,
    whole,
)


def shapes() -> Mapping[str, Schema]:
    """Every shape of an answer, by its name among the components."""
    traded = {**_of_invoices(), **_of_payments()}
    return {
        **traded,
        **payershapes.shapes(traded),
        **relayshapes.shapes(),
        **deliveryshapes.shapes(),
        **rateshapes.shapes(),
        **_of_events(),
        **daemonshapes.shapes(),
        **_of_administration(),
        "Error": record("The one shape of every error.", {"error": ref("Problem")}),
        "Problem": _problem(),
    }


def _of_invoices() -> Mapping[str, Schema]:
    kept = _invoice()
    link = text("The page to send the payer to. It shows nothing that is the seller's own.", format="uri")
    fields = {**kept["properties"], "checkout_url": link}
    return {
        "Invoice": record(
            "What a seller asks for, until a time, with everything that was paid for it.", fields
        ),
        "JournaledInvoice": {**kept, "description": "An invoice as it was right after an event."},
        "Option": _option(),
        "Destination": record(
            "Where a payment must go to count for one option. It is never issued twice.",
            {
                "address": text("The address to pay to."),
                "memo": nullable(text("What must be said with the payment, on chains that have it.")),
                "uri": text("The same with the amount, as wallets read it from a link or a QR code."),
            },
        ),
        "Invoices": page_of("invoices", "Invoice"),
    }


def _invoice() -> Schema:
    return record(
        "",
        {
            "id": text("Its id, which nobody can guess."),
            "status": choice(Status, "What amounts, time and marks add up to."),
            "flags": listing(choice(Flag, ""), "What else is true of it; any of them can stand together."),
            "amount": amount("What is asked for, in whole units of `currency`."),
            "currency": text("An ISO 4217 code, or an asset."),
            "seller_id": text("Whose it is."),
            "note": nullable(text("The seller's note.")),
            "metadata": {"type": "object", "description": "The seller's own.", "additionalProperties": True},
            "buyer": record(
                "Whom it is for, as far as it was said.",
                {name: text(f"Their {name}.") for name in ("email", "locale", "name")},
                optional=("email", "locale", "name"),
            ),
            "return_url": nullable(text("Where the checkout page leads back to.", format="uri")),
            "created_at": time("When it was created."),
            "expires_at": time("Until when it can be paid in time, by the chain's own time."),
            "monitor_until": time("Until when payments change its status; later ones are only recorded."),
            "options": listing(ref("Option"), "The ways to pay it, one for each asset."),
        },
    )


def _option() -> Schema:
    return record(
        "One way to pay an invoice. What is due and its rate are fixed when the invoice is created.",
        {
            "chain": text("The chain's id, as the operator has named it."),
            "asset": text("The asset's symbol or on-chain id."),
            "symbol": text("What the asset is called, for showing; others may be called the same."),
            "due": amount(
                "What is due, in whole units of the asset; rounded up by less than one minor unit."
            ),
            "due_minor": minor("What is due, in the asset's smallest unit."),
            "remaining_minor": minor("What is still missing to cover the invoice with this asset alone."),
            "rate": amount(
                "The price of one whole unit of the asset, in the invoice's currency, less the spread."
            ),
            "rate_source": text("Who said so, in words."),
            "rate_at": time("When it was said; of several, the oldest that counted."),
            "rate_method": choice(
                QuoteMethod,
                "How it was come by: of sources that agree, set by the operator, by the operator's fallback, "
                "or none was needed.",
            ),
            "rate_spread_percent": amount("By how much the seller has it lowered, so that more is due."),
            "rate_sources": listing(
                ref("SourcePrice"),
                "All prices that it comes from, pair by pair on the way from the asset to the currency.",
            ),
            "destination": ref("Destination"),
            "confirmations_required": whole("Confirmations that each payment needs."),
            "pending_minor": minor("The sum of all its payments that are not final yet."),
            "confirmed_minor": minor("The sum of all its payments that are final."),
            "payments": listing(
                ref("Payment"), "Its payments, oldest first; in an event or a list the 20 newest."
            ),
        },
    )


def _of_payments() -> Mapping[str, Schema]:
    payment = record(
        "One credit on a chain.",
        {
            "id": text("Its id."),
            "chain": text("The chain's id, as the operator has named it."),
            "asset": text("The asset's symbol or on-chain id."),
            "symbol": text("What the asset is called, for showing; others may be called the same."),
            "ref": text("What is unique to it on its chain; for Bitcoin `txid:vout`."),
            "transaction_id": text("The transaction's id on its chain."),
            "amount": amount("What was paid, in whole units of the asset."),
            "amount_minor": minor("What was paid, in the asset's smallest unit."),
            "destination": text("Where it went, as the chain knows it."),
            "invoice_id": nullable(text("Whose it is; null while it is unmatched.")),
            "state": choice(PaymentState, "What the chain now holds of it."),
            "confirmations": whole("How many blocks stand on it, its own included."),
            "confirmations_required": whole("How many it needs to be final."),
            "replaced_by": nullable(text("The transaction that took its place, where that is known.")),
            "block": nullable(text("The block that holds it; null in the mempool.")),
            "seen_at": time("When it was first seen, or the time of its block where that is earlier."),
        },
    )
    return {"Payment": payment, "Payments": page_of("payments", "Payment")}


def _of_events() -> Mapping[str, Schema]:
    types = choice(EventType, "What happened. New types may be added: ignore what you do not know.")
    event = record(
        "A fact in the journal. It is never changed and never taken back.",
        {
            "seq": whole("Its place in the journal, in the order that things became true.", 1),
            "id": text(
                "The same wherever and however often it is told: `evt_<epoch>_<seq>`.",
                pattern="^evt_[0-9a-z]{1,32}_[0-9]{1,18}$",
            ),
            "type": ref("EventType"),
            "created_at": time("When it was written down."),
            "invoice_id": nullable(text("The invoice it is about.")),
            "data": ref("EventData"),
        },
    )
    push = record(
        "News of the moment, on the websocket alone: not kept, not replayed, dropped for a slow reader.",
        {
            "type": {
                "const": LIVE_CONFIRMING,
                "description": "A payment gained a confirmation and needs more.",
            },
            "invoice_id": nullable(text("The invoice it is about.")),
            "data": record("What it is about.", {"payment": ref("Payment")}),
        },
    )
    told = {type.value: sentence for type, sentence in DESCRIPTIONS.items()}
    return {
        "Event": event,
        "EventType": {**types, "x-enum-descriptions": told},
        "EventData": _event_data(),
        "LivePush": push,
        "Events": page_of("events", "Event"),
    }


def _event_data() -> Schema:
    fields = {
        "invoice": ref("JournaledInvoice"),
        "payment": ref("Payment"),
        "again": flag("Of `invoice.payment_seen`: whether the payment was known before."),
        "relay": ref("Relay"),
        "chain": text("Of `chain.…`: the chain's id."),
        "as_of": nullable(time("Of `chain.…`: up to when it was seen complete.")),
        "pair": text("Of `rates.…`: the pair, such as `BTC/EUR`."),
        "rate": text("Of `rates.recovered`: what one whole unit costs again."),
        "reason": text(
            "Of `chain.…`, `rates.stopped`, `plugin.failed` and `delivery.parked`: why, in words."
        ),
        "service": text("Of `plugin.failed`: what was restarted."),
        "plugin": text("Of `plugin.failed`: whose it is."),
        "target": text("Of `delivery.parked`: who could not be told."),
        "notifier": text("Of `delivery.parked`: the way it is told by."),
        "delivery_id": text("Of `delivery.parked`: what was parked."),
        "event_id": text("Of `delivery.parked`: the event that was to be told."),
        "by": record(
            "Of `admin.…`: who did it.",
            {
                "key_id": nullable(text("The key's id; null through the Unix socket.")),
                "uid": nullable(whole("The user who opened the Unix socket; null with a key.")),
            },
            optional=("uid",),
        ),
        "seller_id": nullable(
            text("Of `admin.…` and `rates.…`: the seller it is about; null for an operator's key.")
        ),
        "key_id": text("Of `admin.…`: the key it is about."),
        "invoice_id": text("Of `admin.…`: the invoice it is about."),
        "payment_id": text("Of `admin.payment_assigned`: the payment."),
        "webhook_id": text("Of `admin.webhook_…`: the webhook."),
        "session_id": text("Of `admin.desk_…`: the session."),
        "status": choice(Mark, "Of `admin.invoice_marked`: the mark's."),
        "frame_ancestors": nullable(
            listing(
                text("An origin."),
                "Of `admin.seller_framed`: the pages; null for those of the configuration.",
            )
        ),
        "revoked": whole("Of `admin.keys_rotated`: how many keys were revoked."),
        "changed": listing(text(""), "Of `admin.configuration_reloaded`: the keys with another value."),
        "file": text("Of `admin.backup_made` and `admin.restored`: the backup."),
        "epoch": text("Of `admin.backup_made` and `admin.restored`: the journal's epoch in it."),
        "last_seq": whole("Of `admin.backup_made` and `admin.restored`: the last event in it."),
        "leap": whole("Of `admin.restored`: how many indexes each chain leaves out."),
    }
    return record("What it is about, as it was right after the event.", fields, optional=fields)


def _of_administration() -> Mapping[str, Schema]:
    seller = record(
        "A seller.",
        {
            "id": text("Its id."),
            "name": text("Its name, for showing."),
            "created_at": time("When it was added."),
            "disabled": flag("Whether it gets no new invoices."),
            "frame_ancestors": nullable(
                listing(
                    text("An origin."),
                    "Pages that may show its checkout pages inside of them; null for those configured.",
                )
            ),
        },
    )
    owner = nullable(text("Whose it is; null for an operator's."))
    key = record(
        "A key, without its secret, which is not kept.",
        {
            "id": text("Its id, which is no secret."),
            "seller_id": owner,
            "created_at": time("When it was made."),
            "revoked_at": nullable(time("When it was revoked; null while it is valid.")),
        },
    )
    new_key = record(
        "A fresh key.",
        {
            "id": text("Its id, which is no secret."),
            "secret": text("What opens the API. It is told this once and never again."),
            "seller_id": owner,
        },
    )
    daemon = record(
        "The daemon.",
        {
            "public_url": text("What every link begins with.", format="uri"),
            "version": text("Its version."),
        },
    )
    backup = record(
        "A backup that was made.",
        {
            "file": text("Where it was put."),
            "epoch": text("The journal's epoch in it."),
            "last_seq": whole("The last event in it."),
        },
    )
    return {
        "Seller": seller,
        "Sellers": page_of("sellers", "Seller"),
        "Key": key,
        "Keys": page_of("keys", "Key"),
        "NewKey": new_key,
        "Daemon": daemon,
        "Backup": backup,
    }


def _problem() -> Schema:
    return record(
        "What is wrong.",
        {
            "type": choice(ErrorType, "Whose turn it is."),
            "code": text(
                "What it is, for programs; it stays as it is. Codes may be added: treat one that you do not "
                "know by its type.",
                pattern="^[a-z0-9_]+$",
            ),
            "message": text("What it is, for people."),
            "param": nullable(text("The field by its path, the parameter, or the header that it is about.")),
            "request_id": text("The same as in `X-Request-Id`, and in the daemon's log."),
        },
    )
