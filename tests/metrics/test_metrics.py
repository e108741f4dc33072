"""What is told to Prometheus is what happened, of every room, and costs little."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import trio
from prometheus_client import REGISTRY
from trio.testing import MockClock

from paydaemon.core.access import LOCAL_OPERATOR
from paydaemon.core.invoice import Status
from paydaemon.engine.api import Counted
from paydaemon.engine.clock import system_clock
from paydaemon.frontends import Limits
from paydaemon.journal import Filter
from paydaemon.metrics import Metrics
from paydaemon.metrics import scrape as scraping
from paydaemon.metrics.series import Series
from paydaemon.store.port import StoreUnavailable
from tests.frontends.relays import PATH, gift
from tests.metrics.pages import Page, metrics_of, scrape
from tests.support.engine import HEIGHT
from tests.support.raw import read_answer
from tests.support.served import QUICK, Served, receive_json, served
from tests.support.waiting import until

INVOICE = "/v1/invoices/{id}"


@pytest.fixture
async def daemon(tmp_path: Path) -> Any:
    async with served(tmp_path) as running:
        yield running


# Requests


async def test_requests_are_counted_by_route_method_and_status(daemon: Served) -> None:
    invoice = await daemon.invoice()
    async with daemon.client() as client:
        for id in (invoice["id"], invoice["id"], "inv_none"):
            await client.get(f"/v1/invoices/{id}")
        await client.delete("/v1/invoices")
    async with daemon.admin() as client:
        await client.get("/v1/invoices")
    page = await scrape(metrics_of(daemon))
    assert page.samples("http_requests_total") == {
        ("tcp", "POST", "/v1/invoices", "201"): 1,
        ("tcp", "GET", INVOICE, "200"): 2,
        ("tcp", "GET", INVOICE, "404"): 1,
        ("tcp", "DELETE", "none", "405"): 1,
        ("unix", "GET", "/v1/invoices", "200"): 1,
    }
    assert page.value("http_request_duration_seconds_count", "tcp", "GET", INVOICE) == 3
    assert 0 < page.value("http_request_duration_seconds_sum", "tcp", "GET", INVOICE) < 60


async def test_whatever_is_asked_for_there_are_no_more_series_than_routes(daemon: Served) -> None:
    async with daemon.client() as client:
        for number in range(50):
            await client.request(f"METHOD{number}", f"/nowhere/{number}?{number}={number}")
            await client.get(f"/v1/invoices/inv_{number}")
            await client.get(f"/i/{number}")
    samples = (await scrape(metrics_of(daemon))).samples("http_requests_total")
    assert samples == {
        ("tcp", "other", "none", "404"): 50,
        ("tcp", "GET", INVOICE, "404"): 50,
        ("tcp", "GET", "/i/{id}", "404"): 50,
    }


async def test_what_http_itself_refuses_is_counted(daemon: Served) -> None:
    async with daemon.tcp() as stream:
        await stream.send_all(b"GET / HTTP/1.1\r\nHost: x\r\nBig: " + b"x" * 20_000 + b"\r\n\r\n")
        status, _ = await read_answer(stream)
    samples = (await scrape(metrics_of(daemon))).samples("http_requests_total")
    assert samples == {("tcp", "other", "none", str(status)): 1}


async def test_a_request_whose_client_leaves_is_counted_without_a_status(
    daemon: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = trio.Event()

    async def never(*_: object) -> None:
        asked.set()
        await trio.sleep_forever()

    monkeypatch.setattr(daemon.engine.api, "invoice", never)
    async with daemon.tcp() as stream:
        head = f"GET /v1/invoices/inv_x HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {daemon.key}\r\n\r\n"
        await stream.send_all(head.encode())
        await asked.wait()
    requests = daemon.traffics[0].requests
    await until(lambda: bool(requests))
    assert (await scrape(metrics_of(daemon))).samples("http_requests_total") == {
        ("tcp", "GET", INVOICE, "none"): 1
    }


async def test_connections_and_refusals_are_counted(tmp_path: Path) -> None:
    limits = Limits(connections_per_address=1)
    async with served(tmp_path, limits) as daemon, daemon.tcp() as first:
        await until(lambda: daemon.counts.open == 1)
        async with daemon.tcp() as second:
            await read_answer(second)
        page = await scrape(metrics_of(daemon))
        await first.aclose()
        await until(lambda: daemon.counts.open == 0)
        after = await scrape(metrics_of(daemon))
    assert page.value("http_connections", "tcp") == 1
    assert page.value("http_connections_accepted_total", "tcp") == 2
    assert page.value("http_connections_refused_total", "tcp") == 1
    assert after.value("http_connections", "tcp") == 0


# Relays


async def test_relays_are_counted_by_what_became_of_them(daemon: Served) -> None:
    metrics, ledger = metrics_of(daemon), daemon.engine.hedera.ledger
    async with daemon.client() as client:
        for given in (gift(), gift(), "nonsense"):
            await client.post(f"{PATH}?wait=consensus", json={"transaction": given})
        ledger.consensus = trio.Event()
        await client.post(PATH, json={"transaction": gift("tx-2")})
    page = await scrape(metrics)
    assert page.value("relay_submissions_total", "hedera") == 4
    assert page.samples("relay_refusals_total") == {("hedera", "invalid_transaction"): 1}
    assert {status: count for (_, status), count in page.samples("relays_total").items()} == {
        "received": 2, "accepted": 2, "succeeded": 1, "failed": 0, "unknown": 0,
    }  # fmt: skip
    assert page.samples("relays_under_way") == {
        ("hedera", "received"): 0, ("hedera", "accepted"): 1, ("hedera", "unknown"): 0,
    }  # fmt: skip
    assert page.value("relay_precheck_seconds_count", "hedera") == 2
    assert page.value("relay_outcome_seconds_count", "hedera") == 1


# Websockets and the journal


async def test_open_websockets_are_counted_and_timed_by_nobody(daemon: Served) -> None:
    metrics = metrics_of(daemon)
    await daemon.invoice()
    async with daemon.websocket("?after=0") as connection:
        await receive_json(connection)
        page = await scrape(metrics)
        assert page.value("websockets", "tcp") == 1
        assert page.value("journal_followers", "websockets") == 1
    await until(lambda: daemon.traffics[0].websockets == 0)
    page = await scrape(metrics)
    assert page.value("http_requests_total", "tcp", "GET", "/v1/events", "101") == 1
    assert page.samples("http_request_duration_seconds_count").keys() == {("tcp", "POST", "/v1/invoices")}
    assert page.value("journal_followers", "websockets") == 0


async def test_the_slowest_reader_of_a_group_says_how_far_it_is_behind(daemon: Served) -> None:
    journal, metrics = daemon.engine.api.journal, metrics_of(daemon)
    quick = journal.follow(LOCAL_OPERATOR, Filter(), journal.last_seq, "email")
    slow = journal.follow(LOCAL_OPERATOR, Filter(), journal.last_seq, "email")
    for _ in range(3):
        await daemon.invoice()
    await anext(quick)
    await anext(slow)
    page = await scrape(metrics)
    assert page.value("journal_last_seq") == 3
    assert page.value("journal_followers", "email") == 2
    assert page.value("journal_lag_events", "email") == 3, "what is held is not yet read"
    await slow.aclose()
    await daemon.invoice()
    await anext(quick)
    assert (await scrape(metrics)).value("journal_lag_events", "email") == 1
    await quick.aclose()
    assert journal.followers == set()


# The ledger


async def test_invoices_are_told_by_status_after_a_restart_too(tmp_path: Path) -> None:
    async with served(tmp_path) as daemon:
        paid, *_ = [await daemon.invoice() for _ in range(3)]
        async with daemon.client() as client:
            await client.post(f"/v1/invoices/{paid['id']}/mark", json={"status": "settled"})
        await daemon.engine.pay(("to nobody", 1_000))
        before = await scrape(metrics_of(daemon))
    async with served(tmp_path) as daemon:
        after = await scrape(metrics_of(daemon))
    for page in (before, after):
        none = dict.fromkeys([(status.value,) for status in Status], 0.0)
        assert page.samples("invoices") == {**none, ("new",): 2, ("settled",): 1}
        assert page.value("payments_unmatched") == 1


async def test_payments_and_amounts_are_counted_as_they_come_into_each_state(daemon: Served) -> None:
    metrics = metrics_of(daemon)
    (option,) = (await daemon.invoice())["options"]
    destination = await daemon.engine.store.read(lambda reader: reader.destinations("bitcoin", -1, 1)[0])
    due = int(option["due_minor"])
    await daemon.engine.pay((destination.key, due), ("to nobody", 10**30))
    page = await scrape(metrics)
    assert page.value("payments_total", "BTC", "bitcoin", "pending") == 2
    assert page.value("payments_minor_total", "BTC", "bitcoin", "pending") == float(due + 10**30)
    assert ("BTC", "bitcoin", "confirmed") not in page.samples("payments_total")
    await daemon.engine.mine(6)
    page = await scrape(metrics)
    assert page.value("payments_total", "BTC", "bitcoin", "confirmed") == 2
    assert page.value("payments_total", "BTC", "bitcoin", "pending") == 2, "nothing is counted twice"
    assert page.value("payment_detection_seconds_count", "bitcoin") == 2
    assert page.value("payment_detection_seconds_sum", "bitcoin") < 60
    assert page.value("chain_observe_seconds_count", "bitcoin") > 2


async def test_a_payment_that_an_assignment_makes_final_is_counted(daemon: Served) -> None:
    invoice = await daemon.invoice(confirmations=1)
    await daemon.engine.pay(("to nobody", 1_000))
    await daemon.engine.mine(1)
    async with daemon.client() as client:
        (payment,) = (await client.get("/v1/payments?unmatched=true")).json()["data"]
        body = {"invoice_id": invoice["id"]}
        assert (await client.post(f"/v1/payments/{payment['id']}/assign", json=body)).status_code == 200
    page = await scrape(metrics_of(daemon))
    assert page.value("payments_minor_total", "BTC", "bitcoin", "confirmed") == 1_000
    assert page.value("payment_detection_seconds_count", "bitcoin") == 1


async def test_the_health_of_each_chain_is_told(daemon: Served) -> None:
    daemon.engine.bitcoin.network.away = True
    page = await scrape(metrics_of(daemon))
    assert page.value("chain_state", "bitcoin", "stale") == 1
    assert page.value("chain_state", "bitcoin", "healthy") == 0
    assert page.value("chain_state", "hedera", "healthy") == 1
    assert page.value("chain_height", "bitcoin") == HEIGHT
    assert -60 < page.value("chain_lag_seconds", "bitcoin") < 60
    assert 0 <= page.value("rate_age_seconds", "fixed") < 60


async def test_a_source_that_has_never_said_anything_grows_old_too(daemon: Served) -> None:
    """What it said last would be nothing, and an alarm for its age would never ring."""
    hour_ago_ms = system_clock() - 3_600_000
    page = await scrape(metrics_of(daemon, {"fixed": hour_ago_ms, "silent": hour_ago_ms}))
    assert 3_600 <= page.value("rate_age_seconds", "silent") < 3_660
    assert 0 <= page.value("rate_age_seconds", "fixed") < 60
    assert page.value("rate_outliers_total", "silent") == 0, "from the start on, so that its first is seen"


# The store


async def test_commits_are_counted_with_what_they_hold(daemon: Served) -> None:
    metrics = metrics_of(daemon)
    before = await scrape(metrics)
    await daemon.engine.store.transact(lambda tx: None)
    after = await scrape(metrics)
    for name in ("commit_duration_seconds", "sync_duration_seconds", "batch_transactions"):
        grown = after.value(f"store_{name}_count") - before.value(f"store_{name}_count")
        assert grown == 1, name
    assert after.value("store_batch_transactions_sum") == before.value("store_batch_transactions_sum") + 1
    assert after.samples("store_waiting") == {("write",): 0, ("read",): 0}
    assert after.value("store_commits_failed_total") == 0


async def test_while_the_store_is_away_all_else_is_told(
    daemon: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def broken() -> Counted:
        await trio.lowlevel.checkpoint()
        raise StoreUnavailable("disk I/O error")

    monkeypatch.setattr(daemon.engine.api, "counted", broken)
    page = await scrape(metrics_of(daemon))
    assert page.samples("invoices") == {}
    assert page.value("chain_state", "bitcoin", "healthy") == 1


# Scraping


async def test_what_takes_long_to_count_is_counted_seldom(
    autojump_clock: MockClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A database of ten million invoices and a scraper that asks without a pause."""
    asked_at: list[float] = []

    class Rooms:
        api = property(lambda self: self)

        async def counted(self) -> Counted:
            asked_at.append(autojump_clock.current_time())
            await trio.sleep(2)
            return Counted({}, len(asked_at))

    def nothing(*_: object) -> Iterator[Series]:
        return iter(())

    monkeypatch.setattr(scraping, "collect", nothing)
    metrics = Metrics(Rooms())  # type: ignore[arg-type]
    for _ in range(100):
        async with trio.open_nursery() as nursery:
            for _ in range(5):
                nursery.start_soon(metrics.render)
        await trio.sleep(1)
    assert len(asked_at) == 3
    assert asked_at[1] - asked_at[0] >= 2 + scraping.REST * 2


async def test_daemons_in_one_process_do_not_mix(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    (tmp_path / "b").mkdir()
    async with served(tmp_path / "a") as one, served(tmp_path / "b", QUICK) as other:
        await one.invoice()
        first, second = await scrape(metrics_of(one)), await scrape(metrics_of(other))
    assert first.value("invoices", "new") == 1
    assert second.value("invoices", "new") == 0
    assert not [metric.name for metric in REGISTRY.collect() if metric.name.startswith("paydaemon")]


def test_a_page_is_read_as_it_is_written() -> None:
    assert Page('paydaemon_x{b="2",a="1"} 3\n').value("x", "1", "2") == 3
