"""Transactions handed in by HTTP: with a key or without, from a page or a program."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest
import trio

from paydaemon.core.relay import Outcome, RelayStatus
from paydaemon.engine.limits import EngineLimits
from paydaemon.frontends import Limits
from paydaemon.hooks.ports import Health, HealthState
from paydaemon.testing.fakerelay import signed
from tests.frontends.relays import PATH, PAYER, SHOP_PAGE, gift, payment
from tests.support.served import PUBLIC_URL, QUICK, Json, Served, error_of, served
from tests.support.waiting import until


@pytest.fixture
async def public(tmp_path: Path) -> AsyncIterator[Served]:
    async with served(tmp_path, relay_public=True, relay_origins=(SHOP_PAGE,)) as running:
        yield running


async def hand_in(
    daemon: Served, given: str, *, key: str | None = None, wait: str = "precheck", **more: Any
) -> httpx.Response:
    async with daemon.client(key, **more.pop("headers", {})) as client:
        return await client.post(f"{PATH}?wait={wait}", json={"transaction": given, **more})


async def test_a_transaction_is_passed_on_and_its_outcome_told(daemon: Served) -> None:
    invoice = await daemon.invoice(chains=["hedera"])
    answer = await hand_in(daemon, payment(invoice), wait="consensus", invoice_id=invoice["id"])
    assert answer.status_code == 200
    relay = answer.json()
    assert (relay["status"], relay["precheck"], relay["receipt"], relay["node"]) == (
        "succeeded", "OK", "SUCCESS", "0.0.3",
    )  # fmt: skip
    assert relay["invoice_id"] == invoice["id"]
    assert relay["transfers"][1]["amount_minor"].startswith("-")
    async with daemon.client() as client:
        shown = (await client.get(f"{PATH}/TX-1")).json()
        events = (await client.get("/v1/events?type=relay.received,relay.accepted,relay.succeeded")).json()
    assert shown == relay
    assert [event["type"] for event in events["data"]] == [
        "relay.received", "relay.accepted", "relay.succeeded",
    ]  # fmt: skip
    assert events["data"][-1]["data"] == {"relay": relay}
    assert {event["invoice_id"] for event in events["data"]} == {invoice["id"]}


async def test_an_answer_waits_for_what_was_asked_and_no_longer_than_it_may(tmp_path: Path) -> None:
    async with served(tmp_path, engine_limits=EngineLimits(answer_wait_s=0.2)) as daemon:
        daemon.engine.hedera.ledger.consensus = trio.Event()
        assert (await hand_in(daemon, gift())).json()["status"] == "accepted"
        assert (await hand_in(daemon, gift(), wait="consensus")).json()["status"] == "accepted"
        daemon.engine.hedera.ledger.consensus.set()
        assert (await hand_in(daemon, gift(), wait="consensus")).json()["status"] == "succeeded"


async def test_a_hundred_at_once_are_one_submission_and_a_hundred_answers(daemon: Served) -> None:
    relays: list[Json] = []

    async def client() -> None:
        relays.append((await hand_in(daemon, gift(), wait="consensus")).json())

    async with trio.open_nursery() as nursery:
        for _ in range(100):
            nursery.start_soon(client)
    assert relays == [relays[0]] * 100
    assert daemon.engine.hedera.ledger.submitted == ["tx-1"]


@pytest.mark.parametrize(
    ("given", "code", "param"),
    [
        ("nonsense", "invalid_transaction", "transaction"),
        (gift(expires_at_ms=5), "transaction_expired", "transaction"),
        (gift(forged=True), "invalid_signature", "transaction"),
        (signed("tx-1", {("0.0.9", "HBAR"): 5, (PAYER, "HBAR"): -5}), "wrong_payee", "transfers"),
        (gift(does_more=True), "not_a_transfer", "type"),
        ("x" * 50_000, "too_long", "transaction"),
        ("", "too_short", "transaction"),
    ],
)
async def test_what_is_refused_is_told_by_its_field_and_leaves_no_trace(
    daemon: Served, given: str, code: str, param: str
) -> None:
    answer = await hand_in(daemon, given)
    assert (answer.status_code, error_of(answer)["code"], error_of(answer)["param"]) == (400, code, param)
    assert daemon.engine.hedera.ledger.submitted == []
    assert daemon.engine.store.last_seq == 0


async def test_what_another_transaction_has_taken_is_a_conflict(daemon: Served) -> None:
    await hand_in(daemon, gift())
    answer = await hand_in(daemon, gift(amount_minor=6))
    assert (answer.status_code, error_of(answer)["code"]) == (409, "transaction_differs")


async def test_chains_that_do_not_take_it(daemon: Served) -> None:
    async with daemon.client() as client:
        for chain, code in (("bitcoin", "chain_does_not_relay"), ("dogecoin", "chain_not_found")):
            for answer in (
                await client.post(f"/v1/relay/{chain}", json={"transaction": gift()}),
                await client.get(f"/v1/relay/{chain}/tx-1"),
            ):
                assert (answer.status_code, error_of(answer)["code"]) == (404, code)
        assert error_of(await client.get(f"{PATH}/tx-9"))["code"] == "relay_not_found"
        assert error_of(await client.get(f"{PATH}/{'x' * 101}"))["code"] == "invalid_transaction"
        assert (await client.get(PATH)).status_code == 405
    daemon.engine.hedera.faults_of_relay.health = Health(HealthState.STALE, "no node is known")
    answer = await hand_in(daemon, gift())
    assert answer.status_code == 503
    assert error_of(answer)["message"] == "chain hedera passes nothing on now: no node is known"


async def test_a_client_that_leaves_leaves_its_transaction_to_its_way(daemon: Served) -> None:
    ledger = daemon.engine.hedera.ledger
    daemon.engine.hedera.faults_of_relay.waits.add("submit")
    with trio.move_on_after(0.3):
        await hand_in(daemon, gift())
    daemon.engine.hedera.faults_of_relay.waits.clear()
    assert ledger.submitted == []
    relays = daemon.engine.api.relays
    assert len(relays.courses) == 1, "it is still under way"


async def test_a_seller_sees_its_own(daemon: Served) -> None:
    await hand_in(daemon, gift(), key=daemon.keys["shop"])
    for key, status in ((daemon.keys["shop"], 200), (daemon.keys["rival"], 404), (daemon.key, 200)):
        async with daemon.client(key) as client:
            assert (await client.get(f"{PATH}/tx-1")).status_code == status


# Without a key


async def test_a_key_is_needed_where_nobody_says_otherwise(daemon: Served) -> None:
    answer = await hand_in(daemon, gift(), key="")
    assert (answer.status_code, error_of(answer)["code"]) == (401, "missing_key")


async def test_anybody_may_hand_in_where_the_operator_says_so(public: Served) -> None:
    invoice = await public.invoice(chains=["hedera"])
    named = await hand_in(public, payment(invoice), key="", wait="consensus", invoice_id=invoice["id"])
    assert (named.json()["status"], named.json()["invoice_id"]) == ("succeeded", invoice["id"])
    async with public.client("") as client:
        assert (await client.get(f"{PATH}/tx-1")).json()["invoice_id"] is None
        assert (await client.get("/v1/invoices")).status_code == 401, "and nothing else"
    async with public.client("pd_operator_wrong") as client:
        wrong = await client.post(PATH, json={"transaction": gift()})
    assert error_of(wrong)["code"] == "invalid_key", "a key that is sent is looked at"


async def test_the_pace_of_who_has_no_key_is_that_of_the_address(tmp_path: Path) -> None:
    limits = Limits(requests_per_s=0.001, requests_burst=1)
    async with served(tmp_path, limits, relay_public=True) as daemon:
        assert (await hand_in(daemon, gift(), key="")).status_code == 200
        assert (await hand_in(daemon, gift(), key="")).status_code == 429
        assert (await hand_in(daemon, gift())).status_code == 200, "a key has a pace of its own"


# From a page


async def test_a_page_that_is_named_may_read_the_answers(public: Served) -> None:
    answer = await hand_in(public, gift(), key="", headers={"Origin": SHOP_PAGE})
    assert answer.headers["Access-Control-Allow-Origin"] == SHOP_PAGE
    assert answer.headers["Vary"] == "Origin"
    refused = await hand_in(public, "nonsense", key="", headers={"Origin": SHOP_PAGE})
    assert refused.status_code == 400
    assert refused.headers["Access-Control-Allow-Origin"] == SHOP_PAGE
    own = await hand_in(public, gift(), key="", headers={"Origin": PUBLIC_URL})
    assert own.status_code == 200
    program = await hand_in(public, gift(), key="")
    assert "Access-Control-Allow-Origin" not in program.headers


@pytest.mark.parametrize("origin", ["https://evil.example", "http://shop.example", "null"])
async def test_a_foreign_page_may_nothing(public: Served, origin: str) -> None:
    async with public.client("", Origin=origin) as client:
        for answer in (
            await client.post(PATH, json={"transaction": gift()}),
            await client.get(f"{PATH}/tx-1"),
            await client.options(PATH, headers={"Access-Control-Request-Method": "POST"}),
        ):
            assert (answer.status_code, error_of(answer)["code"]) == (403, "foreign_origin")
            assert "Access-Control-Allow-Origin" not in answer.headers
    assert public.engine.hedera.ledger.submitted == []


async def test_every_page_may_where_the_operator_says_so(tmp_path: Path) -> None:
    async with served(tmp_path, relay_public=True, relay_origins=("*",)) as daemon:
        answer = await hand_in(daemon, gift(), key="", headers={"Origin": "https://any.example"})
        assert answer.headers["Access-Control-Allow-Origin"] == "https://any.example"


async def test_a_browser_may_ask_first(public: Served) -> None:
    asks = {"Access-Control-Request-Method": "POST", "Access-Control-Request-Headers": "content-type"}
    async with public.client("", Origin=SHOP_PAGE) as client:
        for path, method in ((PATH, "POST"), (f"{PATH}/tx-1", "GET")):
            answer = await client.options(path, headers=asks)
            assert answer.status_code == 204
            assert answer.headers["Access-Control-Allow-Origin"] == SHOP_PAGE
            assert answer.headers["Access-Control-Allow-Methods"] == method
            assert "Content-Type" in answer.headers["Access-Control-Allow-Headers"]
        assert (await client.options("/v1/invoices", headers=asks)).status_code == 405
    async with public.client("") as client:
        assert (await client.options(PATH)).status_code == 405, "who is no browser asks nothing"


async def test_a_failed_one_is_told_in_the_networks_words(daemon: Served) -> None:
    daemon.engine.hedera.ledger.answers["submit"].append(
        Outcome(RelayStatus.FAILED, "BUSY", node="0.0.3", error="the node is busy")
    )
    relay = (await hand_in(daemon, gift())).json()
    assert (relay["status"], relay["precheck"], relay["error"]) == ("failed", "BUSY", "the node is busy")
    await until(lambda: not daemon.engine.api.relays.courses)
    assert (await hand_in(daemon, gift(), wait="consensus")).json()["id"] == relay["id"]


assert QUICK.transaction_bytes < QUICK.body_bytes
