"""Rows to the core's objects, and back.

Objects whose fields are just a table's columns need nothing from here: they are made with ``Key(**row)`` and
taken apart with `dataclasses.asdict`.
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict
from typing import Any, Protocol

from paydaemon.core.access import Seller
from paydaemon.core.events import Draft, Event, EventType
from paydaemon.core.invoice import (
    Destination,
    Flag,
    Invoice,
    LatePolicy,
    Mark,
    Option,
    Quote,
    QuoteMethod,
    SourcePrice,
    Stage,
    Standing,
    Status,
)
from paydaemon.core.money import DECIMAL, Asset, Currency
from paydaemon.core.payment import Payment, PaymentState
from paydaemon.core.relay import Relay, RelayStatus, Transfer
from paydaemon.store.rateport import KeptRate
from paydaemon.store.sqlite.session import SqlValue

Values = dict[str, SqlValue]


class Row(Protocol):
    """What a row is read by: the names of its columns."""

    def __getitem__(self, name: str, /) -> Any: ...


def _plain(value: object) -> object:
    if isinstance(value, Mapping):
        return dict(value)
    raise TypeError(f"{type(value).__name__} is not JSON")


_ENCODER = json.JSONEncoder(default=_plain, ensure_ascii=False, allow_nan=False, separators=(",", ":"))


def to_json(value: object) -> str:
    """Compact JSON. Raises `ValueError` for NaN and infinities, `TypeError` for what JSON cannot hold."""
    return _ENCODER.encode(value)


def seller(row: Row) -> Seller:
    """A row of sellers."""
    framed = None if row["frame_ancestors"] is None else tuple(json.loads(row["frame_ancestors"]))
    return Seller(row["id"], row["name"], row["created_at_ms"], bool(row["disabled"]), framed)


def seller_values(seller: Seller) -> Values:
    """A seller."""
    return {**asdict(seller), "frame_ancestors": list_or_null(seller.frame_ancestors)}


def list_or_null(texts: Sequence[str] | None) -> str | None:
    """A list that may not be known."""
    return None if texts is None else to_json(list(texts))


def invoice(row: Row, options: Iterable[Row]) -> Invoice:
    """A row of invoices with its rows of options, in their order."""
    return Invoice(
        id=row["id"],
        seller_id=row["seller_id"],
        amount_minor=int(row["amount_minor"]),
        currency=Currency(row["currency"], row["currency_decimals"]),
        created_at_ms=row["created_at_ms"],
        expires_at_ms=row["expires_at_ms"],
        monitor_until_ms=row["monitor_until_ms"],
        options=tuple(map(option, options)),
        note=row["note"],
        metadata=json.loads(row["metadata"]),
        buyer=json.loads(row["buyer"]),
        return_url=row["return_url"],
        tolerance_ppm=row["tolerance_ppm"],
        late=LatePolicy(row["late"]),
        standing=_standing(row),
    )


def invoice_values(invoice: Invoice) -> Values:
    """An invoice without its options."""
    return {
        "id": invoice.id,
        "seller_id": invoice.seller_id,
        "amount_minor": str(invoice.amount_minor),
        "currency": invoice.currency.code,
        "currency_decimals": invoice.currency.decimals,
        "created_at_ms": invoice.created_at_ms,
        "expires_at_ms": invoice.expires_at_ms,
        "monitor_until_ms": invoice.monitor_until_ms,
        "note": invoice.note,
        "metadata": to_json(invoice.metadata),
        "buyer": to_json(invoice.buyer),
        "return_url": invoice.return_url,
        "tolerance_ppm": invoice.tolerance_ppm,
        "late": invoice.late.value,
        "chains": chain_set(invoice.options),
        **standing_values(invoice.id, invoice.standing),
    }


def chain_set(options: Sequence[Option]) -> str:
    """The chains of some options as one value, the same for every invoice that has the same chains."""
    return to_json(sorted({option.asset.chain for option in options}))


def _standing(row: Row) -> Standing:
    return Standing(
        status=Status(row["status"]),
        flags=frozenset(Flag(flag) for flag in json.loads(row["flags"])),
        stage=Stage(row["stage"]),
        mark=None if row["mark"] is None else Mark(row["mark"]),
    )


def standing_values(invoice_id: str, standing: Standing) -> Values:
    """What can change of an invoice, and its id."""
    return {
        "id": invoice_id,
        "status": standing.status.value,
        "flags": to_json(sorted(flag.value for flag in standing.flags)),
        "stage": standing.stage.value,
        "mark": None if standing.mark is None else standing.mark.value,
    }


def option(row: Row) -> Option:
    """A row of options."""
    return Option(
        asset=Asset(row["chain"], row["asset_code"], row["asset_symbol"], row["asset_decimals"]),
        due_minor=int(row["due_minor"]),
        quote=quote(row),
        destination=destination(row),
        confirmations_required=row["confirmations_required"],
    )


def option_values(invoice_id: str, place: int, option: Option) -> Values:
    """An option of an invoice, and its place among the others."""
    return {
        "invoice_id": invoice_id,
        "chain": option.asset.chain,
        "asset_code": option.asset.code,
        "place": place,
        "asset_symbol": option.asset.symbol,
        "asset_decimals": option.asset.decimals,
        "due_minor": str(option.due_minor),
        **quote_values(option.quote),
        "destination_key": option.destination.key,
        "destination_index": option.destination.index,
        "address": option.destination.address,
        "memo": option.destination.memo,
        "uri": option.destination.uri,
        "confirmations_required": option.confirmations_required,
    }


def quote(row: Row) -> Quote:
    """The part of a row of options that says how its rate was come by."""
    return Quote(
        rate=row["rate"],
        source=row["rate_source"],
        at_ms=row["rate_at_ms"],
        method=QuoteMethod(row["rate_method"]),
        spread_ppm=row["rate_spread_ppm"],
        sources=tuple(SourcePrice(*price) for price in json.loads(row["rate_sources"])),
    )


def quote_values(quote: Quote) -> Values:
    """A quote, as a part of its option."""
    said = [[one.source, one.pair, one.rate, one.at_ms, one.outlier] for one in quote.sources]
    return {
        "rate": quote.rate,
        "rate_source": quote.source,
        "rate_at_ms": quote.at_ms,
        "rate_method": quote.method.value,
        "rate_spread_ppm": quote.spread_ppm,
        "rate_sources": to_json(said),
    }


def destination(row: Row) -> Destination:
    """The part of a row of options that says where to pay."""
    return Destination(
        row["destination_key"], row["destination_index"], row["address"], row["memo"], row["uri"]
    )


def payment(row: Row) -> Payment:
    """A row of payments."""
    return Payment(
        id=row["id"],
        chain=row["chain"],
        ref=row["ref"],
        transaction_id=row["transaction_id"],
        asset=Asset(row["chain"], row["asset_code"], row["asset_symbol"], row["asset_decimals"]),
        amount_minor=int(row["amount_minor"]),
        destination_key=row["destination_key"],
        invoice_id=row["invoice_id"],
        confirmations_required=row["confirmations_required"],
        state=PaymentState(row["state"]),
        seen_at_ms=row["seen_at_ms"],
        recorded_at_ms=row["recorded_at_ms"],
        position=row["position"],
        height=row["height"],
        block=row["block"],
        final=bool(row["final"]),
        replaced_by=row["replaced_by"],
    )


def payment_values(payment: Payment) -> Values:
    """A payment. Raises `ValueError` for one on another chain than its asset's: the row holds one of them."""
    if payment.asset.chain != payment.chain:
        raise ValueError(
            f"payment {payment.id!r} is on {payment.chain!r}, its asset on {payment.asset.chain!r}"
        )
    return {
        "asset_code": payment.asset.code,
        "asset_symbol": payment.asset.symbol,
        "asset_decimals": payment.asset.decimals,
        "transaction_id": payment.transaction_id,
        "destination_key": payment.destination_key,
        "recorded_at_ms": payment.recorded_at_ms,
        **payment_change_values(payment),
    }


