"""The public shape: every amount and time is a string, and sums are sums of what is listed."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from paydaemon.core.events import Event, EventType
from paydaemon.core.invoice import Invoice, Quote, QuoteMethod, SourcePrice
from paydaemon.core.payment import Payment, PaymentState
from paydaemon.core.public import Json, public_event, public_invoice, public_payment, public_percent
from paydaemon.core.status import remaining_minor, tally
from paydaemon.core.times import rfc3339
from tests.core.samples import (
    BTC,
    CREATED_MS,
    HBAR,
    TIPS,
    confirmed,
    invoice,
    invoices,
    option,
    payment,
    payments,
)

COUNTS = {"confirmations", "confirmations_required", "seq"}
"""The only numbers: they are counts, and no count comes near 2**53."""


def leaves(value: object, name: str = "") -> Iterator[tuple[str, object]]:
    if isinstance(value, Mapping):
        for key, each in value.items():
            yield from leaves(each, str(key))
    elif isinstance(value, list):
        for each in value:
            yield from leaves(each, name)
    else:
        yield name, value


def options(shown: Json) -> list[Json]:
    listed = shown["options"]
    assert isinstance(listed, list)
    return listed


def test_an_invoice_as_the_handbook_shows_it() -> None:
    paid = [confirmed(20_000, id="pay_1"), payment(834, id="pay_2")]
    of = replace(invoice(), note="Two coffees", metadata={"order": 7}, buyer={"locale": "de"})
    assert public_invoice(of, paid, TIPS) == {
        "id": "inv_1",
        "status": "new",
        "flags": [],
        "amount": "12.50",
        "currency": "EUR",
        "seller_id": "shop",
        "note": "Two coffees",
        "metadata": {"order": 7},
        "buyer": {"locale": "de"},
        "return_url": None,
        "created_at": "2026-01-31T12:00:00.000Z",
        "expires_at": "2026-01-31T12:15:00.000Z",
        "monitor_until": "2026-02-07T12:15:00.000Z",
        "options": [
            {
                "chain": "bitcoin",
                "asset": "BTC",
                "symbol": "BTC",
                "due": "0.00020834",
                "due_minor": "20834",
                "remaining_minor": "0",
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
                "destination": {"address": "BTC-address", "memo": None, "uri": "bitcoin:address"},
                "confirmations_required": 6,
                "pending_minor": "834",
                "confirmed_minor": "20000",
                "payments": [public_payment(each, TIPS) for each in paid],
            }
        ],
    }


def test_an_option_says_how_its_rate_was_come_by() -> None:
    said = (SourcePrice("one", "BTC/USD", "1.1", 0), SourcePrice("two", "EUR/USD", "9", 7, outlier=True))
    quote = Quote("55000", "one and two", 0, QuoteMethod.MEDIAN, 12_500, said)
    [shown] = options(public_invoice(invoice(replace(option(), quote=quote)), [], TIPS))
    assert (shown["rate_method"], shown["rate_spread_percent"]) == ("median", "1.25")
    assert shown["rate_sources"] == [
        {"source": "one", "pair": "BTC/USD", "rate": "1.1", "at": rfc3339(0), "outlier": False},
        {"source": "two", "pair": "EUR/USD", "rate": "9", "at": rfc3339(7), "outlier": True},
    ]


@pytest.mark.parametrize(
    ("ppm", "percent"), [(0, "0"), (1, "0.0001"), (5_000, "0.5"), (10_000, "1"), (200_000, "20")]
)
def test_a_spread_is_told_in_percent(ppm: int, percent: str) -> None:
    assert public_percent(ppm) == percent


def test_a_payment_as_the_handbook_shows_it() -> None:
    assert public_payment(confirmed(20_834), TIPS) == {
        "id": "pay_1",
        "chain": "bitcoin",
        "asset": "BTC",
        "symbol": "BTC",
        "ref": "pay_1:0",
        "transaction_id": "pay_1",
        "amount": "0.00020834",
        "amount_minor": "20834",
        "destination": "BTC-key",
        "invoice_id": "inv_1",
        "state": "confirmed",
        "confirmations": 6,
        "confirmations_required": 6,
        "replaced_by": None,
        "block": "block-95",
        "seen_at": "2026-01-31T12:01:00.000Z",
    }


def test_an_event_as_every_stream_carries_it() -> None:
    event = Event(7, "evt_1", EventType.INVOICE_SETTLED, CREATED_MS, {"invoice": {}}, "inv_1", "shop")
    assert public_event(event) == {
        "seq": 7,
        "id": "evt_1",
        "type": "invoice.settled",
        "created_at": "2026-01-31T12:00:00.000Z",
        "invoice_id": "inv_1",
        "data": {"invoice": {}},
    }


@given(invoices(), payments())
def test_every_amount_and_time_is_a_string(of: Invoice, paid: Sequence[Payment]) -> None:
    shown = public_invoice(of, paid, TIPS)
    for name, value in leaves(shown):
        assert isinstance(value, str | bool | None) or (name in COUNTS and type(value) is int), name
    assert json.loads(json.dumps(shown)) == shown


@given(invoices(), payments())
def test_the_sums_of_an_option_are_the_sums_of_its_payments(of: Invoice, paid: Sequence[Payment]) -> None:
    sums = tally(of, paid)
    for shown, each in zip(options(public_invoice(of, paid, TIPS)), of.options, strict=True):
        listed = shown["payments"]
        assert isinstance(listed, list)
        for state in (PaymentState.PENDING, PaymentState.CONFIRMED):
            total = sum(int(one["amount_minor"]) for one in listed if one["state"] == state)
            assert shown[f"{state.value}_minor"] == str(total)
        assert shown["remaining_minor"] == str(remaining_minor(of, each, sums))
        assert [one["id"] for one in listed] == [p.id for p in paid if p.asset.key == each.asset.key]


@given(invoices(), payments(most=8), st.integers(1, 3))
def test_a_limit_shortens_the_lists_and_nothing_else(
    of: Invoice, paid: Sequence[Payment], newest: int
) -> None:
    whole, short = public_invoice(of, paid, TIPS), public_invoice(of, paid, TIPS, newest=newest)
    for full, cut in zip(options(whole), options(short), strict=True):
        listed = full["payments"]
        assert isinstance(listed, list)
        assert cut == full | {"payments": listed[-newest:]}
    assert short | {"options": 0} == whole | {"options": 0}


@pytest.mark.parametrize(("height", "count"), [(None, 0), (100, 1), (95, 6), (101, 0)])
def test_confirmations_are_counted_from_the_newest_block(height: int | None, count: int) -> None:
    assert public_payment(payment(height=height), TIPS)["confirmations"] == count


def test_a_chain_without_blocks_has_no_confirmations() -> None:
    assert public_payment(confirmed(1, asset=HBAR, chain="hedera"), TIPS)["confirmations"] == 0
    assert public_payment(confirmed(1), {})["confirmations"] == 0


def test_amounts_beyond_any_machine_word_are_shown_whole() -> None:
    huge = 2**256 - 1
    shown = options(public_invoice(invoice(option(BTC, huge)), [payment(huge - 1)], TIPS))[0]
    assert (shown["due_minor"], shown["pending_minor"]) == (str(huge), str(huge - 1))
    assert shown["remaining_minor"] == "1"
