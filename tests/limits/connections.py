"""Provocations of what connections and requests can take."""

import socket
from contextlib import AsyncExitStack

import trio

from paydaemon.frontends import open_public
from tests.limits.trial import Trial, provokes, told
from tests.support.raw import read_answer, reads_to_the_end
from tests.support.served import served
from tests.support.waiting import until

ORDER = {"amount": "12.50", "currency": "EUR", "seller_id": "shop", "chains": ["bitcoin"]}
GET = b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n"
POST = (
    "POST /v1/invoices HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {key}\r\n"
    "Content-Type: application/json\r\nContent-Length: 1000\r\n\r\n"
)
EXPECTING = POST.removesuffix("\r\n") + "Expect: 100-continue\r\n\r\n"
SOON_S = 1.5
"""Sooner than any of the defaults that are provoked here."""

CLOSED = "the connection is closed"


@provokes("limits.body_bytes")
async def a_large_body(trial: Trial) -> str:
    async with served(trial.folder, trial.all(1_024).frontends) as daemon, daemon.client() as client:
        return told(await client.post("/v1/invoices", json={**ORDER, "note": "x" * 1_000}))


@provokes("limits.json_depth")
async def a_deep_body(trial: Trial) -> str:
    async with served(trial.folder, trial.all(4).frontends) as daemon, daemon.client() as client:
        return told(await client.post("/v1/invoices", json={**ORDER, "metadata": {"a": [[[[]]]]}}))


@provokes("limits.connections")
async def more_connections_than_there_are_places(trial: Trial) -> str:
    async with served(trial.folder, trial.all(1).frontends) as daemon, AsyncExitStack() as stack:
        first = await stack.enter_async_context(daemon.tcp())
        await first.send_all(GET)
        assert (await read_answer(first))[0] == 200
        second = await stack.enter_async_context(daemon.tcp())
        assert await reads_to_the_end(first) == b"-"
        assert daemon.counts.refused == 0
        await second.send_all(EXPECTING.format(key=daemon.key).encode())
        assert (await second.receive_some()).startswith(b"HTTP/1.1 100")
        third = await stack.enter_async_context(daemon.tcp())
        assert await reads_to_the_end(third) == b"-"
        assert daemon.counts.refused == 1
    return (
        "the connection longest idle makes room and is closed; "
        "where none is idle, the new one is closed unread"
    )


@provokes("limits.connections_per_address")
async def one_connection_more(trial: Trial) -> str:
    async with served(trial.folder, trial.all(1).frontends) as daemon, AsyncExitStack() as stack:
        first, second = [await stack.enter_async_context(daemon.tcp()) for _ in range(2)]
        await first.send_all(GET)
        assert (await read_answer(first))[0] == 200
        assert await reads_to_the_end(second) == b"-"
        assert daemon.counts.refused == 1
    return "the connection is closed unread"


@provokes("limits.requests_per_s", "limits.requests_burst")
async def two_requests_at_once(trial: Trial) -> str:
    small, other = (0.001, "requests_burst") if trial.key.endswith("_per_s") else (1, "requests_per_s")
    limits = trial.all(small, **{other: 1 if other == "requests_burst" else 0.001}).frontends
    async with served(trial.folder, limits) as daemon, daemon.client() as client:
        assert (await client.get("/v1/rates")).status_code == 200
        await trio.sleep(0.1)
        answer = await client.get("/v1/rates")
        assert int(answer.headers["Retry-After"]) >= 1
        return told(answer)


@provokes("limits.request_timeout_s", "limits.plugin_wait_s")
async def a_chain_that_does_not_answer(trial: Trial) -> str:
    async with served(trial.folder, trial.all(0.1).frontends) as daemon, daemon.client() as client:
        daemon.engine.live_chains["bitcoin"].wait_s = trial.settings(0.1).plugin_wait_s
        daemon.engine.bitcoin.faults.destination_waits_for = trio.Event()
        return told(await client.post("/v1/invoices", json=ORDER))


