"""The older payment server's own clients, unchanged but for the address, to consensus on the sandbox."""

import base64
import socket
from collections.abc import Iterator
from contextlib import AsyncExitStack
from itertools import product
from pathlib import Path
from typing import Any

import pytest
import trio

from paydaemon_hedera.sandbox.genesis import PAYEE
from paydaemon_hedera.sandbox.running import Options, Running
from tests.e2e.oldclients import (
    RELEASES,
    TRANSPORTS,
    OldClient,
    balance_of,
    deprecated,
    old_client,
    receipt_of,
)
from tests.support.daemon import Daemon, Json
from tests.support.hederanet import settings

ALICE = 1002
OK, SUCCESS, DUPLICATE = 0, 22, 11


def free_port() -> int:
    """One that a daemon can have again after its restart."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def tables(sandbox: Running, port: int = 0) -> dict[str, Any]:
    """A daemon that old clients find where they look."""
    table = {"plugin": "socketio"}
    bind = {"bind": f"127.0.0.1:{port}"}
    return {**settings(sandbox, poll_interval_s=0.1), "frontends": {"socketio": table}, "http": bind}


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Running]:
    with Running(Options(consensus_delay_s=0.1)) as running:
        yield running


@pytest.fixture(scope="module")
def daemon(sandbox: Running, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Daemon]:
    made = Daemon(tmp_path_factory.mktemp("old"), tables(sandbox))
    try:
        trio.run(made.start)
        yield made
        trio.run(made.stop)
        assert made.errors() == []
    finally:
        trio.run(made.kill)


async def owed(daemon: Daemon) -> tuple[Json, str, int]:
    """An invoice, with the memo and the tinybars that pay it."""
    body = {"amount": "1.25", "currency": "EUR", "seller_id": "shop"}
    invoice = await daemon.call("POST", "/v1/invoices", body)
    (option,) = (option for option in invoice["options"] if option["asset"] == "HBAR")
    return invoice, option["destination"]["memo"], int(option["due_minor"])


@pytest.mark.parametrize("transports", TRANSPORTS)
@pytest.mark.parametrize("release", RELEASES)
async def test_a_client_pays_to_consensus(
    sandbox: Running, daemon: Daemon, release: str, transports: str
) -> None:
    """With the deprecated shape in bytes, asked of at once; then with today's in a text, acknowledged."""
    async with old_client(release, daemon.api, transports) as client:
        invoice, memo, due = await owed(daemon)
        raw = sandbox.signed(ALICE, PAYEE, due, memo=memo)
        await client.send("CRYPTOTRANSFER", deprecated(raw))
        await is_on_its_way(client, transports)
        assert await client.hears("CRYPTOTRANSFER_RESPONSE") == {"nodePrecheckcode": OK, "error": None}
        settled = await daemon.until_status(invoice["id"], "settled")
        await receipt_is_there(client, settled)
        await pays_today(sandbox, daemon, client)


async def is_on_its_way(client: OldClient, transports: str) -> None:
    """It has connected, and changed to a websocket where it may; newer releases do that first."""
    first, _, then = transports.partition(",")
    connected = await client.hears("connect")
    assert connected in (first, then)
    if then and connected != then:
        assert await client.hears("upgrade") == then


async def receipt_is_there(client: OldClient, invoice: Json) -> None:
    [payment] = [one for option in invoice["options"] for one in option["payments"]]
    await client.send("TRANSACTIONGETRECEIPT", receipt_of(payment["transaction_id"]))
    receipt = await client.hears("TRANSACTIONGETRECEIPT_RESPONSE")
    assert (receipt["nodePrecheckcode"], receipt["receiptStatus"]) == (OK, SUCCESS)


async def pays_today(sandbox: Running, daemon: Daemon, client: OldClient) -> None:
    invoice, memo, due = await owed(daemon)
    raw = sandbox.signed(ALICE, PAYEE, due, memo=memo)
    await client.send("CRYPTOTRANSFER", base64.b64encode(raw).decode(), ack=True)
    heard = [await client.hears("ack", "CRYPTOTRANSFER_RESPONSE") for _ in range(2)]
    assert heard == [{"nodePrecheckcode": OK, "error": None}] * 2
    await daemon.until_status(invoice["id"], "settled")


