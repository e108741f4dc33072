"""``/v1/rates``: what every pair costs, who says so, and what it has cost."""

from collections.abc import Sequence
from decimal import Decimal
from operator import methodcaller

import pytest

from paydaemon.core.times import rfc3339
from paydaemon.engine.clock import system_clock
from paydaemon.hooks.ports import Rate
from paydaemon.testing.samples import kept_rate
from tests.support.served import Json, Served, error_of

NOON_MS = 1_769_860_800_000


def says(daemon: Served, pair: str, *prices: str) -> None:
    """A source for each price says it now."""
    base, quote = pair.split("/")
    for number, price in enumerate(prices):
        said = Rate(base, quote, Decimal(price), system_clock())
        daemon.engine.rates.publish(f"s{number}", [said])


async def rows(daemon: Served, query: str = "", key: str | None = None) -> Sequence[Json]:
    async with daemon.client(key) as client:
        told = (await client.get(f"/v1/rates{query}")).json()
    assert not told["has_more"]
    rows: Sequence[Json] = told["data"]
    return rows


async def test_a_row_says_who_says_what(daemon: Served) -> None:
    says(daemon, "ADA/EUR", "0.50", "0.51", "5.10")
    daemon.engine.rates.failed("late", "HTTP 429", [("ADA", "EUR")])
    [row] = [row for row in await rows(daemon, key=daemon.keys["shop"]) if row["base"] == "ADA"]
    assert (row["rate"], row["method"], row["problem"]) == ("0.51", "median", None)
    assert row["source"] == "s0, s1"
    verdicts = {said["source"]: (said["rate"], said["verdict"]) for said in row["sources"]}
    assert verdicts == {
        "s0": ("0.50", "used"),
        "s1": ("0.51", "used"),
        "s2": ("5.10", "outlier"),
        "late": (None, "failed"),
    }
    assert "HTTP 429" in next(said["reason"] for said in row["sources"] if said["source"] == "late")


async def test_a_pair_without_a_rate_has_a_problem(daemon: Served) -> None:
    says(daemon, "ADA/EUR", "0.50")
    [row] = await rows(daemon, "?pair=ADA/EUR")
    assert (row["rate"], row["method"], row["source"], row["at"]) == (None, None, None, None)
    assert "1 of 2 sources needed" in row["problem"]
    [unknown] = await rows(daemon, "?pair=XYZ/EUR")
    assert "XYZ/EUR" in unknown["problem"]


async def test_pairs_come_page_by_page(daemon: Served) -> None:
    for base in ("ADA", "XRP", "BTC"):
        says(daemon, f"{base}/CHF", "1", "1")
    found: list[str] = []
    query: dict[str, str] = {"limit": "2"}
    async with daemon.client() as client:
        while True:
            page = (await client.get("/v1/rates", params=query)).json()
            assert len(page["data"]) <= 2
            found += [f"{row['base']}/{row['quote']}" for row in page["data"]]
            if not page["has_more"]:
                break
            query["cursor"] = page["next_cursor"]
    assert found == ["ADA/CHF", "BTC/CHF", "BTC/EUR", "HBAR/EUR", "XRP/CHF"]


async def test_a_cross_can_be_asked_for(daemon: Served) -> None:
    says(daemon, "ADA/USD", "0.55", "0.55")
    says(daemon, "EUR/USD", "1.1", "1.1")
    assert ("ADA", "EUR") not in [(row["base"], row["quote"]) for row in await rows(daemon)]
    [row] = await rows(daemon, "?pair=ADA/EUR")
    assert (row["rate"], row["method"]) == ("0.5", "median")
    assert {said["pair"] for said in row["sources"] if said["verdict"] == "used"} == {"ADA/USD", "USD/EUR"}


async def test_what_it_has_cost_is_told_newest_first_and_page_by_page(daemon: Served) -> None:
    for number in range(5):
        kept = kept_rate(NOON_MS + number * 60_000, rate=f"6000{number}")
        await daemon.engine.store.transact(methodcaller("keep_rate", kept))
    found: list[Json] = []
    query = {"pair": "BTC/EUR", "from": rfc3339(NOON_MS + 1), "to": "2026-01-31T13:04:00+01:00", "limit": "2"}
    async with daemon.client(daemon.keys["shop"]) as client:
        while True:
            page = (await client.get("/v1/rates/history", params=query)).json()
            found += page["data"]
            if not page["has_more"]:
                break
            query["cursor"] = page["next_cursor"]
        other = (await client.get("/v1/rates/history?pair=EUR/BTC")).json()
    assert [row["rate"] for row in found] == ["60003", "60002", "60001"]
    assert found[0] == {
        "at": "2026-01-31T12:03:00.000Z",
        "base": "BTC",
        "quote": "EUR",
        "rate": "60003",
        "method": "median",
        "source": "a, b and c",
    }
    assert other["data"] == []


@pytest.mark.parametrize(
    ("query", "code", "param"),
    [
        ("?pair=BTC", "invalid_value", "pair"),
        ("?pair=BTC/EUR/USD", "invalid_value", "pair"),
        ("?pair=BTC/", "invalid_value", "pair"),
        ("?pair=BTC/E%20UR", "invalid_value", "pair"),
        (f"?pair=BTC/{'E' * 65}", "invalid_value", "pair"),
        ("?pair=BTC/EUR&pair=BTC/USD", "duplicate_parameter", "pair"),
        ("?cursor=7", "invalid_value", "cursor"),
        ("?limit=201", "out_of_range", "limit"),
        ("?base=BTC", "unknown_parameter", "base"),
        ("/history", "missing", "pair"),
        ("/history?pair=BTC", "invalid_value", "pair"),
        ("/history?pair=BTC/EUR&from=yesterday", "invalid_value", "from"),
        ("/history?pair=BTC/EUR&to=2026-01-31", "invalid_value", "to"),
        ("/history?pair=BTC/EUR&from=2026-01-31T12:00:00+01:00", "invalid_value", "from"),
        ("/history?pair=BTC/EUR&from=2026-02-01T00:00:00Z&to=2026-01-01T00:00:00Z", "out_of_range", "to"),
        ("/history?pair=BTC/EUR&cursor=inv_1", "unknown_cursor", "cursor"),
        ("/history?pair=BTC/EUR&limit=0", "out_of_range", "limit"),
    ],
)
async def test_bad_input_names_the_parameter(daemon: Served, query: str, code: str, param: str) -> None:
    async with daemon.client() as client:
        answer = await client.get(f"/v1/rates{query}")
    error = error_of(answer)
    assert (answer.status_code, error["code"], error["param"]) == (400, code, param)


@pytest.mark.parametrize("path", ["/v1/rates", "/v1/rates?pair=BTC/EUR", "/v1/rates/history?pair=BTC/EUR"])
async def test_it_is_told_to_whoever_has_a_key(daemon: Served, path: str) -> None:
    async with daemon.client("") as client:
        assert error_of(await client.get(path))["code"] == "missing_key"
    async with daemon.client(daemon.keys["rival"]) as client:
        assert (await client.get(path)).status_code == 200
