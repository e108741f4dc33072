"""``/healthz``, ``/readyz``, ``/v1/plugins`` and ``/v1/rates``."""

import json
import re

import httpx
import pytest
import trio

from paydaemon.engine.chains import absent_chains
from paydaemon.frontends.routes import health
from paydaemon.hooks.ports import Health, HealthState
from paydaemon.store.port import StoreUnavailable
from tests.support.served import Json, Served, error_of


async def test_it_lives_and_is_ready_without_a_key(daemon: Served) -> None:
    async with daemon.client("") as client:
        alive = await client.get("/healthz")
        assert (alive.status_code, alive.json()) == (200, {"status": "ok"})
        ready = await client.get("/readyz")
    assert ready.status_code == 200
    told = ready.json()
    assert (told["status"], told["store"]) == ("ok", {"state": "healthy", "reason": ""})
    bitcoin, hedera = told["chains"]
    assert (bitcoin["id"], bitcoin["state"], bitcoin["height"], bitcoin["reason"]) == (
        "bitcoin",
        "healthy",
        100,
        "",
    )
    assert bitcoin["as_of"].endswith("Z")
    assert hedera["id"] == "hedera"
    assert told["plugins"] == [{"name": "fake", "status": "loaded"}]
    assert told["services"] == [{"name": "chain bitcoin", "state": "running"}]


async def test_a_chain_that_is_configured_no_more_is_told_and_keeps_nobody_from_the_others(
    daemon: Served,
) -> None:
    await daemon.invoice()
    api = daemon.engine.api
    api.absent = await absent_chains(daemon.engine.store, ["hedera"])
    async with daemon.client() as client:
        answer = await client.get("/readyz")
    assert answer.status_code == 200
    absent = answer.json()["chains"][-1]
    assert (absent["id"], absent["plugin"], absent["state"]) == ("bitcoin", "", "stale")
    assert absent["reason"] == "not configured, and 1 invoice(s) wait for what is paid on it"


async def test_each_chain_is_told_apart(daemon: Served) -> None:
    bitcoin, hedera = daemon.engine.chains.values()
    bitcoin.faults.health = Health(HealthState.STALE, "the node is away")
    async with daemon.client() as client:
        answer = await client.get("/readyz")
        assert answer.status_code == 200
        assert [chain["state"] for chain in answer.json()["chains"]] == ["stale", "healthy"]
        assert answer.json()["chains"][0]["reason"] == "the node is away"
        hedera.faults.health = Health(HealthState.STARTING, "catching up")
        answer = await client.get("/readyz")
        assert (answer.status_code, answer.json()["status"]) == (503, "unavailable")
        assert (await client.get("/healthz")).status_code == 200


async def test_without_a_store_it_lives_but_is_not_ready(
    daemon: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def broken(*_: object) -> None:
        await trio.lowlevel.checkpoint()
        raise StoreUnavailable("disk I/O error")

    async def hanging(*_: object) -> None:
        await trio.sleep_forever()

    monkeypatch.setattr(health, "STORE_ANSWERS_WITHIN_S", 0.1)
    async with daemon.admin() as client:
        for page, reason in ((broken, "disk I/O error"), (hanging, "does not answer within 0.1 s")):
            monkeypatch.setattr(daemon.engine.api.journal, "page", page)
            answer = await client.get("/readyz")
            assert answer.status_code == 503
            assert answer.json()["store"] == {"state": "stale", "reason": reason}
            assert (await client.get("/healthz")).status_code == 200


async def test_a_store_that_records_nothing_is_not_ready(
    daemon: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(daemon.engine.api, "store_fault", lambda: "the disk is full")
    async with daemon.client() as client:
        answer = await client.get("/readyz")
    assert answer.status_code == 503
    assert answer.json()["store"] == {"state": "stale", "reason": "the disk is full"}


async def readiness(client: httpx.AsyncClient) -> Json:
    answer = await client.get("/readyz")
    assert answer.status_code == 503
    return dict(answer.json())


async def test_reasons_are_for_operators(daemon: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    """A reason of a chain's own may name files and addresses in here."""
    reason = "http://10.0.0.5:8332: /var/lib/bitcoind/.cookie cannot be read"

    async def broken(*_: object) -> None:
        await trio.lowlevel.checkpoint()
        raise StoreUnavailable("/var/lib/paydaemon/paydaemon.sqlite3: the disk is full")

    bitcoin, hedera = daemon.engine.chains.values()
    bitcoin.faults.health = Health(HealthState.STALE, reason)
    hedera.faults.health = Health(HealthState.STARTING, reason)
    monkeypatch.setattr(daemon.engine.api.journal, "page", broken)
    general = ["not to be relied on now", "not ready yet", "not to be relied on now"]
    for key in ("", "pd_operator_" + "A" * 43, "x", daemon.keys["shop"]):
        async with daemon.client(key) as client:
            told = await readiness(client)
        assert [part["reason"] for part in (*told["chains"], told["store"])] == general
        assert [part["state"] for part in (*told["chains"], told["store"])] == ["stale", "starting", "stale"]
        assert not {"10.0.0.5", "/var/lib"} & set(re.findall(r"10\.0\.0\.5|/var/lib", json.dumps(told)))
    for opened in (daemon.client(), daemon.admin()):
        async with opened as client:
            told = await readiness(client)
        assert [chain["reason"] for chain in told["chains"]] == [reason, reason]
        assert told["store"]["reason"] == "/var/lib/paydaemon/paydaemon.sqlite3: the disk is full"


async def test_a_sellers_invoice_is_refused_without_the_reason(daemon: Served) -> None:
    for chain in daemon.engine.chains.values():
        chain.faults.health = Health(HealthState.STALE, "/var/lib/bitcoind/.cookie cannot be read")
    body = {"amount": "1", "currency": "EUR", "seller_id": "shop", "chains": ["bitcoin"]}
    for key, message in (
        (daemon.keys["shop"], "chain bitcoin is stale"),
        (daemon.key, "chain bitcoin is stale: /var/lib/bitcoind/.cookie cannot be read"),
    ):
        async with daemon.client(key) as client:
            answer = await client.post("/v1/invoices", json=body)
        assert (answer.status_code, error_of(answer)["message"]) == (503, message)


async def test_rates_are_told_with_their_source(daemon: Served) -> None:
    async with daemon.client(daemon.keys["shop"]) as client:
        told = (await client.get("/v1/rates")).json()
    assert not told["has_more"]
    assert [(rate["base"], rate["quote"], rate["rate"], rate["source"]) for rate in told["data"]] == [
        ("BTC", "EUR", "60000.00", "fixed"),
        ("HBAR", "EUR", "0.25", "fixed"),
    ]


async def test_plugins_are_told_to_operators(daemon: Served) -> None:
    async with daemon.client() as client:
        told = (await client.get("/v1/plugins")).json()
    (plugin,) = told["data"]
    assert (plugin["name"], plugin["version"], plugin["status"]) == ("fake", "1.0", "loaded")
    assert (told["has_more"], told["next_cursor"]) == (False, None)
    async with daemon.client(daemon.keys["shop"]) as client:
        assert error_of(await client.get("/v1/plugins"))["code"] == "operator_only"


async def test_metrics_are_told_to_operators(daemon: Served) -> None:
    for opened in (daemon.client(), daemon.admin()):
        async with opened as client:
            answer = await client.get("/metrics")
            assert (answer.status_code, answer.text) == (200, "fake_up 1\n")
            assert answer.headers["Content-Type"] == "text/plain; version=0.0.4; charset=utf-8"
            assert error_of(await client.get("/metrics?name=x"))["code"] == "unknown_parameter"
