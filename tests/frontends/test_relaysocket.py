"""Transactions handed in by websocket: many at once, each answered and followed by itself."""

import json
import socket as sockets
from base64 import b64decode
from contextlib import suppress
from pathlib import Path

import pytest
import trio
from trio_websocket import ConnectionClosed, WebSocketConnection

from paydaemon.core.relay import Outcome, RelayStatus
from paydaemon.frontends import Limits
from tests.frontends.relays import SHOP_PAGE, gift, hear, hear_until, payment, say, submit
from tests.support.raw import read_answer
from tests.support.served import Served, served
from tests.support.waiting import BOUND_S, until

UPGRADE = (
    "GET /v1/relay/hedera HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n"
    "Authorization: Bearer {key}\r\n\r\n"
)


async def closed_with(socket: WebSocketConnection) -> int:
    with trio.fail_after(BOUND_S), pytest.raises(ConnectionClosed) as closed:
        await to_the_end(socket)
    assert closed.value.reason is not None
    return int(closed.value.reason.code)


async def to_the_end(socket: WebSocketConnection) -> None:
    while True:
        await socket.get_message()


async def refused_with(daemon: Served, chain: str = "hedera", **headers: str) -> tuple[int, str]:
    """The status and the code by which a websocket is not opened."""
    head = (
        UPGRADE.replace("Authorization: Bearer {key}\r\n", "").replace("hedera", chain).removesuffix("\r\n")
    )
    head += "".join(f"{name}: {value}\r\n" for name, value in headers.items()) + "\r\n"
    async with daemon.tcp() as stream:
        await stream.send_all(head.encode())
        status, body = await read_answer(stream)
    return status, str(json.loads(body)["error"]["code"])


async def test_a_transaction_is_answered_and_every_change_told(daemon: Served) -> None:
    ledger = daemon.engine.hedera.ledger
    ledger.consensus = trio.Event()
    ledger.answers["follow"].append(Outcome(RelayStatus.UNKNOWN, error="nobody can tell"))
    invoice = await daemon.invoice(chains=["hedera"])
    async with daemon.relay_socket() as socket:
        await submit(socket, 1, payment(invoice), invoice_id=invoice["id"])
        answer = await hear(socket)
        assert answer["id"] == 1
        assert answer["result"]["invoice_id"] == invoice["id"]
        heard = [answer["result"]["status"]]
        if heard == ["accepted"]:
            heard.append((await hear(socket))["params"]["status"])
        assert heard[-1] == "unknown"
        ledger.consensus.set()
        update = await hear(socket)
    assert update["method"] == "relay.updated"
    assert update["params"]["status"] == "succeeded"
    assert update["params"]["id"] == answer["result"]["id"]


async def test_bytes_are_taken_as_they_are(daemon: Served) -> None:
    async with daemon.relay_socket() as socket:
        await socket.send_message(b64decode(gift()))
        answer = await hear(socket)
        assert answer["id"] is None
        assert answer["result"]["transaction_id"] == "tx-1"


async def test_many_at_once_are_answered_each_under_its_own_id(daemon: Served) -> None:
    wanted = {f"m-{number}": f"tx-{number}" for number in range(200)}
    answered: dict[str, str] = {}
    succeeded: set[str] = set()
    async with daemon.relay_socket() as socket, trio.open_nursery() as nursery:

        async def ask() -> None:
            for id, transaction in wanted.items():
                await submit(socket, id, gift(transaction))

        nursery.start_soon(ask)
        while len(answered) + len(succeeded) < 400:
            message = await hear(socket)
            relay = message.get("result") or message["params"]
            if "result" in message:
                answered[message["id"]] = relay["transaction_id"]
            else:
                assert relay["transaction_id"] in answered.values(), "an answer comes before its updates"
            if relay["status"] == "succeeded":
                succeeded.add(relay["transaction_id"])
    assert answered == wanted