def payment_change_values(payment: Payment) -> Values:
    """What can change of a payment, and what it is found by."""
    return {
        "id": payment.id,
        "chain": payment.chain,
        "ref": payment.ref,
        "amount_minor": str(payment.amount_minor),
        "invoice_id": payment.invoice_id,
        "confirmations_required": payment.confirmations_required,
        "state": payment.state.value,
        "seen_at_ms": payment.seen_at_ms,
        "position": payment.position,
        "height": payment.height,
        "block": payment.block,
        "final": int(payment.final),
        "replaced_by": payment.replaced_by,
    }


def relay(row: Row) -> Relay:
    """A row of relays."""
    return Relay(
        id=row["id"],
        chain=row["chain"],
        transaction_id=row["transaction_id"],
        digest=row["digest"],
        status=RelayStatus(row["status"]),
        precheck=row["precheck"],
        receipt=row["receipt"],
        node=row["node"],
        invoice_id=row["invoice_id"],
        seller_id=row["seller_id"],
        payer=row["payer"],
        memo=row["memo"],
        transfers=tuple(
            Transfer(account, code, int(amount), key)
            for account, code, amount, key in json.loads(row["transfers"])
        ),
        payees=None if row["payees"] is None else tuple(json.loads(row["payees"])),
        error=row["error"],
        raw=row["raw"],
        expires_at_ms=row["expires_at_ms"],
        created_at_ms=row["created_at_ms"],
        updated_at_ms=row["updated_at_ms"],
    )


