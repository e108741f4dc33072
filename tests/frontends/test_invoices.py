"""``/v1/invoices`` on real sockets, over the real engine and store."""

from decimal import Decimal
from typing import Any

import httpx
import pytest
import trio

from paydaemon.core.times import rfc3339
from paydaemon.engine.clock import system_clock
from paydaemon.hooks.ports import Rate
from tests.support.served import PUBLIC_URL, Served, error_of

LEAST = {"amount": "12.50", "currency": "EUR", "seller_id": "shop"}


async def post(daemon: Served, body: object, key: str | None = None, **headers: str) -> httpx.Response:
    async with daemon.client(key, **headers) as client:
        return await client.post("/v1/invoices", json=body)


async def post_raw(daemon: Served, content: bytes) -> httpx.Response:
    async with daemon.client(**{"Content-Type": "application/json"}) as client:
        return await client.post("/v1/invoices", content=content)


async def test_an_invoice_is_created_as_documented(daemon: Served) -> None:
    answer = await post(daemon, {**LEAST, "chains": ["bitcoin"], "note": "7", "metadata": {"a": {"b": [1]}}})
    assert answer.status_code == 201
    invoice = answer.json()
    assert answer.headers["Location"] == f"/v1/invoices/{invoice['id']}"
    assert invoice["checkout_url"] == f"{PUBLIC_URL}/i/{invoice['id']}"
    assert invoice["status"] == "new"
    assert (invoice["flags"], invoice["note"], invoice["metadata"]) == ([], "7", {"a": {"b": [1]}})
    assert (invoice["amount"], invoice["currency"], invoice["seller_id"]) == ("12.50", "EUR", "shop")
    (option,) = invoice["options"]
    assert (option["due"], option["due_minor"], option["remaining_minor"]) == ("0.00020834", "20834", "20834")
    assert (option["chain"], option["asset"], option["rate"]) == ("bitcoin", "BTC", "60000.00")
    assert option["destination"]["address"].startswith("bitcoin1q")
    assert (option["confirmations_required"], option["payments"]) == (6, [])
    async with daemon.client() as client:
        assert (await client.get(answer.headers["Location"])).json() == invoice


async def test_every_chain_is_offered_where_none_is_named(daemon: Served) -> None:
    invoice = (await post(daemon, LEAST)).json()
    assert [option["chain"] for option in invoice["options"]] == ["bitcoin", "hedera"]


async def test_a_seller_need_not_say_who_it_is(daemon: Served) -> None:
    body = {"amount": "1", "currency": "EUR"}
    assert (await post(daemon, body, daemon.keys["shop"])).json()["seller_id"] == "shop"
    assert error_of(await post(daemon, body))["param"] == "seller_id"


BAD = [
    # The amount
    ({"amount": "1e300000"}, "not_a_decimal", "amount"),
    ({"amount": "NaN"}, "not_a_decimal", "amount"),
    ({"amount": "Infinity"}, "not_a_decimal", "amount"),
    ({"amount": "-12.50"}, "not_a_decimal", "amount"),
    ({"amount": "+12.50"}, "not_a_decimal", "amount"),
    ({"amount": "1_000"}, "not_a_decimal", "amount"),
    ({"amount": "0x10"}, "not_a_decimal", "amount"),
    ({"amount": "12,50"}, "not_a_decimal", "amount"),
    ({"amount": " 12.50"}, "not_a_decimal", "amount"),
    ({"amount": "12.50\n"}, "not_a_decimal", "amount"),
    ({"amount": "012.50"}, "not_a_decimal", "amount"),
    ({"amount": ".5"}, "not_a_decimal", "amount"),
    ({"amount": "5."}, "not_a_decimal", "amount"),
    ({"amount": ""}, "not_a_decimal", "amount"),
    ({"amount": "١٢.٥٠"}, "not_a_decimal", "amount"),
    ({"amount": "１２"}, "not_a_decimal", "amount"),
    ({"amount": "0"}, "not_positive", "amount"),
    ({"amount": "0.00"}, "not_positive", "amount"),
    ({"amount": "12.505"}, "too_many_decimals", "amount"),
    ({"amount": "0.000000001", "currency": "BTC"}, "too_many_decimals", "amount"),
    ({"amount": "9" * 31}, "not_a_decimal", "amount"),
    ({"amount": "9" * 60_000}, "too_long", "amount"),
    ({"amount": "1" + "0" * 15}, "out_of_range", "amount"),
    ({"amount": "9" * 30 + ".99"}, "out_of_range", "amount"),
    ({"amount": 12.5}, "not_a_string", "amount"),
    ({"amount": 12}, "not_a_string", "amount"),
    # The currency
    ({"currency": "XYZ"}, "unknown_currency", "currency"),
    ({"currency": "euro"}, "unknown_currency", "currency"),
    ({"currency": "XAU"}, "unknown_currency", "currency"),
    # Other fields
    ({"chains": ["dogecoin"]}, "unknown_chain", "chains.0"),
    ({"seller_id": "nobody"}, "unknown_seller", "seller_id"),
    ({"confirmations": 0}, "out_of_range", "confirmations"),
    ({"amonut": "1"}, "unknown_field", "amonut"),
    ({"buyer": {"emial": "a@example.org"}}, "unknown_field", "buyer.emial"),
]


