"""How sources are asked: no more than they allow, no longer than they may take, and again after a failure."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import trio

from paydaemon.hooks.answers import MAX_RETRY_AFTER_S
from paydaemon_rates import client as clients
from paydaemon_rates import poller as pollers
from paydaemon_rates.client import Away, Client, Refused
from paydaemon_rates.pauses import after_failures
from paydaemon_rates.sandbox.faults import Fault
from paydaemon_rates.sandbox.server import RETRY_AFTER_S
from paydaemon_rates.source import CoinGeckoSource
from tests.rates.world import PRICES, Host, exchange, no_stream, now_ms, reading, settings, source
from tests.support.waiting import until

Handler = Callable[[trio.SocketStream], Awaitable[None]]


@asynccontextmanager
async def serving(answer: bytes, then: Handler | None = None) -> AsyncIterator[str]:
    """A server that answers everything with these bytes, and then does this, or closes."""

    async def handle(stream: trio.SocketStream) -> None:
        async with stream:
            try:
                await stream.receive_some(65_536)
                await stream.send_all(answer)
                await (then(stream) if then else stream.aclose())
            except trio.BrokenResourceError:
                pass

    async with trio.open_nursery() as nursery:
        listeners = await nursery.start(partial(trio.serve_tcp, handle, 0, host="127.0.0.1"))
        yield f"http://127.0.0.1:{listeners[0].socket.getsockname()[1]}"
        nursery.cancel_scope.cancel()


async def asked(answer: bytes, then: Handler | None = None, **how: Any) -> bytes:
    how = {"timeout_s": 0.5, "answer_bytes": 100, "headers": {}, **how}
    outcome: bytes | Away | Refused = b""
    async with serving(answer, then) as url, Client(url, **how) as client:
        try:
            outcome = await client.get("/x")
        except (Away, Refused) as error:
            outcome = error
    if isinstance(outcome, Exception):
        raise outcome
    return outcome


async def drip(stream: trio.SocketStream) -> None:
    while True:
        await stream.send_all(b"x")
        await trio.sleep(0.02)


# --- One answer


async def test_a_body_that_is_too_large_is_not_read_on() -> None:
    with pytest.raises(Away, match=r"^its answer is larger than 100 bytes$"):
        await asked(b"HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n" + b"x" * 200, drip)


async def test_an_answer_that_drips_has_a_deadline() -> None:
    with pytest.raises(Away, match=r"^no answer in 0.5 s$"):
        await asked(b"HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n", drip, answer_bytes=10_000)


@pytest.mark.parametrize("answer", [b"", b"HTTP/1.1 200 OK\r\nContent-Le", b"\x16\x03\x01 not HTTP\r\n\r\n"])
async def test_what_is_no_answer(answer: bytes) -> None:
    with pytest.raises(Away, match=r"^the connection was lost$"):
        await asked(answer)


async def test_a_redirect_is_not_followed() -> None:
    with pytest.raises(Refused, match=r"^HTTP 302, and redirects are not followed$"):
        await asked(b"HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:1/\r\nContent-Length: 0\r\n\r\n")


async def test_the_environment_says_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:1")
    monkeypatch.setenv("ALL_PROXY", "http://127.0.0.1:1")
    assert await asked(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}") == b"{}"


@pytest.mark.parametrize(
    ("status", "header", "rest_s"),
    [
        ("429", "Retry-After: 7", 7.0),
        ("429", "Retry-After: 99999999999", MAX_RETRY_AFTER_S),
        ("429", "Retry-After: 999999", MAX_RETRY_AFTER_S),
        ("429", "X: y", clients.REST_S),
        ("418", "Retry-After: soon", clients.REST_S),
        ("503", "Retry-After: 2", 2.0),
        (
            "503",
            "Date: Sun, 22 Nov 2026 12:00:00 GMT\r\nRetry-After: Sun, 22 Nov 2026 12:00:30 GMT",
            30.0,
        ),
    ],
)
async def test_how_long_a_source_is_left_alone(status: str, header: str, rest_s: float) -> None:
    with pytest.raises(Away) as away:
        await asked(f"HTTP/1.1 {status} No\r\n{header}\r\nContent-Length: 0\r\n\r\n".encode())
    assert away.value.rest_s == rest_s


async def test_unavailable_without_a_word_of_when_is_a_failure_like_any() -> None:
    with pytest.raises(Refused, match=r"^HTTP 503$"):
        await asked(b"HTTP/1.1 503 No\r\nContent-Length: 0\r\n\r\n")


async def test_nothing_changed_is_no_answer_where_that_was_not_asked() -> None:
    bare = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\n{}"
    answers = [bare, b"HTTP/1.1 304 Not Modified\r\nConnection: close\r\n\r\n"]

    async def handle(stream: trio.SocketStream) -> None:
        async with stream:
            await stream.receive_some(65_536)
            await stream.send_all(answers.pop(0))

    async with trio.open_nursery() as nursery:
        listeners = await nursery.start(partial(trio.serve_tcp, handle, 0, host="127.0.0.1"))
        url = f"http://127.0.0.1:{listeners[0].socket.getsockname()[1]}"
        async with Client(url, 5, 100, {}) as client:
            assert await client.get("/x") == b"{}"
            with pytest.raises(Refused, match=r"^HTTP 304$"):
                await client.get("/x")
        nursery.cancel_scope.cancel()


# --- Again and again


async def test_a_source_that_asks_for_rest_gets_it() -> None:
    async with exchange("coinbase", fault=Fault.LIMITED) as (sandbox, table), reading("coinbase", table):
        assert len(sandbox.asked) == 1
        sandbox.fault = Fault.NONE
        await trio.sleep(RETRY_AFTER_S * 0.5)
        assert len(sandbox.asked) == 1
        await until(lambda: len(sandbox.asked) > len(PRICES["coinbase"]))


async def test_requests_are_as_far_apart_as_the_source_allows() -> None:
    async with exchange("coinbase") as (sandbox, table), trio.open_nursery() as nursery:
        began_at = trio.current_time()
        asking = source("coinbase", settings("coinbase", {**table, "pairs": ["BTC/EUR", "HBAR/USD"]}))
        await nursery.start(asking.run, Host(now_ms))
        assert len(sandbox.asked) == 2
        assert trio.current_time() - began_at >= asking.exchange.apart_s == 0.2
        nursery.cancel_scope.cancel()


async def test_what_has_not_changed_is_not_sent_again() -> None:
    async with exchange("ecb") as (sandbox, table), reading("ecb", table) as host:
        await until(lambda: sandbox.not_modified >= 2)
        assert len(host.published) >= 2 * len(PRICES["ecb"])
        assert not host.failures


async def test_pairs_of_one_request_are_asked_alone_once_one_may_be_unknown() -> None:
    for name in ("kraken", "binance"):
        async with exchange(name) as (sandbox, table):
            table = {**table, **no_stream(name), "pairs": ["BTC/EUR", "XYZ/EUR"]}
            async with reading(name, table) as host:
                assert not host.published
                await until(lambda host=host: "BTC/EUR" in host.prices)  # type: ignore[misc]
                host.forget()
                await until(lambda host=host: host.failures != [])  # type: ignore[misc]
                assert {pairs for _, pairs in host.failures} == {(("XYZ", "EUR"),)}
                assert len(sandbox.asked) >= 3


async def test_a_look_that_is_refused_once_is_followed_by_one_request_again() -> None:
    async with exchange("kraken") as (sandbox, table):
        table = {**table, **no_stream("kraken"), "pairs": ["BTC/EUR", "XYZ/EUR", "HBAR/EUR"]}
        async with reading("kraken", table) as host:
            await until(lambda: any(target.endswith("pair=XBTEUR,HBAREUR") for target in sandbox.asked))
            sandbox.asked.clear()
            await until(lambda: len(sandbox.asked) >= 6)
            assert {target.partition("=")[2] for target in sandbox.asked} == {"XBTEUR,HBAREUR", "XYZEUR"}
            assert "BTC/EUR" in host.prices


async def test_a_look_has_an_end_and_the_next_one_goes_on_from_there(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pollers, "LONGEST_LOOK_S", 0.05)
    async with exchange("coinbase") as (sandbox, table):
        found = settings("coinbase", {**table, "pairs": ["BTC/EUR", "HBAR/USD"]})
        asking = source("coinbase", found)
        vars(asking.exchange)["apart_s"] = 0.1
        poller, host = pollers.Poller(asking.exchange, found), Host(now_ms)
        async with asking.client() as client:
            await poller.look(host, client)
            assert (len(sandbox.asked), len(host.prices)) == (1, 1)
            await trio.sleep(0.1)
            await poller.look(host, client)
        assert len(set(sandbox.asked)) == 2


async def test_one_pair_that_is_not_traded_takes_no_other_along() -> None:
    async with exchange("coinbase") as (_, table):
        table = {**table, "pairs": ["XYZ/EUR", "BTC/EUR"]}
        async with reading("coinbase", table) as host:
            assert list(host.prices) == ["BTC/EUR"]
            assert host.failures == [("HTTP 404", (("XYZ", "EUR"),))]


async def test_a_request_that_hangs_is_the_last_of_its_round() -> None:
    async with (
        exchange("coinbase", fault=Fault.HANG) as (sandbox, table),
        reading("coinbase", table, limits__longest_pause_s=60) as host,
    ):
        assert len(sandbox.asked) == 1
        assert [len(pairs) for _, pairs in host.failures] == [2]


def test_pauses_grow_and_have_a_bound() -> None:
    pauses = [after_failures(failures, 300) for failures in range(1, 30)]
    for pause, least in zip(pauses, [5, 10, 20, 40, 80, 160] + [300] * 23, strict=True):
        assert least <= pause <= least * 1.1


# --- What is sent


async def test_a_key_is_sent_by_its_own_header_and_is_nowhere_else(tmp_path: Path) -> None:
    key = tmp_path / "key"
    key.write_text("CG-secret\n")
    key.chmod(0o600)
    table = {"api_key": {"file": str(key)}}
    demo = CoinGeckoSource(settings("coingecko", table))
    paid = CoinGeckoSource(settings("coingecko", {**table, "pro": True}))
    assert (demo.headers(), demo.url()) == (
        {"x-cg-demo-api-key": "CG-secret"},
        "https://api.coingecko.com/api/v3",
    )
    assert (paid.headers(), paid.url()) == (
        {"x-cg-pro-api-key": "CG-secret"},
        "https://pro-api.coingecko.com/api/v3",
    )
    proxied = CoinGeckoSource(settings("coingecko", {"pro": True, "url": "https://proxy.example/gecko/"}))
    assert (proxied.headers(), proxied.url()) == ({}, "https://proxy.example/gecko")


@pytest.mark.parametrize("name", PRICES)
async def test_each_look_takes_as_few_requests_as_it_can(name: str) -> None:
    async with (
        exchange(name) as (sandbox, table),
        reading(name, {**table, **({"websocket_url": ""} if name == "kraken" else {})}, every_s=60),
    ):
        assert len(sandbox.asked) == (2 if name == "coinbase" else 1)
