"""What the tests of relays share: a signed transfer that pays an invoice, and the invoice."""

from dataclasses import replace
from typing import Any

from paydaemon.core.invoice import Destination, Invoice
from paydaemon.core.relay import Outcome, RelayStatus, SignedTransfer, Transfer
from tests.core.samples import CREATED_MS, HBAR, invoice, option

PAYEE, PAYER, STRANGER = "0.0.1001", "0.0.1002", "0.0.1003"
MEMO = "coffee"
DUE = 20_834
NOW_MS = CREATED_MS + 1_000
TRANSACTION = "0.0.1002@1700000000.000000001"


def to(account: str, amount_minor: int, *, asset: str = "HBAR", memo: str = MEMO) -> Transfer:
    return Transfer(account, asset, amount_minor, f"{account}:{memo}")


def signed(*transfers: Transfer, memo: str = MEMO, **fields: Any) -> SignedTransfer:
    """By default what pays the whole invoice."""
    moved = transfers or (to(PAYEE, DUE, memo=memo), to(PAYER, -DUE, memo=memo))
    made = SignedTransfer(TRANSACTION, b"digest", PAYER, memo, moved, NOW_MS + 120_000, b"raw")
    return replace(made, **fields)


def asking() -> Invoice:
    """An open invoice that asks for `DUE` on Hedera."""
    where = Destination(f"{PAYEE}:{MEMO}", 7, PAYEE, MEMO, f"hedera:{PAYEE}")
    return invoice(replace(option(HBAR, DUE), destination=where))


def outcome(status: RelayStatus, **fields: Any) -> Outcome:
    return Outcome(status, **fields)