@provokes("limits.idle_timeout_s", "limits.http.head_timeout_s")
async def a_client_that_says_too_little(trial: Trial) -> str:
    begun = b"" if trial.key == "limits.idle_timeout_s" else b"GET /healthz"
    async with served(trial.folder, trial.all(0.1).frontends) as daemon, daemon.tcp() as stream:
        await stream.send_all(begun)
        with trio.fail_after(SOON_S):
            assert await reads_to_the_end(stream) == b"-"
    return CLOSED


@provokes("limits.http.body_timeout_s")
async def a_body_that_does_not_come(trial: Trial) -> str:
    async with served(trial.folder, trial.all(0.1).frontends) as daemon, daemon.tcp() as stream:
        await stream.send_all(POST.format(key=daemon.key).encode())
        status, body = await read_answer(stream)
    assert b'"request_timeout"' in body
    return f"`{status}` `request_timeout`"


@provokes("limits.http.head_bytes", "limits.http.head_fields")
async def a_large_head(trial: Trial) -> str:
    many = trial.key.endswith("fields")
    large = {f"X-{number}": "" for number in range(50)} if many else {"X-Long": "x" * 200}
    limits = trial.all(50 if many else 200).frontends
    async with served(trial.folder, limits) as daemon, daemon.client("") as client:
        assert (await client.get("/healthz")).status_code == 200
        return told(await client.get("/healthz", headers=large))


@provokes("limits.http.linger_s")
async def a_client_that_stays_after_the_answer(trial: Trial) -> str:
    async with served(trial.folder, trial.all(0.1).frontends) as daemon, daemon.tcp() as stream:
        await stream.send_all(POST.format(key="wrong").encode())
        assert (await read_answer(stream))[0] == 401
        with trio.fail_after(SOON_S):
            await until(lambda: daemon.counts.open == 0)
    return CLOSED


@provokes("limits.http.grace_s")
async def a_request_that_outlives_the_daemon(trial: Trial) -> str:
    async with served(trial.folder, trial.all(0.1).frontends) as daemon, daemon.tcp() as stream:
        await stream.send_all(POST.format(key=daemon.key).encode())
        await until(lambda: daemon.counts.open == 1)
        daemon.stop.set()
        with trio.fail_after(SOON_S):
            await daemon.stopped.wait()
            assert await reads_to_the_end(stream) == b"-"
    return CLOSED


@provokes("limits.http.paces_remembered")
async def one_that_was_forgotten(trial: Trial) -> str:
    limits = trial.all(1, requests_per_s=0.001, requests_burst=1).frontends
    async with served(trial.folder, limits) as daemon:

        async def ask(seller: str) -> int:
            async with daemon.client(daemon.keys[seller]) as client:
                return (await client.get("/v1/rates")).status_code

        assert [await ask(seller) for seller in ("shop", "shop", "rival", "shop")] == [200, 429, 200, 200]
    return "whoever was forgotten may send a whole burst again"


@provokes("limits.http.page_items")
async def a_long_list(trial: Trial) -> str:
    async with served(trial.folder, trial.all(1).frontends) as daemon, daemon.client() as client:
        for _ in range(2):
            await daemon.invoice()
        for path in ("/v1/invoices", "/v1/events"):
            page = (await client.get(path, params={"limit": "50"})).json()
            assert (len(page["data"]), page["has_more"]) == (1, True)
    return "a shorter page, with `has_more`"


@provokes("limits.http.backlog")
async def nobody_takes_the_connections(trial: Trial) -> str:
    backlog = trial.settings(1).http.backlog
    async with open_public(("127.0.0.1", 0), backlog=backlog) as (listener,):
        crowd = [socket.socket() for _ in range(6)]
        for one in crowd:
            one.setblocking(False)
            one.connect_ex(("127.0.0.1", listener.port))
        await trio.sleep(0.1)
        connected = [one for one in crowd if _is_connected(one)]
        for one in crowd:
            one.close()
    assert 1 <= len(connected) < len(crowd)
    return "whoever connects waits, and tries again"


def _is_connected(one: socket.socket) -> bool:
    try:
        one.getpeername()
    except OSError:
        return False
    return True
