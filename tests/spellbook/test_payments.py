"""A payment request from Created to Confirmed, and on every other way that there is."""

import json
from decimal import Decimal

import pytest

from paydaemon.core.invoice import Mark
from paydaemon.core.times import parse_rfc3339
from paydaemon.hooks.ports import Depths
from paydaemon_spellbook.shown import SELLER_ID
from tests.engine.world import DUE, OPERATOR, credit
from tests.spellbook.shop import CREATE, ORDER, Shop, invoice_id, open_shop

FIELDS = {
    "address": str,
    "amount_btc": int,
    "amount_fiat": Decimal,
    "confirmations": int,
    "currency": str,
    "note": str,
    "payment_request_id": str,
    "price_btc": Decimal,
    "price_timestamp": int,
    "seller_id": str,
    "status": str,
    "txid": type(None),
}


async def test_a_payment_request_has_the_fields_it_always_had_and_no_other(shop: Shop) -> None:
    made = await shop.new_payment(note="Alpaca socks")
    assert {name: type(value) for name, value in made.items()} == FIELDS
    view = await shop.daemon.view(invoice_id(made))
    (option,) = view.invoice.options
    assert made == {
        "address": option.destination.address,
        "amount_btc": DUE,
        "amount_fiat": Decimal("12.50"),
        "confirmations": 0,
        "currency": "EUR",
        "note": "Alpaca socks",
        "payment_request_id": "PR-" + view.invoice.id.removeprefix("inv_"),
        "price_btc": Decimal("60000.00"),
        "price_timestamp": option.quote.at_ms // 1000,
        "seller_id": "company1",
        "status": "Created",
        "txid": None,
    }
    assert await shop.status(made) == made


async def test_an_invoice_is_made_of_it(shop: Shop) -> None:
    made = await shop.new_payment(note="Alpaca socks", seller_id="company2")
    invoice = (await shop.daemon.view(invoice_id(made))).invoice
    assert (invoice.seller_id, invoice.note) == ("rival", "Alpaca socks")
    assert invoice.metadata == {SELLER_ID: "company2"}
    assert invoice.expires_at_ms - invoice.created_at_ms == 900_000, "as the daemon has it by default"
    assert made["seller_id"] == "company2"


async def test_without_a_note_there_is_none(shop: Shop) -> None:
    assert (await shop.new_payment())["note"] is None
    assert (await shop.new_payment(note=None))["note"] is None
    assert (await shop.new_payment(note=""))["note"] == ""


async def test_it_is_laid_out_as_it_always_was(shop: Shop) -> None:
    answer = await shop.ask("POST", CREATE, {**ORDER, "note": "für 2 €"})
    lines = answer.body.decode("ascii").splitlines()
    assert (lines[0], lines[-1]) == ("{", "}")
    assert [json.loads(line.strip(" ,").partition(": ")[0]) for line in lines[1:-1]] == sorted(FIELDS)
    assert json.loads(answer.body)["note"] == "für 2 €"


# --- What is paid


async def test_from_created_to_confirmed(shop: Shop) -> None:
    made = await shop.new_payment()
    txid = await shop.pay(made)
    assert await shop.stands(made) == ("Transaction received", 0, txid)
    for depth in range(1, 6):
        await shop.daemon.mine()
        assert await shop.stands(made) == (f"{depth} of 6 confirmations", depth, txid)
    await shop.daemon.mine()
    assert await shop.stands(made) == ("Confirmed", 6, txid)
    await shop.daemon.mine(3)
    assert await shop.stands(made) == ("Confirmed", 9, txid)


async def test_too_little_is_never_confirmed_however_deep(shop: Shop) -> None:
    made = await shop.new_payment()
    await shop.pay(made, DUE - 1)
    await shop.daemon.mine(9)
    assert await shop.stands(made) == ("Insufficient amount received", 0, None)


async def test_the_rest_is_added_up_and_waited_for(shop: Shop) -> None:
    made = await shop.new_payment()
    await shop.pay(made, DUE - 1)
    await shop.daemon.mine(4)
    rest = await shop.pay(made, 1)
    assert await shop.stands(made) == ("Transaction received", 0, rest)
    await shop.daemon.mine(2)
    assert await shop.stands(made) == ("2 of 6 confirmations", 2, rest)
    await shop.daemon.mine(4)
    assert await shop.stands(made) == ("Confirmed", 6, rest)


async def test_too_much_is_told_until_a_block_holds_it(shop: Shop) -> None:
    made = await shop.new_payment()
    txid = await shop.pay(made, DUE + 1)
    assert await shop.stands(made) == ("Excess amount received", 0, txid)
    await shop.daemon.mine()
    assert await shop.stands(made) == ("1 of 6 confirmations", 1, txid)
    await shop.daemon.mine(5)
    assert await shop.stands(made) == ("Confirmed", 6, txid)


async def test_what_comes_on_top_makes_nobody_wait(shop: Shop) -> None:
    made = await shop.new_payment()
    first = await shop.pay(made)
    await shop.daemon.mine(5)
    await shop.pay(made)
    assert await shop.stands(made) == ("5 of 6 confirmations", 5, first)
    await shop.daemon.mine()
    assert await shop.stands(made) == ("Confirmed", 6, first)


