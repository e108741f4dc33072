"""Whose payment requests are made and shown: with a key its seller's, without one the configured ones'."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from paydaemon.core.access import PUBLIC, Principal
from paydaemon.engine.orders import InvoiceRequest
from paydaemon_spellbook.shown import SELLER_ID
from tests.engine.world import OPERATOR, RIVAL, SHOP, world
from tests.spellbook.shop import (
    CREATE,
    ORDER,
    RECEIVED,
    STATUS,
    Json,
    Shop,
    error,
    invoice_id,
    open_shop,
    serving,
    shop_in,
)

TXID = "4a5e1e4baab89f3a32518a88c31bc87f618f76673e2cc77ab2127b7afdeda33b"


@pytest.fixture
async def single() -> AsyncIterator[Shop]:
    """For one seller, whatever its clients call themselves."""
    async with open_shop(seller="shop") as single:
        yield single


async def seller_of(shop: Shop, made: Json) -> str:
    return (await shop.daemon.view(invoice_id(made))).invoice.seller_id


async def unknown(shop: Shop, id: str, principal: Principal = PUBLIC) -> bool:
    """Whether a payment request is told as if there were none, whatever is asked."""
    asked = {"payment_request_id": id, "txid": TXID}
    answers = [
        await shop.ask("GET", STATUS, asked, principal=principal),
        await shop.ask("POST", RECEIVED, asked, principal=principal),
    ]
    told = [error(answer, 200) for answer in answers if answer.body.startswith(b'{\n    "error"')]
    assert told in ([], 2 * [f"Unknown payment request id: {id}"])
    return bool(told)


@pytest.mark.parametrize("principal", [PUBLIC, OPERATOR])
async def test_each_of_the_clients_names_is_a_seller(shop: Shop, principal: Principal) -> None:
    for name, seller in (("company1", "shop"), ("company2", "rival")):
        made = await shop.new_payment(principal, seller_id=name)
        assert await seller_of(shop, made) == seller
        assert made["seller_id"] == name
        assert await shop.status(made, principal) == made


async def test_a_number_may_be_a_name() -> None:
    async with open_shop(sellers={"7": "rival"}) as shop:
        made = await shop.new_payment(seller_id=7)
        assert (made["seller_id"], await seller_of(shop, made)) == (7, "rival")


@pytest.mark.parametrize("principal", [PUBLIC, OPERATOR, SHOP])
async def test_who_is_not_named_does_not_sell(shop: Shop, principal: Principal) -> None:
    answer = await shop.ask("POST", CREATE, {**ORDER, "seller_id": "company3"}, principal=principal)
    assert error(answer, 400) == "seller_id: nobody here sells under this id"


async def test_one_seller_may_do_for_all(single: Shop) -> None:
    made = await single.new_payment(seller_id="anybody")
    assert (made["seller_id"], await seller_of(single, made)) == ("anybody", "shop")


async def test_and_others_may_be_named_beside_it() -> None:
    async with open_shop(seller="shop", sellers={"company2": "rival"}) as shop:
        made = [await shop.new_payment(seller_id=name) for name in ("company1", "company2")]
        assert [await seller_of(shop, one) for one in made] == ["shop", "rival"]
        assert [await shop.status(one) for one in made] == made


async def test_a_sellers_key_is_good_for_its_own(shop: Shop) -> None:
    made = await shop.new_payment(SHOP)
    assert await seller_of(shop, made) == "shop"
    assert await shop.status(made, SHOP) == made
    answer = await shop.ask("POST", CREATE, ORDER, principal=RIVAL)
    assert error(answer, 403) == "seller_id: this key is another seller's"
    assert await unknown(shop, made["payment_request_id"], RIVAL)
    assert not await unknown(shop, made["payment_request_id"], OPERATOR)


@pytest.mark.parametrize("principal", [PUBLIC, OPERATOR, RIVAL])
async def test_nobody_sees_what_others_sell(shop: Shop, principal: Principal) -> None:
    """Not even by an id that was made out: those sellers are not configured here."""
    made = await shop.new_payment(seller_id="company2")
    async with shop_in(shop.daemon, seller="shop") as other:
        assert await unknown(other, made["payment_request_id"], principal)


@pytest.mark.parametrize("principal", [PUBLIC, OPERATOR, SHOP])
async def test_an_invoice_that_was_made_elsewhere_is_none_of_these(shop: Shop, principal: Principal) -> None:
    view = await shop.daemon.api.create_invoice(SHOP, InvoiceRequest("12.50", "EUR"), None)
    assert await unknown(shop, view.invoice.id.replace("inv_", "PR-"), principal)
    assert await unknown(shop, view.invoice.id, principal)


@pytest.mark.parametrize("principal", [PUBLIC, OPERATOR, SHOP])
@pytest.mark.parametrize("chains", [None, ("hedera",)])
async def test_one_of_another_chain_is_none_whatever_its_metadata_says(
    principal: Principal, chains: tuple[str, ...] | None
) -> None:
    """What is due there is no amount in satoshi."""
    async with world("bitcoin", "hedera") as daemon, shop_in(daemon, seller="shop") as shop:
        forged = InvoiceRequest("12.50", "EUR", metadata={SELLER_ID: "company1"}, chains=chains)
        view = await daemon.api.create_invoice(SHOP, forged, None)
        assert await unknown(shop, view.invoice.id.replace("inv_", "PR-"), principal)
        assert not await unknown(shop, (await shop.new_payment())["payment_request_id"], principal)


async def test_a_hint_is_taken_from_whoever_knows_the_payment_request(shop: Shop) -> None:
    made = await shop.new_payment()
    asked = {"payment_request_id": made["payment_request_id"], "txid": TXID}
    answer = await shop.ask("POST", RECEIVED, asked)
    assert (answer.status, answer.body, shop.host.looked) == (200, b"", ["bitcoin"])
    assert await shop.stands(made) == ("Created", 0, None), "nobody is believed"
    assert await unknown(shop, "PR-" + 24 * "a")
    assert len(shop.host.looked) == 1


async def test_the_same_key_is_the_same_payment_request(shop: Shop) -> None:
    answers = [await shop.ask("POST", CREATE, ORDER, idempotency_key="order-7") for _ in range(2)]
    assert answers[0] == answers[1]
    written = b'{"currency": "EUR", "amount_fiat": 12.50, "seller_id": "company1"}'
    assert await shop.ask("POST", CREATE, written, idempotency_key="order-7") == answers[0]
    other = await shop.ask("POST", CREATE, {**ORDER, "amount_fiat": 13}, idempotency_key="order-7")
    assert error(other, 409).startswith("Idempotency-Key: this Idempotency-Key was used before")
    assert (await shop.ask("POST", CREATE, ORDER)).body != answers[0].body, "none is sent, none is meant"


async def test_an_idempotency_key_is_one(shop: Shop) -> None:
    answer = await shop.ask("POST", CREATE, ORDER, idempotency_key="order-7, order-8")
    assert error(answer, 400).startswith("Idempotency-Key: must be one value")


async def test_what_a_proxy_or_a_page_passes_on_needs_a_key(tmp_path: Path) -> None:
    through, page = {"X-Forwarded-For": "127.0.0.1"}, {"Origin": "https://other.example"}
    async with serving(tmp_path) as (daemon, client):
        own, rival = ({"Authorization": f"Bearer {daemon.keys[seller]}"} for seller in ("shop", "rival"))
        allowed: list[dict[str, str]] = [{}, own, through | own]
        refused = [(through, 401), (rival, 403), (page, 403), (page | own, 403)]
        for headers, status in [*((one, 200) for one in allowed), *refused]:
            assert (await client.post(CREATE, json=ORDER, headers=headers)).status_code == status
