"""Examples, as a real daemon answers them: one order of two coffees, and what comes of it."""

from paydaemon.core.public import Json
from paydaemon.frontends import payer

INVOICE_ID = "inv_m4tq7zsv2hx6ydk3lb5wnrpe"
CHECKOUT_VERSION = "5d0a8c3e91f7b264"
PAYMENT_ID = "pay_sx2mbr4pz6l3nwdk7q5h2vta"
KEY_ID = "key_c5vj2ktq7rw4mxh6znb3ydls"
TRANSACTION_ID = "4a5e1e4baab89f3a32518a88c31bc87f618f76673e2cc77ab2127b7afdeda33b"
ADDRESS = "bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t4"
EVENT_ID = "evt_9f2c41d7_1042"

OPTION: Json = {
    "chain": "bitcoin",
    "asset": "BTC",
    "symbol": "BTC",
    "due": "0.00020834",
    "due_minor": "20834",
    "remaining_minor": "20834",
    "rate": "60000.00",
    "rate_source": "fixed",
    "rate_at": "2026-01-31T12:00:00.000Z",
    "rate_method": "set",
    "rate_spread_percent": "0",
    "rate_sources": [
        {
            "source": "fixed",
            "pair": "BTC/EUR",
            "rate": "60000.00",
            "at": "2026-01-31T12:00:00.000Z",
            "outlier": False,
        }
    ],
    "destination": {"address": ADDRESS, "memo": None, "uri": f"bitcoin:{ADDRESS}?amount=0.00020834"},
    "confirmations_required": 6,
    "pending_minor": "0",
    "confirmed_minor": "0",
    "payments": [],
}

INVOICE: Json = {
    "id": INVOICE_ID,
    "status": "new",
    "flags": [],
    "amount": "12.50",
    "currency": "EUR",
    "seller_id": "shop",
    "note": None,
    "metadata": {"order": "2026-0117"},
    "buyer": {},
    "return_url": None,
    "created_at": "2026-01-31T12:00:00.000Z",
    "expires_at": "2026-01-31T12:15:00.000Z",
    "monitor_until": "2026-02-07T12:15:00.000Z",
    "checkout_url": f"https://pay.example/i/{INVOICE_ID}",
    "options": [OPTION],
}

PAYMENT: Json = {
    "id": PAYMENT_ID,
    "chain": "bitcoin",
    "asset": "BTC",
    "symbol": "BTC",
    "ref": f"{TRANSACTION_ID}:0",
    "transaction_id": TRANSACTION_ID,
    "amount": "0.00020834",
    "amount_minor": "20834",
    "destination": ADDRESS,
    "invoice_id": None,
    "state": "pending",
    "confirmations": 2,
    "confirmations_required": 6,
    "replaced_by": None,
    "block": "00000000000000000001a2b3c4d5e6f708192a3b4c5d6e7f8091a2b3c4d5e6f7",
    "seen_at": "2026-01-31T12:01:00.000Z",
}

MINE: Json = {**PAYMENT, "invoice_id": INVOICE_ID}

PAID: Json = {
    **INVOICE,
    "status": "processing",
    "options": [{**OPTION, "remaining_minor": "0", "pending_minor": "20834", "payments": [MINE]}],
}

SETTLED: Json = {**INVOICE, "status": "settled", "flags": ["marked"]}

EVENT: Json = {
    "seq": 1042,
    "id": EVENT_ID,
    "type": "invoice.payment_seen",
    "created_at": "2026-01-31T12:01:00.412Z",
    "invoice_id": INVOICE_ID,
    "data": {
        "invoice": {name: value for name, value in PAID.items() if name != "checkout_url"},
        "payment": MINE,
        "again": False,
    },
}

PUSH: Json = {"type": "payment.confirming", "invoice_id": INVOICE_ID, "data": {"payment": MINE}}

PAYER_INVOICE: Json = payer.invoice(PAID, lambda chain: True)

