"""``GET /v1/events``: the journal page by page."""

import pytest

from tests.support.served import Json, Served, error_of


async def events(daemon: Served, query: str = "", key: str | None = None) -> Json:
    async with daemon.client(key) as client:
        answer = await client.get(f"/v1/events{query}")
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


async def test_events_are_paged_oldest_first_without_gap(daemon: Served) -> None:
    for _ in range(7):
        await daemon.invoice()
    seen: list[int] = []
    query = "?limit=3"
    while True:
        page = await events(daemon, query)
        seen += [event["seq"] for event in page["data"]]
        assert page["has_more"] == (page["next_cursor"] is not None)
        if not page["has_more"]:
            break
        query = f"?limit=3&after={page['next_cursor']}"
    assert seen == list(range(1, 8))
    assert (await events(daemon, "?after=7"))["data"] == []


async def test_an_event_is_as_documented(daemon: Served) -> None:
    invoice = await daemon.invoice()
    (event,) = (await events(daemon))["data"]
    assert set(event) == {"seq", "id", "type", "created_at", "invoice_id", "data"}
    assert (event["type"], event["invoice_id"]) == ("invoice.created", invoice["id"])
    told = {name: value for name, value in invoice.items() if name != "checkout_url"}
    assert event["data"] == {"invoice": told}


async def test_events_are_filtered_by_type_and_invoice(daemon: Served) -> None:
    first, second = await daemon.invoice(), await daemon.invoice()
    async with daemon.client() as client:
        await client.post(f"/v1/invoices/{first['id']}/mark", json={"status": "settled"})

    async def types(query: str) -> list[str]:
        return [event["type"] for event in (await events(daemon, query))["data"]]

    assert await types("?type=invoice.settled") == ["invoice.settled"]
    both = ["invoice.marked", "invoice.settled"]
    assert await types("?type=invoice.settled,invoice.marked") == both
    assert await types("?type=invoice.settled&type=invoice.marked") == both
    assert await types(f"?invoice_id={second['id']}") == ["invoice.created"]
    assert await types(f"?invoice_id={second['id']}&type=invoice.settled") == []


@pytest.mark.parametrize(
    ("query", "code", "param"),
    [
        ("?type=invoice.paid", "invalid_value", "type"),
        ("?type=", "invalid_value", "type"),
        ("?type=payment.confirming", "invalid_value", "type"),
        ("?after=-1", "out_of_range", "after"),
        ("?after=x", "out_of_range", "after"),
        ("?after=1&after=2", "duplicate_parameter", "after"),
        ("?after=5", "beyond_the_journal", "after"),
        ("?limit=201", "out_of_range", "limit"),
        ("?invoice_id=../x", "invalid_value", "invoice_id"),
        ("?before=1", "unknown_parameter", "before"),
    ],
)
async def test_a_wrong_parameter_is_named(daemon: Served, query: str, code: str, param: str) -> None:
    async with daemon.client() as client:
        answer = await client.get(f"/v1/events{query}")
    assert answer.status_code == 400
    assert (error_of(answer)["code"], error_of(answer)["param"]) == (code, param)


async def test_events_of_an_invoice_that_does_not_exist(daemon: Served) -> None:
    async with daemon.client() as client:
        answer = await client.get("/v1/events?invoice_id=inv_none")
    assert (answer.status_code, error_of(answer)["code"]) == (404, "invoice_not_found")
    assert error_of(answer)["param"] == "invoice_id"