@pytest.mark.parametrize(("fields", "code", "param"), BAD)
async def test_a_bad_order_names_its_field(
    daemon: Served, fields: dict[str, Any], code: str, param: str
) -> None:
    answer = await post(daemon, {**LEAST, **fields})
    assert answer.status_code == 400
    error = error_of(answer)
    assert (error["type"], error["code"], error["param"]) == ("invalid_request", code, param)
    async with daemon.client() as client:
        assert (await client.get("/v1/invoices")).json()["data"] == []


@pytest.mark.parametrize(
    ("content", "status", "code", "param"),
    [
        (b'{"amount": NaN, "currency": "EUR"}', 400, "not_a_number", "amount"),
        (b'{"amount": 1e300000, "currency": "EUR"}', 400, "number_out_of_range", "amount"),
        (b'{"amount": "1", "currency": "EUR", "amount": "2"}', 400, "duplicate_key", "amount"),
        (b'{"amount": "1", "metadata": {"a": 1, "a": 2}}', 400, "duplicate_key", "metadata.a"),
        (b'{"metadata": ' + b'{"a":' * 40 + b"1" + b"}" * 41, 400, "too_deep", None),
        (b"[" * 65_000, 400, "too_deep", None),
        (b'{"note": "\\ud800"}', 400, "invalid_text", "note"),
        (b'{"note": "\xff"}', 400, "invalid_utf8", None),
        (b"[]", 400, "not_an_object", None),
        (b'\xef\xbb\xbf{"amount": "1"}', 400, "invalid_json", None),
        (b"", 400, "invalid_json", None),
        (b'{"amount": "1"', 400, "invalid_json", None),
        (b'{"note": "' + b"x" * 10_000_000 + b'"}', 413, "body_too_large", None),
    ],
)
async def test_bad_json_is_told_as_such(
    daemon: Served, content: bytes, status: int, code: str, param: str | None
) -> None:
    answer = await post_raw(daemon, content)
    assert answer.status_code == status
    error = error_of(answer)
    assert (error["code"], error["param"]) == (code, param)


async def test_others_are_answered_while_bad_input_comes_in(daemon: Served) -> None:
    """Twenty clients send the worst; meanwhile nobody else waits long for an invoice."""
    worst = [
        b'{"amount": "' + b"9" * 60_000 + b'", "currency": "EUR", "seller_id": "shop"}',
        b'{"amount": 1e300000}',
        b"[" * 60_000,
        b'{"note": "' + b"\\u0041" * 10_000 + b'"}',
        b'{"note": "' + b"x" * 10_000_000 + b'"}',
    ]
    statuses: list[int] = []

    async def pester(content: bytes) -> None:
        statuses.append((await post_raw(daemon, content)).status_code)

    async with trio.open_nursery() as nursery:
        for number in range(20):
            nursery.start_soon(pester, worst[number % len(worst)])
        with trio.fail_after(30):
            for _ in range(5):
                await daemon.invoice()
    assert sorted(set(statuses)) == [400, 413]
    assert len(statuses) == 20


