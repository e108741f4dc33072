"""The public shape of invoices, payments and relays, as the journal keeps it and every frontend shows it.

Every amount is a decimal string, the `…_minor` ones too: JavaScript's numbers break beyond 2**53.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence

from paydaemon.core.events import Event
from paydaemon.core.invoice import PPM, Invoice, Option, SourcePrice
from paydaemon.core.money import format_minor
from paydaemon.core.payment import Payment, PaymentState, confirmations
from paydaemon.core.relay import Relay
from paydaemon.core.status import Tally, remaining_minor, tally
from paydaemon.core.times import rfc3339

Tips = Mapping[str, int | None]
"""The newest block's number of each chain, where it has one."""

Json = dict[str, object]


def public_payment(payment: Payment, tips: Tips) -> Json:
    """A payment on its own, as in ``GET /v1/payments``."""
    return {
        "id": payment.id,
        "chain": payment.chain,
        "asset": payment.asset.code,
        "symbol": payment.asset.symbol,
        "ref": payment.ref,
        "transaction_id": payment.transaction_id,
        "amount": format_minor(payment.amount_minor, payment.asset.decimals),
        "amount_minor": str(payment.amount_minor),
        "destination": payment.destination_key,
        "invoice_id": payment.invoice_id,
        "state": payment.state.value,
        "confirmations": confirmations(payment, tips.get(payment.chain)),
        "confirmations_required": payment.confirmations_required,
        "replaced_by": payment.replaced_by,
        "block": payment.block,
        "seen_at": rfc3339(payment.seen_at_ms),
    }


def public_invoice(
    invoice: Invoice, payments: Sequence[Payment], tips: Tips, *, newest: int | None = None
) -> Json:
    """An invoice with its options and payments, without what depends on the frontend (its links).

    `payments` are all of the invoice's, and every sum is over all of them; `newest` limits how many of each
    option are listed, to the last ones recorded.
    """
    sums = tally(invoice, payments)
    of_option = _by_asset(payments)
    return {
        "id": invoice.id,
        "status": invoice.standing.status.value,
        "flags": sorted(flag.value for flag in invoice.standing.flags),
        "amount": format_minor(invoice.amount_minor, invoice.currency.decimals),
        "currency": invoice.currency.code,
        "seller_id": invoice.seller_id,
        "note": invoice.note,
        "metadata": dict(invoice.metadata),
        "buyer": dict(invoice.buyer),
        "return_url": invoice.return_url,
        "created_at": rfc3339(invoice.created_at_ms),
        "expires_at": rfc3339(invoice.expires_at_ms),
        "monitor_until": rfc3339(invoice.monitor_until_ms),
        "options": [
            _option(invoice, option, sums, of_option.get(option.asset.key, ()), tips, newest)
            for option in invoice.options
        ],
    }


def public_relay(relay: Relay) -> Json:
    """A relay. What an account loses by it is negative."""
    return {
        "id": relay.id,
        "chain": relay.chain,
        "transaction_id": relay.transaction_id,
        "status": relay.status.value,
        "precheck": relay.precheck,
        "receipt": relay.receipt,
        "node": relay.node,
        "invoice_id": relay.invoice_id,
        "payer": relay.payer,
        "memo": relay.memo,
        "transfers": [
            {"account": one.account, "asset": one.asset_code, "amount_minor": str(one.amount_minor)}
            for one in relay.transfers
        ],
        "payees": None if relay.payees is None else list(relay.payees),
        "error": relay.error,
        "created_at": rfc3339(relay.created_at_ms),
        "updated_at": rfc3339(relay.updated_at_ms),
    }


def public_percent(ppm: int) -> str:
    """Millionths as a decimal string of hundredths, without zeros at its end: 15000 → 1.5."""
    whole, part = divmod(ppm, PPM // 100)
    return f"{whole}.{part:04d}".rstrip("0").rstrip(".")


def public_event(event: Event) -> Json:
    """An event as every stream carries it."""
    return {
        "seq": event.seq,
        "id": event.id,
        "type": event.type.value,
        "created_at": rfc3339(event.created_at_ms),
        "invoice_id": event.invoice_id,
        "data": dict(event.data),
    }


def _by_asset(payments: Sequence[Payment]) -> Mapping[tuple[str, str], Sequence[Payment]]:
    groups: dict[tuple[str, str], list[Payment]] = defaultdict(list)
    for payment in payments:
        groups[payment.asset.key].append(payment)
    return groups


def _option(
    invoice: Invoice, option: Option, sums: Tally, mine: Sequence[Payment], tips: Tips, newest: int | None
) -> Json:
    listed = mine if newest is None else mine[-newest:]
    return {
        "chain": option.asset.chain,
        "asset": option.asset.code,
        "symbol": option.asset.symbol,
        "due": format_minor(option.due_minor, option.asset.decimals),
        "due_minor": str(option.due_minor),
        "remaining_minor": str(remaining_minor(invoice, option, sums)),
        "rate": option.quote.rate,
        "rate_source": option.quote.source,
        "rate_at": rfc3339(option.quote.at_ms),
        "rate_method": option.quote.method.value,
        "rate_spread_percent": public_percent(option.quote.spread_ppm),
        "rate_sources": [_price(price) for price in option.quote.sources],
        "destination": {
            "address": option.destination.address,
            "memo": option.destination.memo,
            "uri": option.destination.uri,
        },
        "confirmations_required": option.confirmations_required,
        "pending_minor": str(_sum(mine, PaymentState.PENDING)),
        "confirmed_minor": str(_sum(mine, PaymentState.CONFIRMED)),
        "payments": [public_payment(payment, tips) for payment in listed],
    }


def _price(price: SourcePrice) -> Json:
    return {
        "source": price.source,
        "pair": price.pair,
        "rate": price.rate,
        "at": rfc3339(price.at_ms),
        "outlier": price.outlier,
    }


def _sum(payments: Sequence[Payment], state: PaymentState) -> int:
    return sum(payment.amount_minor for payment in payments if payment.state is state)
