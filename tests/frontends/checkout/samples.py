"""Invoices as a payer sees them, for tests of what the page makes of them."""

from typing import Any

EXPIRES = "2026-01-31T12:15:00.000Z"
EXPIRES_MS = 1_769_861_700_000

BITCOIN: dict[str, Any] = {
    "chain": "bitcoin",
    "asset": "BTC",
    "symbol": "BTC",
    "due": "0.00020834",
    "due_minor": "20834",
    "remaining_minor": "20834",
    "rate": "60000.00",
    "confirmations_required": 6,
    "pending_minor": "0",
    "confirmed_minor": "0",
    "destination": {"address": "bc1qa", "memo": None, "uri": "bitcoin:bc1qa?amount=0.00020834"},
    "payments": [],
}
HEDERA: dict[str, Any] = {
    **BITCOIN,
    "chain": "hedera",
    "asset": "0.0.456858",
    "symbol": "USDC",
    "due": "13.500000",
    "due_minor": "13500000",
    "remaining_minor": "13500000",
    "confirmations_required": 1,
    "destination": {
        "address": "0.0.1001",
        "memo": "000018",
        "uri": "hedera:0.0.1001?amount=13.5&memo=000018",
    },
}


def invoice(status: str = "new", *flags: str, **fields: Any) -> dict[str, Any]:
    """An invoice over 12.50 EUR that can be paid in two ways."""
    return {
        "id": "inv_a",
        "status": status,
        "flags": list(flags),
        "amount": "12.50",
        "currency": "EUR",
        "created_at": "2026-01-31T12:00:00.000Z",
        "expires_at": EXPIRES,
        "return_url": "https://shop.example/thanks",
        "options": [BITCOIN, HEDERA],
        **fields,
    }


def payment(id: str = "pay_a", state: str = "pending", depth: int = 0, **fields: Any) -> dict[str, Any]:
    """A payment in Bitcoin of all that is due."""
    return {
        "id": id,
        "chain": "bitcoin",
        "asset": "BTC",
        "symbol": "BTC",
        "amount": "0.00020834",
        "amount_minor": "20834",
        "state": state,
        "confirmations": depth,
        "confirmations_required": 6,
        "seen_at": "2026-01-31T12:01:00.000Z",
        **fields,
    }