@pytest.mark.parametrize(
    ("message", "id", "code", "param"),
    [
        ("nonsense", None, "invalid_json", None),
        ('["submit"]', None, "not_an_object", None),
        ('{"id": 7}', 7, "missing", "method"),
        ('{"id": 7, "method": "steal"}', 7, "invalid_value", "method"),
        ('{"id": "a", "method": "submit"}', "a", "missing", "params"),
        (
            '{"id": 7, "method": "submit", "params": {"transaction": 5}}',
            7, "wrong_type", "params.transaction",
        ),
        (
            '{"id": 7, "method": "submit", "params": {"transaction": "x", "x": 1}}',
            7, "unknown_field", "params.x",
        ),
        (
            '{"id": 7, "method": "submit", "params": {"transaction": "x"}}',
            7, "invalid_transaction", "transaction",
        ),
        ('{"id": 7, "method": "follow", "params": {"transaction_id": "x"}}', 7, "relay_not_found",
         "transaction_id"),
        (b"\x00\xff", None, "invalid_transaction", "transaction"),
        (json.dumps({"id": "x" * 65, "method": "submit", "params": {"transaction": "x"}}), None, "too_long",
         "id"),
    ],
)  # fmt: skip
async def test_what_is_wrong_with_a_message_is_its_own_answer(
    daemon: Served, message: str | bytes, id: object, code: str, param: str | None
) -> None:
    async with daemon.relay_socket() as socket:
        await socket.send_message(message)
        answer = await hear(socket)
        assert answer["id"] == id
        assert answer["error"]["code"] == code
        assert (answer["error"]["param"] or "").startswith(param or "")
        await submit(socket, 8, gift())
        assert (await hear(socket))["id"] == 8, "and the next one is taken"


async def test_after_a_lost_connection_it_is_followed_again(daemon: Served) -> None:
    daemon.engine.hedera.ledger.consensus = trio.Event()
    async with daemon.relay_socket() as socket:
        await submit(socket, 1, gift())
        relay = (await hear(socket))["result"]
    async with daemon.relay_socket() as socket:
        await say(socket, "again", "follow", transaction_id="TX-1")
        answer = await hear(socket)
        assert (answer["id"], answer["result"]["id"]) == ("again", relay["id"])
        daemon.engine.hedera.ledger.consensus.set()
        assert (await hear_until(socket, "succeeded"))[-1]["params"]["id"] == relay["id"]


async def test_each_change_is_told_once_however_often_it_was_asked_for(daemon: Served) -> None:
    daemon.engine.hedera.ledger.consensus = trio.Event()
    async with daemon.relay_socket() as socket:
        for number in range(3):
            await submit(socket, number, gift())
        first = [await hear(socket) for _ in range(3)]
        assert {message["id"] for message in first} == {0, 1, 2}
        daemon.engine.hedera.ledger.consensus.set()
        await hear_until(socket, "succeeded")
        await say(socket, "last", "follow", transaction_id="tx-1")
        assert (await hear(socket))["id"] == "last"


async def test_who_is_too_fast_is_read_later_and_refused_nothing(tmp_path: Path) -> None:
    limits = Limits(requests_per_s=20, requests_burst=2)
    async with served(tmp_path, limits) as daemon, daemon.relay_socket() as socket:
        began = trio.current_time()
        for number in range(8):
            await submit(socket, number, gift(f"tx-{number}"))
        answers = 0
        while answers < 8:
            answers += "result" in await hear(socket)
        assert trio.current_time() - began > 0.2


async def test_no_more_are_dealt_with_at_once_than_may_be(tmp_path: Path) -> None:
    async with served(tmp_path, Limits(in_flight=2, requests_burst=1_000)) as daemon:
        daemon.engine.hedera.faults_of_relay.waits.add("submit")
        async with daemon.relay_socket() as socket:
            for number in range(5):
                await submit(socket, number, gift(f"tx-{number}"))
            relays = daemon.engine.api.relays
            await until(lambda: len(relays.courses) == 2)
            await trio.sleep(0.1)
            assert len(relays.courses) == 2


async def test_a_large_transaction_fits_and_a_larger_one_does_not(tmp_path: Path) -> None:
    async with served(tmp_path) as daemon, daemon.relay_socket() as socket:
        await submit(socket, 1, gift(envelope="x" * 30_000))
        assert (await hear(socket))["result"]["transaction_id"] == "tx-1"
        await hear_until(socket, "succeeded")
        await submit(socket, 2, "x" * 49_153)
        assert (await hear(socket))["error"]["code"] == "too_long"
        await submit(socket, 3, "x" * 60_000)
        assert await closed_with(socket) == 1009


async def test_events_keep_their_own_limit_on_messages(daemon: Served) -> None:
    async with daemon.websocket() as events:
        await events.send_message("x" * 5_000)
        assert await closed_with(events) == 1009


# Who may


async def test_a_key_is_needed_where_nobody_says_otherwise(daemon: Served) -> None:
    assert await refused_with(daemon) == (401, "missing_key")


