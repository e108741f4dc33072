"""What goes wrong is told in a sentence, and what the older system had a sentence for is told by that."""

from collections.abc import AsyncIterator
from dataclasses import replace

import pytest

from paydaemon.core.errors import ErrorType, Refusal, invalid
from paydaemon.frontends import errors as daemons
from paydaemon.hooks.frontend import Access
from paydaemon_spellbook import errors
from tests.engine.world import OPERATOR
from tests.spellbook.shop import CREATE, ORDER, RECEIVED, STATUS, Json, Shop, error, open_shop, shown

NEW, PAYMENT_STATUS = "PaymentProcessorNewPayment", "PaymentProcessorPaymentStatus"


async def refused(shop: Shop, status: int = 400, **changes: object) -> str:
    said: Json = {name: value for name, value in {**ORDER, **changes}.items() if value is not ...}
    return error(await shop.ask("POST", CREATE, said), status)


# --- As it was there


async def test_no_rate_is_told_as_ever(shop: Shop) -> None:
    assert await refused(shop, 200, currency="USD") == "Unable to convert USD amount to BTC amount"
    shop.daemon.turn(121)
    await shop.daemon.look()
    assert await refused(shop, 200) == "Unable to convert EUR amount to BTC amount"
    shop.daemon.publish()
    assert (await shop.new_payment())["status"] == "Created"


@pytest.mark.parametrize(
    "id", ["PR-aaaaaaaaaaaaaaaaaaaaaaaa", "PR-1533666275208", "", "PR-", "PR-../../../etc/passwd", "PR-a\n"]
)
async def test_an_unknown_payment_request_is_told_as_ever(shop: Shop, id: str) -> None:
    asked = {"payment_request_id": id, "txid": "00"}
    for answer in (await shop.ask("GET", STATUS, asked), await shop.ask("POST", RECEIVED, asked)):
        assert error(answer, 200) == f"Unknown payment request id: {id}"


async def test_little_of_what_is_unknown_is_told_back(shop: Shop) -> None:
    answer = await shop.ask("GET", STATUS, {"payment_request_id": 5_000 * "x"})
    assert error(answer, 200) == "Unknown payment request id: " + 100 * "x"


async def test_other_triggers_are_told_as_ever(shop: Shop) -> None:
    for path in ("/spellbook/triggers/Nothing/post", "/api/Nothing"):
        assert error(await shop.ask("POST", path, {}), 200) == "Unknown trigger id: Nothing"


@pytest.mark.parametrize(("method", "name", "kind"), [("GET", NEW, "POST"), ("POST", PAYMENT_STATUS, "GET")])
async def test_another_method_is_told_as_ever(shop: Shop, method: str, name: str, kind: str) -> None:
    told = f"Trigger {name} is not a HTTP {method} request trigger but a HTTP{kind.title()}Request trigger"
    for path in (f"/api/{name}", f"/spellbook/triggers/{name}/{method.lower()}"):
        assert error(await shop.ask(method, path), 200) == told


# --- What it did not tell


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        (
            {"amount_fiat": ...},
            "amount_fiat: is required, in the query string or in a body of application/json",
        ),
        ({"seller_id": ...}, "seller_id: is required, in the query string or in a body of application/json"),
        ({"currency": ...}, "currency: is required, in the query string or in a body of application/json"),
        ({"amount_fiat": 0}, "amount_fiat: must be more than zero"),
        ({"amount_fiat": -1}, 'amount_fiat: must be a plain decimal such as "12.50"'),
        ({"amount_fiat": 12.505}, "amount_fiat: must have at most 2 decimals"),
        ({"amount_fiat": 10**15}, "amount_fiat: must be less than 1000000000000000"),
        ({"amount_fiat": "1,50"}, 'amount_fiat: must be a plain decimal such as "12.50"'),
        ({"currency": "EURO"}, "currency: 'EURO' is no ISO 4217 code and no asset here"),
        ({"currency": ""}, "currency: must not be empty"),
        ({"note": 1_001 * "x"}, "note: must be at most 1000 long"),
    ],
)
async def test_a_field_at_fault_is_named(shop: Shop, changes: Json, sentence: str) -> None:
    assert await refused(shop, 400, **changes) == sentence
    page = await shop.daemon.api.invoices(OPERATOR, seller_id=None, status=None, cursor=None, limit=1)
    assert not page.items


async def test_what_a_status_and_a_hint_need_is_named(shop: Shop) -> None:
    assert error(await shop.ask("GET", STATUS), 400).startswith("payment_request_id: is required")
    made = await shop.new_payment()
    without = await shop.ask("POST", RECEIVED, {"payment_request_id": made["payment_request_id"]})
    assert error(without, 400).startswith("txid: is required")
    assert shop.host.looked == []


async def test_what_cannot_be_read_is_told(shop: Shop) -> None:
    assert error(await shop.ask("POST", CREATE, b"{"), 400) == "the body is not JSON"


async def test_a_chain_that_is_away_is_no_matter_of_rates(shop: Shop) -> None:
    shop.daemon.bitcoin.away = True
    assert await refused(shop, 503) == "chain bitcoin is stale"


async def test_nor_where_a_rate_is_missing_too(shop: Shop) -> None:
    shop.daemon.bitcoin.away = True
    assert await refused(shop, 503, currency="USD") == "chain bitcoin is stale"


async def test_a_chain_that_gives_no_address_is_no_matter_of_rates(shop: Shop) -> None:
    shop.daemon.chains["bitcoin"].faults.destination = OSError("the wallet is locked")
    assert await refused(shop, 503) == "chain bitcoin gave no destination"


@pytest.fixture
async def elsewhere() -> AsyncIterator[Shop]:
    async with open_shop(seller="shop", chain="litecoin") as elsewhere:
        yield elsewhere


async def test_what_is_configured_wrongly_is_not_the_clients_mistake(elsewhere: Shop) -> None:
    assert await refused(elsewhere, 500) == "there is no chain 'litecoin' here"


async def test_a_chain_that_needs_more_than_an_address_will_not_do(shop: Shop) -> None:
    chain = shop.daemon.chains["bitcoin"]
    plain = chain.destination_at
    chain.destination_at = lambda index: replace(plain(index), memo="7")  # type: ignore[method-assign]
    assert await refused(shop, 500) == (
        "chain bitcoin wants more than an address, for which there is no word here"
    )


# --- The table


def test_every_type_of_error_has_the_status_it_has_everywhere() -> None:
    assert {type: status.value for type, status in errors.STATUS.items()} == daemons.STATUS


def test_what_names_no_field_is_told_as_it_is() -> None:
    assert errors.told(Refusal(ErrorType.TOO_LARGE, "a", "it is too large")) == (413, "it is too large")
    assert errors.told(invalid("metadata.spellbook_seller_id", "is too long")) == (500, "is too long")


async def test_who_is_on_this_machine_needs_no_key(shop: Shop) -> None:
    assert {route.access for route in shop.frontend.routes} == {Access.LOOPBACK}
    assert not any(route.origins or route.credentials for route in shop.frontend.routes)


async def test_both_addresses_of_a_trigger_do_the_same(shop: Shop) -> None:
    made = shown(await shop.ask("POST", f"/spellbook/triggers/{NEW}/post", ORDER))
    target = f"/spellbook/triggers/{PAYMENT_STATUS}/get?payment_request_id={made['payment_request_id']}"
    assert shown(await shop.ask("GET", target)) == made