PAYER_EVENT: Json = {"type": payer.NOW, "at": "2026-01-31T12:01:00.412Z", "invoice": PAYER_INVOICE}

PAYER_PUSH: Json = {"type": "payment.confirming", "payment": payer.payment(MINE)}

RELAY_TRANSACTION = "0.0.1002@1769860860.000000001"

RELAY: Json = {
    "id": "rly_k2vd7wq3mz5htxr6lbn4ypsc",
    "chain": "hedera",
    "transaction_id": RELAY_TRANSACTION,
    "status": "accepted",
    "precheck": "OK",
    "receipt": None,
    "node": "0.0.3",
    "invoice_id": INVOICE_ID,
    "payer": "0.0.1002",
    "memo": "000018",
    "transfers": [
        {"account": "0.0.1001", "asset": "HBAR", "amount_minor": "5000000000"},
        {"account": "0.0.1002", "asset": "HBAR", "amount_minor": "-5000000000"},
    ],
    "payees": ["0.0.1001"],
    "error": None,
    "created_at": "2026-01-31T12:01:00.000Z",
    "updated_at": "2026-01-31T12:01:00.120Z",
}

RELAYED: Json = {
    **RELAY,
    "status": "succeeded",
    "receipt": "SUCCESS",
    "updated_at": "2026-01-31T12:01:03.871Z",
}

PREPARATION: Json = {
    "chain": "hedera",
    "asset": "HBAR",
    "symbol": "HBAR",
    "amount": "50.00000000",
    "amount_minor": "5000000000",
    "address": "0.0.1001",
    "memo": "000018",
    "transaction_id": RELAY_TRANSACTION,
    "signer": "hedera:testnet:0.0.1002",
    "node": "0.0.3",
    "unsigned": "ChAKCAi8rPfLBhABEgQYARjqBxICGAMYgMLXLyIDCLQBMgYwMDAwMThyHwodCg0KAxjqBxD/n9qA6L8v",
    "max_fee_minor": "100000000",
    "sign_before": "2026-01-31T12:03:20.000Z",
    "sign_within_s": 160,
}

WEBHOOK_ID = "we_r3kd7zqw5mh2xtv6nlb4ypsc"
DELIVERY_ID = "dlv_q7wn2x5kzr4mhv6tcl3bydps"

WEBHOOK: Json = {
    "id": WEBHOOK_ID,
    "url": "https://shop.example/hooks/paydaemon",
    "types": ["invoice.expired", "invoice.settled"],
    "description": "The shop's own",
    "seller_id": "shop",
    "disabled": False,
    "state": "well",
    "down_since": None,
    "next_at": None,
    "old_secret_until": None,
    "created_at": "2026-01-31T12:00:00.000Z",
}

NEW_WEBHOOK: Json = {**WEBHOOK, "secret": "whsec_4Vq0l0aX2n8rYb7kT3mZp9sGd6wJc1uHfR5eNiKoQvE="}

TESTED: Json = {"delivered": True, "status": 200, "reason": "OK", "took_ms": 87}

DELIVERY: Json = {
    "id": DELIVERY_ID,
    "target": WEBHOOK_ID,
    "event_id": EVENT_ID,
    "seq": 1042,
    "type": "invoice.settled",
    "invoice_id": INVOICE_ID,
    "state": "parked",
    "attempts": 1,
    "status": 410,
    "reason": "Gone",
    "created_at": "2026-01-31T12:01:00.420Z",
    "last_at": "2026-01-31T12:01:00.430Z",
    "next_at": None,
    "done_at": "2026-01-31T12:01:00.517Z",
}

ATTEMPT: Json = {
    "number": 1,
    "at": "2026-01-31T12:01:00.430Z",
    "took_ms": 81,
    "taken": False,
    "status": 410,
    "reason": "Gone",
}

