"""Samples: whole invoices, payments and the like, of which a test names only what it is about."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from paydaemon.core.access import Seller
from paydaemon.core.delivery import Delivery, Target, Wanted, new_delivery
from paydaemon.core.events import Draft, Event, EventType
from paydaemon.core.invoice import Destination, Invoice, Option, Quote, QuoteMethod
from paydaemon.core.money import Asset, Currency
from paydaemon.core.payment import Payment, PaymentState
from paydaemon.core.relay import Relay, RelayStatus, Transfer
from paydaemon.store.rateport import KeptRate

NOW_MS = 1_700_000_000_000
EXPIRES_AT_MS = NOW_MS + 900_000
MONITOR_UNTIL_MS = EXPIRES_AT_MS + 604_800_000

SELLER = Seller("shop", "The shop", NOW_MS)


def asset(chain: str = "bitcoin") -> Asset:
    """A chain's only asset."""
    return Asset(chain, chain[:3].upper(), chain[:3].upper(), 8)


def destination(index: int, chain: str = "bitcoin") -> Destination:
    """A destination, all of it made from its index."""
    return Destination(f"{chain}-key-{index}", index, f"{chain}1q{index}", None, f"{chain}:{chain}1q{index}")


def option(index: int = 0, chain: str = "bitcoin", due_minor: int = 20_834) -> Option:
    """An option of six confirmations."""
    quote = Quote("60000.00", "fixed", NOW_MS)
    return Option(asset(chain), due_minor, quote, destination(index, chain), 6)


def invoice(number: int = 0, *, chains: Sequence[str] = ("bitcoin",), **fields: Any) -> Invoice:
    """An invoice over 12.50 EUR with an option on each chain; `number` makes its id and its destinations."""
    return Invoice(
        **{
            "id": f"inv_{number}",
            "seller_id": SELLER.id,
            "amount_minor": 1250,
            "currency": Currency("EUR", 2),
            "created_at_ms": NOW_MS,
            "expires_at_ms": EXPIRES_AT_MS,
            "monitor_until_ms": MONITOR_UNTIL_MS,
            "options": tuple(option(number, chain) for chain in chains),
            **fields,
        }
    )


def payment(number: int = 0, *, chain: str = "bitcoin", **fields: Any) -> Payment:
    """A pending payment in the mempool; `number` makes its id, its ref and its destination."""
    return Payment(
        **{
            "id": f"pay_{number}",
            "chain": chain,
            "ref": f"{number:064x}:0",
            "transaction_id": f"{number:064x}",
            "asset": asset(chain),
            "amount_minor": 20_834,
            "destination_key": destination(number, chain).key,
            "invoice_id": None,
            "confirmations_required": 6,
            "state": PaymentState.PENDING,
            "seen_at_ms": NOW_MS,
            "recorded_at_ms": NOW_MS,
            "position": 0,
            "height": None,
            "block": None,
            "final": False,
            "replaced_by": None,
            **fields,
        }
    )


def relay(number: int = 0, *, chain: str = "hedera", **fields: Any) -> Relay:
    """A relay that was just received; `number` makes its ids and its digest."""
    moved = (Transfer("payee", "HED", 5, "payee:memo"), Transfer("payer", "HED", -5, "payer:memo"))
    return Relay(
        **{
            "id": f"rly_{number}",
            "chain": chain,
            "transaction_id": f"{chain}-tx-{number}",
            "digest": number.to_bytes(32),
            "status": RelayStatus.RECEIVED,
            "precheck": None,
            "receipt": None,
            "node": None,
            "invoice_id": None,
            "seller_id": None,
            "payer": "payer",
            "memo": "memo",
            "transfers": moved,
            "payees": ("payee",),
            "error": None,
            "raw": b"signed",
            "expires_at_ms": NOW_MS + 120_000,
            "created_at_ms": NOW_MS,
            "updated_at_ms": NOW_MS,
            **fields,
        }
    )


def draft(type: EventType = EventType.INVOICE_CREATED, **fields: Any) -> Draft:
    """An event about nothing in particular."""
    return Draft(**{"type": type, "data": {"note": "sample"}, **fields})


def target(number: int = 0, **fields: Any) -> Target:
    """An endpoint of the seller's that wants everything."""
    return Target(
        **{
            "id": f"we_{number}",
            "notifier": "webhook",
            "name": None,
            "wanted": Wanted(seller_id=SELLER.id),
            "cursor": 0,
            "created_at_ms": NOW_MS,
            **fields,
        }
    )


def delivery(event: Event, target_id: str = "we_0", **fields: Any) -> Delivery:
    """A delivery of an event, which nobody has tried; its id is made from both."""
    return replace(new_delivery(f"dlv_{target_id}_{event.seq}", target_id, event, NOW_MS), **fields)


def kept_rate(at_ms: int = NOW_MS, pair: str = "BTC/EUR", **fields: Any) -> KeptRate:
    """What a pair cost at a time, by three sources."""
    base, quote = pair.split("/")
    return KeptRate(
        **{
            "base": base,
            "quote": quote,
            "at_ms": at_ms,
            "rate": "60000.00",
            "method": QuoteMethod.MEDIAN,
            "source": "a, b and c",
            **fields,
        }
    )