async def test_the_receipt_is_asked_for_at_once(sandbox: Running, daemon: Daemon) -> None:
    """As the browser extension does: as soon as a node has taken it, and only once."""
    async with old_client("2.2", daemon.api, "polling,websocket") as client:
        _, memo, due = await owed(daemon)
        await client.send("CRYPTOTRANSFER", deprecated(sandbox.signed(ALICE, PAYEE, due, memo=memo)))
        assert (await client.hears("CRYPTOTRANSFER_RESPONSE"))["nodePrecheckcode"] == OK
        [event] = await relays(daemon, memo)
        await client.send("TRANSACTIONGETRECEIPT", receipt_of(event))
        receipt = await client.hears("TRANSACTIONGETRECEIPT_RESPONSE")
        assert receipt["receiptStatus"] == SUCCESS


async def relays(daemon: Daemon, memo: str) -> list[str]:
    """The ids of the transactions with this memo."""
    return [
        event["data"]["relay"]["transaction_id"]
        for event in await daemon.journal()
        if event["type"] == "relay.received" and event["data"]["relay"]["memo"] == memo
    ]


@pytest.mark.parametrize(("release", "transports"), list(zip(RELEASES, TRANSPORTS, strict=True)))
async def test_whatever_is_sent_is_answered(daemon: Daemon, release: str, transports: str) -> None:
    async with old_client(release, daemon.api, transports) as client:
        await client.send("CRYPTOGETACCOUNTBALANCE", balance_of(ALICE))
        balance = await client.hears("CRYPTOGETACCOUNTBALANCE_RESPONSE")
        assert (balance["nodePrecheckcode"], balance["accountID"]) == (OK, f"0.0.{ALICE}")
        assert balance["balance"] > 0
        for event in ("CRYPTOTRANSFER", "CRYPTOGETACCOUNTBALANCE", "FILEGETCONTENTS"):
            await client.send(event, b"\xff\x00nonsense")
            answers = {
                heard: await client.hears(heard) for heard in (f"{event}_RESPONSE", "PAYMENTSERVERERROR")
            }
            assert all(said["error"] for said in answers.values())
            assert answers[f"{event}_RESPONSE"]["nodePrecheckcode"] is None
        await client.send("CONTRACTCALL", "no base64 !")
        wrapped = await client.hears("CONTRACTCALL_RESPONSE")
        assert wrapped["responseData"]["error"]


async def test_what_pays_nobody_of_ours_is_refused(sandbox: Running, daemon: Daemon) -> None:
    async with old_client("2.2", daemon.api, "polling") as client:
        await client.send("CRYPTOTRANSFER", deprecated(sandbox.signed(ALICE, 1003, 5)))
        said = await client.hears("CRYPTOTRANSFER_RESPONSE")
        assert said["nodePrecheckcode"] is None
        assert "must credit" in said["error"]


async def test_who_pays_twice_is_told_so(sandbox: Running, daemon: Daemon) -> None:
    _, memo, due = await owed(daemon)
    raw = deprecated(sandbox.signed(ALICE, PAYEE, due, memo=memo))
    async with (
        old_client("2.2", daemon.api, "websocket") as one,
        old_client("4.8", daemon.api, "polling") as other,
    ):
        for client in (one, other):
            await client.send("CRYPTOTRANSFER", raw)
        for client in (one, other):
            assert (await client.hears("CRYPTOTRANSFER_RESPONSE"))["nodePrecheckcode"] in (OK, DUPLICATE)
        assert len(await relays(daemon, memo)) == 1


async def test_clients_come_back_after_a_restart(sandbox: Running, tmp_path: Path) -> None:
    daemon = Daemon(tmp_path, tables(sandbox, free_port()))
    async with AsyncExitStack() as stack:
        stack.push_async_callback(daemon.kill)
        await daemon.start()
        enter = stack.enter_async_context
        clients = [
            await enter(old_client(release, daemon.api, transports))
            for release, transports in product(RELEASES, TRANSPORTS)
        ]
        for client in clients:
            await client.hears("connect")
        await daemon.stop()
        await daemon.start()
        async with trio.open_nursery() as nursery:
            for client in clients:
                nursery.start_soon(comes_back, sandbox, daemon, client)
        await daemon.stop()


async def comes_back(sandbox: Running, daemon: Daemon, client: OldClient) -> None:
    await client.hears("disconnect")
    await client.hears("connect")
    await pays_today(sandbox, daemon, client)