RETRIED: Json = {
    **DELIVERY,
    "state": "pending",
    "next_at": "2026-02-01T08:30:00.000Z",
    "done_at": None,
}

TARGET: Json = {
    "id": "email:operator",
    "notifier": "email",
    "seller_id": None,
    "types": ["chain.stale", "invoice.settled"],
    "state": "down",
    "down_since": "2026-01-31T12:01:00.430Z",
    "next_at": "2026-01-31T12:01:38.112Z",
    "pending": 3,
    "parked": 0,
    "oldest_at": "2026-01-31T12:01:00.412Z",
}

RATE: Json = {
    "base": "BTC",
    "quote": "EUR",
    "rate": "60000.5",
    "method": "median",
    "source": "kraken, coinbase",
    "at": "2026-01-31T12:00:00.000Z",
    "problem": None,
    "sources": [
        {
            "source": "kraken",
            "pair": "BTC/EUR",
            "rate": "60000.00",
            "at": "2026-01-31T12:00:00.000Z",
            "verdict": "used",
            "reason": "",
        },
        {
            "source": "coinbase",
            "pair": "BTC/EUR",
            "rate": "60001.00",
            "at": "2026-01-31T12:00:07.000Z",
            "verdict": "used",
            "reason": "",
        },
        {
            "source": "bitstamp",
            "pair": "BTC/EUR",
            "rate": None,
            "at": None,
            "verdict": "failed",
            "reason": "HTTP 429",
        },
    ],
}

RATE_CURSOR = "1769860800000"

KEPT_RATE: Json = {
    "at": "2026-01-31T12:00:00.000Z",
    "base": "BTC",
    "quote": "EUR",
    "rate": "60000.5",
    "method": "median",
    "source": "kraken, coinbase",
}

PLUGIN: Json = {
    "name": "bitcoin",
    "distribution": "paydaemon-bitcoin",
    "version": "0.1.0",
    "api": "1.0",
    "deprecated": [],
    "status": "loaded",
    "reason": "",
    "chains": ["bitcoin"],
    "rate_sources": [],
    "sandboxes": ["bitcoin"],
    "commands": [],
    "notifiers": [],
    "frontends": [],
    "services": [
        {
            "name": "chain bitcoin",
            "state": "running",
            "since": "2026-01-31T11:58:00.000Z",
            "restarts": 0,
            "last_error": None,
        }
    ],
    "health": [{"chain": "bitcoin", "state": "healthy", "reason": ""}],
}

CHAIN: Json = {
    "id": "bitcoin",
    "plugin": "bitcoin",
    "state": "healthy",
    "reason": "",
    "as_of": "2026-01-31T12:00:58.000Z",
    "height": 934_512,
}

READY: Json = {
    "status": "ok",
    "store": {"state": "healthy", "reason": ""},
    "chains": [CHAIN],
    "plugins": [{"name": "bitcoin", "status": "loaded"}],
    "services": [{"name": "chain bitcoin", "state": "running"}],
}

SELLER: Json = {
    "id": "cafe",
    "name": "Café am Eck",
    "created_at": "2026-01-31T12:00:00.000Z",
    "disabled": False,
    "frame_ancestors": None,
}

KEY: Json = {
    "id": KEY_ID,
    "seller_id": "cafe",
    "created_at": "2026-01-31T12:00:00.000Z",
    "revoked_at": None,
}

NEW_KEY: Json = {
    "id": KEY_ID,
    "secret": "pd_seller_uT4nV0c2r8y6kQm1sLw9xZb3eHj5gPaD7fRiKtNqYvE",
    "seller_id": "cafe",
}

BACKUP: Json = {"file": "/srv/backups/paydaemon.sqlite3", "epoch": "9f2c41d7", "last_seq": 1042}


def page(item: Json, next_cursor: str | None = None) -> Json:
    """A page of a list with this in it."""
    return {"data": [item], "has_more": next_cursor is not None, "next_cursor": next_cursor}