async def test_confirmations_are_those_that_are_required(shop: Shop) -> None:
    shop.daemon.chains["bitcoin"].depths = shop.daemon.live_chains["bitcoin"].depths = Depths(
        default=2, least=1, final=100
    )
    made = await shop.new_payment()
    txid = await shop.pay(made)
    await shop.daemon.mine()
    assert await shop.stands(made) == ("1 of 2 confirmations", 1, txid)
    await shop.daemon.mine()
    assert await shop.stands(made) == ("Confirmed", 2, txid)


# --- What time and people make of it


async def test_late_is_held_until_somebody_says_otherwise(shop: Shop) -> None:
    made = await shop.new_payment()
    await shop.daemon.pass_by(1000)
    assert await shop.stands(made) == ("Created", 0, None)
    txid = await shop.pay(made)
    await shop.daemon.mine(9)
    assert await shop.stands(made) == ("Transaction received", 0, txid)
    await shop.daemon.api.mark_invoice(OPERATOR, invoice_id(made), Mark.SETTLED)
    assert await shop.stands(made) == ("Confirmed", 9, txid)


async def test_late_settles_where_it_is_configured_so() -> None:
    async with open_shop(seller="shop", late="settle", expires_in_s=60) as shop:
        made = await shop.new_payment()
        await shop.daemon.pass_by(61)
        txid = await shop.pay(made)
        await shop.daemon.mine(2)
        assert await shop.stands(made) == ("2 of 6 confirmations", 2, txid)
        await shop.daemon.mine(4)
        assert await shop.stands(made) == ("Confirmed", 6, txid)


async def test_a_week_at_the_old_rate_where_it_is_configured_so() -> None:
    async with open_shop(seller="shop", expires_in_s=604_800) as shop:
        made = await shop.new_payment()
        await shop.daemon.pass_by(600_000)
        txid = await shop.pay(made)
        await shop.daemon.mine(6)
        assert await shop.stands(made) == ("Confirmed", 6, txid)


async def test_too_late_for_anything_is_nothing(shop: Shop) -> None:
    made = await shop.new_payment()
    await shop.daemon.pass_by(900 + 604_800 + 1)
    await shop.pay(made)
    await shop.daemon.mine(9)
    assert await shop.stands(made) == ("Created", 0, None)


async def test_what_is_taken_back_is_unsaid(shop: Shop) -> None:
    made = await shop.new_payment()
    txid = await shop.pay(made)
    await shop.daemon.mine(6)
    assert await shop.stands(made) == ("Confirmed", 6, txid)
    shop.daemon.bitcoin.reorganise(6, remine=False)
    await shop.daemon.look()
    assert await shop.stands(made) == ("Transaction received", 0, txid)
    shop.daemon.bitcoin.drop(txid)
    await shop.daemon.look()
    assert await shop.stands(made) == ("Created", 0, None)


async def test_a_replacement_is_the_transaction_then(shop: Shop) -> None:
    made = await shop.new_payment()
    view = await shop.daemon.view(invoice_id(made))
    old = await shop.pay(made)
    new = shop.daemon.bitcoin.replace(old, credit(view.invoice.options[0], DUE))
    await shop.daemon.look()
    assert await shop.stands(made) == ("Transaction received", 0, new)


async def test_what_somebody_refused_is_not_on_its_way(shop: Shop) -> None:
    made, unpaid = await shop.new_payment(), await shop.new_payment()
    await shop.pay(made)
    await shop.daemon.mine(6)
    for one in (made, unpaid):
        await shop.daemon.api.mark_invoice(OPERATOR, invoice_id(one), Mark.INVALID)
    assert await shop.stands(made) == ("Insufficient amount received", 0, None)
    assert await shop.stands(unpaid) == ("Created", 0, None)


async def test_paid_by_other_means_is_confirmed(shop: Shop) -> None:
    made = await shop.new_payment()
    await shop.daemon.api.mark_invoice(OPERATOR, invoice_id(made), Mark.SETTLED)
    assert await shop.stands(made) == ("Confirmed", 0, None)


@pytest.mark.parametrize("currency", ["EUR", "BTC"])
async def test_whatever_can_be_quoted_will_do(shop: Shop, currency: str) -> None:
    made = await shop.new_payment(currency=currency, amount_fiat=0.5)
    rate = {"EUR": Decimal("60000.00"), "BTC": 1}[currency]
    assert (made["price_btc"], made["currency"]) == (rate, currency)
    assert made["amount_btc"] == {"EUR": 834, "BTC": 50_000_000}[currency]


async def test_the_time_of_the_price_is_in_whole_seconds(shop: Shop) -> None:
    shop.daemon.turn(0.7)
    shop.daemon.publish()
    made = await shop.new_payment()
    (option,) = (await shop.daemon.view(invoice_id(made))).invoice.options
    assert option.quote.at_ms % 1000 == 700
    assert made["price_timestamp"] == option.quote.at_ms // 1000
    assert parse_rfc3339("2023-11-14T22:13:20Z") // 1000 == made["price_timestamp"]