def relay_values(relay: Relay) -> Values:
    """A relay."""
    moved = [[t.account, t.asset_code, str(t.amount_minor), t.destination_key] for t in relay.transfers]
    return {
        "payer": relay.payer,
        "memo": relay.memo,
        "transfers": to_json(moved),
        "payees": list_or_null(relay.payees),
        "expires_at_ms": relay.expires_at_ms,
        "created_at_ms": relay.created_at_ms,
        **relay_change_values(relay),
    }


def relay_change_values(relay: Relay) -> Values:
    """What can change of a relay, and what it is found by."""
    return {
        "id": relay.id,
        "chain": relay.chain,
        "transaction_id": relay.transaction_id,
        "digest": relay.digest,
        "status": relay.status.value,
        "precheck": relay.precheck,
        "receipt": relay.receipt,
        "node": relay.node,
        "invoice_id": relay.invoice_id,
        "seller_id": relay.seller_id,
        "error": relay.error,
        "raw": relay.raw,
        "updated_at_ms": relay.updated_at_ms,
    }


def kept_rate(row: Row, base: str, quote: str) -> KeptRate:
    """A row of rate_history, of this pair. Raises `ValueError` for a rate that is no decimal."""
    if DECIMAL.fullmatch(row["rate"]) is None:
        raise ValueError(f"{row['rate']!r} is no rate")
    return KeptRate(base, quote, row["at_ms"], row["rate"], QuoteMethod(row["method"]), row["source"])


def kept_rate_values(kept: KeptRate) -> Values:
    """A rate, and the pair that it is of."""
    return {**asdict(kept), "method": kept.method.value}


def new_event(seq: int, epoch: str, draft: Draft, at_ms: int) -> Event:
    """A draft that has its place in the journal."""
    return Event(
        seq=seq,
        id=event_id(epoch, seq),
        type=draft.type,
        created_at_ms=at_ms,
        data=draft.data,
        invoice_id=draft.invoice_id,
        seller_id=draft.seller_id,
    )


def event(row: Row) -> Event:
    """A row of events."""
    return Event(
        seq=row["seq"],
        id=event_id(row["epoch"], row["seq"]),
        type=EventType(row["type"]),
        created_at_ms=row["created_at_ms"],
        data=json.loads(row["data"]),
        invoice_id=row["invoice_id"],
        seller_id=row["seller_id"],
    )


def event_values(event: Event, epoch: str) -> Values:
    """An event, and the epoch that its id is made with."""
    return {
        "seq": event.seq,
        "epoch": epoch,
        "type": event.type.value,
        "created_at_ms": event.created_at_ms,
        "invoice_id": event.invoice_id,
        "seller_id": event.seller_id,
        "data": to_json(event.data),
    }


def event_id(epoch: str, seq: int) -> str:
    """The id of an event: the same wherever it is told, and another once a backup was restored."""
    return f"evt_{epoch}_{seq}"