async def test_anybody_may_where_the_operator_says_so_up_to_so_many(tmp_path: Path) -> None:
    limits = Limits(keyless_sockets=1)
    async with served(tmp_path, limits, relay_public=True) as daemon, daemon.relay_socket("") as socket:
        await submit(socket, 1, gift())
        assert (await hear(socket))["result"]["invoice_id"] is None
        assert await refused_with(daemon) == (503, "too_many_sockets")
        async with daemon.relay_socket() as other:
            await submit(other, 1, gift())
            assert "result" in await hear(other), "who has a key has places of its own"


async def test_a_place_is_given_back(tmp_path: Path) -> None:
    async with served(tmp_path, Limits(keyless_sockets=1), relay_public=True) as daemon:
        for number in range(3):
            async with daemon.relay_socket("") as socket:
                await submit(socket, number, gift())
                await hear(socket)
            await until(lambda: daemon.traffics[0].websockets == 0)


async def test_without_a_key_it_is_open_while_something_is_on_its_way(tmp_path: Path) -> None:
    async with served(tmp_path, Limits(keyless_idle_s=0.1), relay_public=True) as daemon:
        daemon.engine.hedera.ledger.consensus = trio.Event()
        async with daemon.relay_socket("") as socket, daemon.relay_socket() as other:
            await submit(socket, 1, gift())
            await hear(socket)
            await trio.sleep(0.5)
            daemon.engine.hedera.ledger.consensus.set()
            assert (await hear(socket))["params"]["status"] == "succeeded"
            assert await closed_with(socket) == 1001
            await submit(other, 1, gift())
            assert "result" in await hear(other), "who has a key may be idle"


@pytest.mark.parametrize(("origin", "may"), [(SHOP_PAGE, True), ("https://evil.example", False)])
async def test_only_pages_that_are_named_may(tmp_path: Path, origin: str, may: bool) -> None:
    async with served(tmp_path, relay_public=True, relay_origins=(SHOP_PAGE,)) as daemon:
        if may:
            async with daemon.relay_socket("", Origin=origin) as socket:
                await submit(socket, 1, gift())
                assert "result" in await hear(socket)
            return
        assert await refused_with(daemon, Origin=origin) == (403, "foreign_origin")


@pytest.mark.parametrize(
    ("chain", "code"), [("bitcoin", "chain_does_not_relay"), ("dogecoin", "chain_not_found")]
)
async def test_a_chain_that_does_not_take_it_is_told_before_anything_is_opened(
    daemon: Served, chain: str, code: str
) -> None:
    assert await refused_with(daemon, chain, Authorization=f"Bearer {daemon.key}") == (404, code)


async def test_a_revoked_key_ends_it(tmp_path: Path) -> None:
    async with (
        served(tmp_path, Limits(key_check_every_s=0.05)) as daemon,
        daemon.relay_socket(daemon.keys["shop"]) as socket,
        daemon.admin() as admin,
    ):
        await admin.post("/admin/v1/sellers/shop/rotate")
        assert await closed_with(socket) == 4001


async def test_the_stop_is_told_with_1001(daemon: Served) -> None:
    async with daemon.relay_socket() as socket:
        await submit(socket, 1, gift())
        await hear(socket)
        daemon.stop.set()
        assert await closed_with(socket) == 1001


# Who does not read


async def test_a_client_that_never_reads_is_cut_and_nobody_else_notices(tmp_path: Path) -> None:
    limits = Limits(send_timeout_s=0.5, requests_per_s=1e6, requests_burst=10**6)
    async with served(tmp_path, limits) as daemon:
        slow = sockets.socket()
        slow.setsockopt(sockets.SOL_SOCKET, sockets.SO_RCVBUF, 4_096)
        slow.setblocking(False)
        async with trio.SocketStream(trio.socket.from_stdlib_socket(slow)) as stream:
            await stream.socket.connect(("127.0.0.1", daemon.port))
            await stream.send_all(UPGRADE.format(key=daemon.key).encode())
            async with daemon.relay_socket() as other, trio.open_nursery() as nursery:
                nursery.start_soon(pour, stream)
                for number in range(20):
                    await submit(other, number, gift(f"mine-{number}"))
                    assert (await hear(other))["id"] == number
                    await hear_until(other, "succeeded")
                await until(lambda: daemon.counts.open == 1)
                assert daemon.traffics[0].websockets == 1
                nursery.cancel_scope.cancel()


async def pour(stream: trio.SocketStream) -> None:
    """Ask for more than sockets hold, and read nothing of it."""
    message = json.dumps({"id": 1, "method": "follow", "params": {"transaction_id": "mine-0"}}).encode()
    frame = b"\x81" + bytes((0x80 | len(message),)) + bytes(4) + message
    with suppress(trio.BrokenResourceError):
        for _ in range(1_000):
            await stream.send_all(frame * 20)