async def test_an_idempotency_key_stands_for_one_invoice(daemon: Served) -> None:
    first = await post(daemon, LEAST, **{"Idempotency-Key": "order-7"})
    again = await post(daemon, LEAST, **{"Idempotency-Key": "order-7"})
    assert (first.status_code, again.status_code) == (201, 201)
    assert first.json() == again.json()
    assert first.headers["Location"] == again.headers["Location"]
    other = await post(daemon, {**LEAST, "amount": "12.51"}, **{"Idempotency-Key": "order-7"})
    assert other.status_code == 409
    error = error_of(other)
    assert (error["type"], error["code"], error["param"]) == (
        "conflict",
        "idempotency_key_reused",
        "Idempotency-Key",
    )
    written_otherwise = await post(daemon, {**LEAST, "amount": "12.5"}, **{"Idempotency-Key": "order-7"})
    assert error_of(written_otherwise)["code"] == "idempotency_key_reused"
    turned = await post(daemon, dict(reversed(LEAST.items())), **{"Idempotency-Key": "order-7"})
    assert turned.json() == first.json()
    rival = await post(daemon, {**LEAST, "seller_id": "rival"}, **{"Idempotency-Key": "order-7"})
    assert rival.json()["id"] != first.json()["id"]


async def test_64_requests_at_once_under_one_key_are_one_invoice(daemon: Served) -> None:
    ids: set[str] = set()

    async def create() -> None:
        answer = await post(daemon, LEAST, **{"Idempotency-Key": "stampede"})
        assert answer.status_code == 201
        ids.add(answer.json()["id"])

    async with trio.open_nursery() as nursery:
        for _ in range(64):
            nursery.start_soon(create)
    assert len(ids) == 1


async def test_64_invoices_at_once_have_64_destinations(daemon: Served) -> None:
    addresses: list[str] = []

    async def create() -> None:
        addresses.append((await daemon.invoice())["options"][0]["destination"]["address"])

    async with trio.open_nursery() as nursery:
        for _ in range(64):
            nursery.start_soon(create)
    assert len(set(addresses)) == 64


async def test_lists_are_paged_without_gap_or_repetition(daemon: Served) -> None:
    created = [(await daemon.invoice(note=str(number)))["id"] for number in range(7)]
    seen: list[str] = []
    cursor: str | None = None
    async with daemon.client() as client:
        while True:
            query = {"limit": "3", **({"cursor": cursor} if cursor else {})}
            page = (await client.get("/v1/invoices", params=query)).json()
            assert set(page) == {"data", "has_more", "next_cursor"}
            seen += [invoice["id"] for invoice in page["data"]]
            cursor = page["next_cursor"]
            assert page["has_more"] == (cursor is not None)
            if not page["has_more"]:
                break
    assert seen == created[::-1]


async def test_lists_are_filtered_by_status_and_seller(daemon: Served) -> None:
    mine = await daemon.invoice()
    theirs = await daemon.invoice(seller_id="rival")
    async with daemon.client() as client:
        await client.post(f"/v1/invoices/{mine['id']}/mark", json={"status": "invalid"})

        async def ids(**query: str) -> list[str]:
            return [row["id"] for row in (await client.get("/v1/invoices", params=query)).json()["data"]]

        assert await ids(status="invalid") == [mine["id"]]
        assert await ids(status="new") == [theirs["id"]]
        assert await ids(seller_id="rival") == [theirs["id"]]
        assert await ids(seller_id="nobody") == []
    async with daemon.client(daemon.keys["rival"]) as client:
        assert [row["id"] for row in (await client.get("/v1/invoices")).json()["data"]] == [theirs["id"]]
        answer = await client.get("/v1/invoices?seller_id=shop")
        assert (answer.status_code, error_of(answer)["param"]) == (403, "seller_id")


async def test_a_mark_wins_over_the_amounts(daemon: Served) -> None:
    invoice = await daemon.invoice()
    async with daemon.client() as client:
        path = f"/v1/invoices/{invoice['id']}/mark"
        marked = (await client.post(path, json={"status": "settled"})).json()
        assert (marked["status"], marked["flags"]) == ("settled", ["marked"])
        assert marked["checkout_url"] == invoice["checkout_url"]
        assert (await client.post(path, json={"status": "invalid"})).json()["status"] == "invalid"
        for body, code in (({"status": "paid"}, "invalid_value"), ({}, "missing")):
            answer = await client.post(path, json=body)
            assert answer.status_code == 400
            assert (error_of(answer)["code"], error_of(answer)["param"]) == (code, "status")


