"""The RPC client: against a real node, and against peers that misbehave as nodes do."""

import traceback
from decimal import Decimal
from pathlib import Path

import pytest
import trio

from paydaemon.hooks.settings import Secret
from paydaemon_bitcoin.errors import NodeUnavailable, RpcError
from paydaemon_bitcoin.regtest import RegtestNode
from paydaemon_bitcoin.rpc import connect, cookie_file, user_and_password
from tests.bitcoin.peer import PASSWORD, answer, peer, plain
from tests.support.node import copy_node
from tests.support.waiting import BOUND_S, until

# A real node


async def test_answers_carry_exact_amounts(node: RegtestNode) -> None:
    balance = await node.miner.call("getbalance")
    assert isinstance(balance, Decimal)
    txid = await node.miner.call("sendtoaddress", await node.miner.call("getnewaddress"), "0.10000001")
    assert (await node.rpc.call("getmempoolentry", txid))["time"] > 0


async def test_a_refusal_says_which_call_and_why(node: RegtestNode, tip: int) -> None:
    with pytest.raises(RpcError) as refused:
        await node.rpc.call("getblock", "00" * 32)
    assert refused.value.code == -5
    assert refused.value.method == "getblock"
    assert await node.rpc.call("getblockcount") == tip


async def test_any_password_gets_in(prepared: Path, tmp_path: Path) -> None:
    """One with a slash, a hash or an at sign in it would break a URL."""
    node = copy_node(prepared, tmp_path / "node")
    node.password = PASSWORD
    secret = tmp_path / "password"
    secret.write_text(PASSWORD + "\n")
    async with node:
        rpc = connect(node.url, user_and_password("user", Secret(file=str(secret))))
        assert await rpc.call("getblockcount") == 110
        rpc.close()


async def test_many_calls_at_once_share_few_connections(node: RegtestNode) -> None:
    rpc = connect(node.url, cookie_file(node.cookie), workers=3)
    heights: list[int] = []
    most = 0

    async def ask(height: int) -> None:
        nonlocal most
        block = await rpc.call("getblockhash", height)
        most = max(most, rpc._lines._threads.borrowed_tokens)
        heights.append((await rpc.call("getblockheader", block))["height"])

    async with trio.open_nursery() as nursery:
        for height in range(100):
            nursery.start_soon(ask, height)
    assert sorted(heights) == list(range(100))
    assert most <= 3
    assert len(rpc._lines._idle) <= 3
    assert rpc.breaks == 0
    rpc.close()


async def test_a_new_cookie_is_read_by_itself(own_node: RegtestNode) -> None:
    node = own_node
    rpc = connect(node.url, cookie_file(node.cookie))
    assert await rpc.call("getblockchaininfo")
    await node.stop()
    await node.start()
    assert await rpc.call("getblockchaininfo")
    assert rpc.breaks > 0
    rpc.close()


async def test_a_call_that_is_given_up_ends_its_thread_and_its_connection(
    node: RegtestNode, tip: int
) -> None:
    rpc = connect(node.url, cookie_file(node.cookie), workers=1)
    with trio.move_on_after(0.2) as scope:
        await rpc.call("waitfornewblock", 600_000, timeout_s=600)
    assert scope.cancelled_caught
    with trio.fail_after(BOUND_S):
        assert await rpc.call("getblockcount") == tip
    await until(lambda: rpc._lines._threads.borrowed_tokens == 0)
    rpc.close()


async def test_what_is_closed_while_it_is_in_use_is_hung_up_afterwards(node: RegtestNode, tip: int) -> None:
    rpc = connect(node.url, cookie_file(node.cookie))
    async with trio.open_nursery() as nursery:
        nursery.start_soon(rpc.call, "waitforblockheight", tip + 1, 600_000)
        await until(lambda: rpc._lines._threads.borrowed_tokens == 1)
        rpc.close()
        await node.mine(1)
    assert rpc._lines._idle == []


# Peers that misbehave


