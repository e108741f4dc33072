"""The RPC client: against a real server with a login, and against peers that misbehave."""

import traceback
from decimal import Decimal
from pathlib import Path

import httpx
import pytest

from paydaemon.hooks.settings import Secret
from paydaemon_monero.errors import RpcError, Unavailable
from paydaemon_monero.programs import WALLET_RPC, Program, free_ports
from paydaemon_monero.rpc import Login, Rpc
from tests.bitcoin.peer import answer, peer, plain
from tests.support.waiting import until

PASSWORD = "hunter/2#?@%5B secret"


@pytest.fixture
def secret(tmp_path: Path) -> Secret:
    file = tmp_path / "password"
    file.write_text(PASSWORD + "\n")
    return Secret(file=str(file))


async def test_a_login_gets_in_by_digest_and_a_wrong_one_does_not(tmp_path: Path, secret: Secret) -> None:
    options = ("--rpc-ssl=disabled", f"--rpc-login=user:{PASSWORD}", "--offline", "--non-interactive")
    (port,) = free_ports(1)
    server = Program(
        tmp_path,
        WALLET_RPC,
        port,
        (
            *options,
            f"--wallet-dir={tmp_path}",
            f"--log-file={tmp_path / 'wallet.log'}",
            f"--shared-ringdb-dir={tmp_path}",
        ),
    )
    await server.launch()
    try:
        await until(lambda: _listens(server.url))
        async with Rpc("the wallet", server.url, Login("user", secret)) as rpc:
            for _ in range(3):
                assert (await rpc.call("get_version"))["version"] >= 65_561
            with pytest.raises(Unavailable, match="has no wallet open: start it with --wallet-file"):
                await rpc.call("get_height")
            with pytest.raises(RpcError, match="Method not found"):
                await rpc.call("nonsense")
        async with Rpc("the wallet", server.url, Login("other", secret)) as rpc:
            with pytest.raises(Unavailable, match="does not take this user and password"):
                await rpc.call("get_version")
    finally:
        await server.stop()


async def _listens(url: str) -> bool:
    try:
        async with httpx.AsyncClient(verify=False) as client:
            await client.get(url)
    except httpx.TransportError:
        return False
    return True


async def test_no_number_passes_through_a_float() -> None:
    told = answer({"amount": 18_446_744_073_709_551_615, "ratio": 0.1})
    async with peer(told) as (node, _), Rpc("monerod", f"http://127.0.0.1:{node.port}") as rpc:
        said = await rpc.call("get_info")
    assert said == {"amount": 2**64 - 1, "ratio": Decimal("0.1")}
    assert isinstance(said["ratio"], Decimal)


@pytest.mark.parametrize(
    ("said", "reason"),
    [
        (plain("200 OK"), "it answers no JSON"),
        (plain("503 Service Unavailable"), "monerod answers 503"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nNaN", "it answers no JSON"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}", "get_info has no result"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 30000\r\n\r\n" + b"[" * 30_000, "it answers no JSON"),
    ],
)
async def test_what_is_no_answer_is_somebody_away(said: bytes, reason: str) -> None:
    async with peer(said) as (node, _), Rpc("monerod", f"http://127.0.0.1:{node.port}") as rpc:
        with pytest.raises(Unavailable, match=reason):
            await rpc.call("get_info")


async def test_a_call_that_may_do_harm_twice_is_made_once() -> None:
    async with peer(None, answer({})) as (node, _):
        async with Rpc("the wallet", f"http://127.0.0.1:{node.port}") as rpc:
            with pytest.raises(Unavailable):
                await rpc.call("create_address", {"account_index": 0})
        assert len(node.requests) == 1


async def test_nothing_that_goes_wrong_tells_the_password(tmp_path: Path, secret: Secret) -> None:
    async with peer(plain("401 Unauthorized"), answer(code=-1)) as (node, _):
        rpc = Rpc("monerod", f"http://127.0.0.1:{node.port}", Login("user", secret))
        async with rpc:
            for _ in range(2):
                with pytest.raises((Unavailable, RpcError)) as error:
                    await rpc.call("get_info")
                assert PASSWORD not in "".join(traceback.format_exception(error.value))
    lost = Login("user", Secret(file=str(tmp_path / "nowhere")))
    with pytest.raises(Unavailable, match="the password for monerod cannot be read: No such file"):
        async with Rpc("monerod", "http://127.0.0.1:1", lost):
            pass