async def test_a_payment_is_shown_in_its_option(daemon: Served) -> None:
    invoice = await daemon.invoice()
    key = await destination_key(daemon)
    await daemon.engine.pay((key, 20_834))
    await daemon.engine.mine(2)
    async with daemon.client() as client:
        shown = (await client.get(f"/v1/invoices/{invoice['id']}")).json()
    assert shown["status"] == "processing"
    (option,) = shown["options"]
    assert (option["pending_minor"], option["remaining_minor"]) == ("20834", "0")
    (payment,) = option["payments"]
    assert (payment["state"], payment["confirmations"], payment["amount_minor"]) == ("pending", 2, "20834")


async def test_a_stale_chain_is_named_where_nothing_else_can_be_offered(daemon: Served) -> None:
    daemon.engine.bitcoin.network.away = True
    answer = await post(daemon, {**LEAST, "chains": ["bitcoin"]})
    assert answer.status_code == 503
    error = error_of(answer)
    assert (error["type"], error["code"], error["param"]) == ("unavailable", "nothing_to_offer", "chains")
    assert "bitcoin is stale: the network is away" in error["message"]
    assert int(answer.headers["Retry-After"]) >= 1
    others = (await post(daemon, LEAST)).json()
    assert [option["chain"] for option in others["options"]] == ["hedera"]


async def test_an_id_that_is_nobodys_is_not_found(daemon: Served) -> None:
    async with daemon.client() as client:
        for id in ("inv_nothing", "x" * 5000, "%00", "%F0%9F%98%80", "%ff", "..%2f"):
            answer = await client.get(f"/v1/invoices/{id}")
            assert answer.status_code == 404, id
            assert len(answer.content) < 1000


async def test_an_unknown_query_parameter_is_named(daemon: Served) -> None:
    async with daemon.client() as client:
        for path in ("/v1/invoices", "/v1/payments", "/v1/events", "/v1/rates", "/v1/plugins"):
            answer = await client.get(f"{path}?colour=blue")
            assert answer.status_code == 400
            assert (error_of(answer)["code"], error_of(answer)["param"]) == ("unknown_parameter", "colour")


async def test_times_are_rfc_3339_in_utc(daemon: Served) -> None:
    invoice = await daemon.invoice(expires_in_s=60)
    stored = await daemon.engine.store.read(lambda reader: reader.invoice(invoice["id"]))
    assert stored is not None
    assert stored.expires_at_ms - stored.created_at_ms == 60_000
    assert invoice["expires_at"] == rfc3339(stored.expires_at_ms)
    assert invoice["expires_at"].endswith("Z")


async def destination_key(daemon: Served) -> str:
    """The newest destination on the chain called bitcoin."""
    issued = await daemon.engine.store.read(lambda reader: reader.destinations("bitcoin", -1, 1000))
    return issued[-1].key


async def test_a_cursor_that_is_none_is_named(daemon: Served) -> None:
    """Else a mistyped one would look like the end of the list."""
    async with daemon.client() as client:
        for path in ("/v1/invoices?cursor=inv_zz", "/v1/payments?cursor=pay_zz&limit=1"):
            answer = await client.get(path)
            assert answer.status_code == 400
            assert (error_of(answer)["code"], error_of(answer)["param"]) == ("unknown_cursor", "cursor")


@pytest.mark.parametrize("currency", ["EUR", "BTC", "JPY"])
async def test_the_greatest_amount_is_taken_and_the_next_is_not(daemon: Served, currency: str) -> None:
    daemon.engine.rates.publish("fixed", [Rate("BTC", "JPY", Decimal(10_000_000), system_clock())])
    body = {"currency": currency, "seller_id": "shop", "chains": ["bitcoin"]}
    most = await post(daemon, {**body, "amount": "9" * 15})
    assert most.status_code == 201, most.text
    assert error_of(await post(daemon, {**body, "amount": "1" + "0" * 15}))["message"] == (
        "must be less than 1000000000000000"
    )