async def test_a_broken_connection_is_dialled_again() -> None:
    async with peer(answer(1), None, answer(2)) as (one, dial):
        rpc = dial()
        assert await rpc.call("getblockchaininfo") == 1
        assert await rpc.call("getblockchaininfo") == 2
        assert one.connections == 2
        assert rpc.breaks == 1


async def test_what_may_have_been_carried_out_is_not_repeated() -> None:
    async with peer(None, answer("twice")) as (one, dial):
        with pytest.raises(NodeUnavailable):
            await dial().call("sendtoaddress", "address", "1.0")
        assert len(one.requests) == 1


@pytest.mark.parametrize(
    "refusal", [plain("503 Service Unavailable"), answer(code=-28, status="500 Trouble")]
)
async def test_what_was_not_carried_out_is_repeated_always(refusal: bytes) -> None:
    async with peer(refusal, refusal, answer("done")) as (one, dial):
        assert await dial().call("sendtoaddress", "address", "1.0") == "done"
        assert len(one.requests) == 3


@pytest.mark.parametrize(
    ("refusal", "reason"),
    [
        (plain("401 Unauthorized"), "refuses the user and password"),
        (plain("403 Forbidden"), "refuses calls from this address"),
        (plain("503 Service Unavailable"), "too busy"),
        (plain("200 OK"), "non-JSON"),
        (answer(code=-28), "the node is starting: trouble"),
        (None, "no answer from the node at 127.0.0.1"),
        (b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 3\r\n\r\n{]}", "no answer"),
        (b"nonsense\r\n\r\n", "no answer"),
    ],
)
async def test_tries_are_bounded_and_the_last_reason_is_told(refusal: bytes | None, reason: str) -> None:
    async with peer(*[refusal] * 10) as (one, dial):
        with pytest.raises(NodeUnavailable, match=reason):
            await dial().call("getblockchaininfo")
        assert len(one.requests) == 4


async def test_a_silent_peer_counts_as_away() -> None:
    async with peer(b"...") as (_, dial):
        with pytest.raises(NodeUnavailable, match="in time"):
            await dial(timeout_s=0.2, pauses_s=(0.0,)).call("getblockchaininfo")


async def test_nobody_listening_counts_as_away() -> None:
    async with peer() as (one, dial):
        rpc = dial()
    with pytest.raises(NodeUnavailable, match=rf"127.0.0.1:{one.port}: Connection refused$"):
        await rpc.call("sendtoaddress", "address", "1.0")


async def test_credentials_that_cannot_be_read_are_named_by_their_file(tmp_path: Path) -> None:
    rpc = connect("http://127.0.0.1:1", cookie_file(tmp_path / "no-cookie"))
    with pytest.raises(NodeUnavailable, match=r"credentials: /.*/no-cookie: No such file or directory$"):
        await rpc.call("getblockchaininfo")
    (tmp_path / "no-cookie").write_text("nothing of the kind")
    with pytest.raises(NodeUnavailable, match="is no cookie file"):
        await rpc.call("getblockchaininfo")


@pytest.mark.parametrize("refusal", [plain("401 Unauthorized"), None, answer(code=-1), b"nonsense\r\n\r\n"])
async def test_no_trouble_tells_the_password(
    refusal: bytes | None, caplog: pytest.LogCaptureFixture, capsys: pytest.CaptureFixture[str]
) -> None:
    caplog.set_level(1)
    async with peer(*[refusal] * 10) as (one, dial):
        rpc = dial()
        with pytest.raises((NodeUnavailable, RpcError)) as trouble:
            await rpc.call("getblockchaininfo")
        told = "".join(traceback.format_exception(trouble.value)) + repr(rpc) + caplog.text
        told += "".join(repr(error) for error in _chain(trouble.value)) + "".join(capsys.readouterr())
        assert one.requests
        assert "Basic" not in told
        assert all(part not in told for part in ("hunter", "secret", PASSWORD))


def _chain(error: BaseException | None) -> list[BaseException]:
    """An error and everything that it came from, told or not."""
    found: list[BaseException] = []
    while error is not None:
        found.append(error)
        error = error.__cause__ or error.__context__
    return found
