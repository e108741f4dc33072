"""``/healthz``, ``/readyz``, ``/v1/plugins`` and ``/v1/rates``."""

import pytest
import trio

from paydaemon.frontends.routes import health
from paydaemon.hooks.ports import HealthState
from paydaemon.store.port import StoreUnavailable
from tests.support.served import Served, error_of


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


async def test_each_chain_is_told_apart(daemon: Served) -> None:
    bitcoin, hedera = daemon.engine.chains.values()
    bitcoin.state, bitcoin.reason = HealthState.STALE, "the node is away"
    async with daemon.client("") as client:
        answer = await client.get("/readyz")
        assert answer.status_code == 200
        assert [chain["state"] for chain in answer.json()["chains"]] == ["stale", "healthy"]
        assert answer.json()["chains"][0]["reason"] == "the node is away"
        hedera.state, hedera.reason = HealthState.STARTING, "catching up"
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
    async with daemon.client("") as client:
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
    async with daemon.client("") as client:
        answer = await client.get("/readyz")
    assert answer.status_code == 503
    assert answer.json()["store"] == {"state": "stale", "reason": "the disk is full"}


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
