"""A node that goes away, comes back as another run of itself, or says nothing."""

import socket
from pathlib import Path

from paydaemon_bitcoin.regtest import RegtestNode
from tests.e2e.setup import NEVER_S, bitcoin, chain
from tests.support.daemon import Daemon, address_of, due_of, patiently, payments_of, running
from tests.support.node import copy_node, pay_many

STALE = {"state": "stale", "id": "bitcoin", "plugin": "bitcoin"}


async def _is_refused_and_explained(daemon: Daemon) -> None:
    """Nothing can be offered, and whoever asks is told which chain it is."""
    told = await daemon.readiness()
    (shown,) = told["chains"]
    assert told["status"] == "unavailable"
    assert shown.items() >= STALE.items()
    assert shown["reason"]
    async with daemon.client() as client:
        assert (await client.get("/readyz")).status_code == 503
        assert (await client.get("/healthz")).status_code == 200, "the daemon itself is well"
        body = {"amount": "0.001", "currency": "BTC", "seller_id": "shop"}
        answer = await client.post("/v1/invoices", json=body)
    assert answer.status_code == 503
    assert answer.headers["Retry-After"]
    assert answer.json()["error"]["type"] == "unavailable"
    assert "chain bitcoin" in answer.json()["error"]["message"]


async def test_restarted_with_another_cookie_and_then_with_an_empty_mempool(
    prepared: Path, folder: Path
) -> None:
    async with (
        copy_node(prepared, folder / "node") as node,
        running(folder, bitcoin(node, poll_interval_s=NEVER_S)) as daemon,
        daemon.stream(after=None) as stream,
    ):
        before, forgotten = await daemon.invoice(), await daemon.invoice()
        await pay_many(node, (address_of(before), due_of(before)))
        await daemon.until_status(before["id"], "processing")

        cookie = node.cookie.read_text()
        await node.stop()
        await stream.until("chain.stale")
        await _is_refused_and_explained(daemon)
        await node.start()
        assert node.cookie.read_text() != cookie
        await stream.until("chain.recovered")
        assert (await daemon.readiness())["status"] == "ok"
        assert (await daemon.show(before["id"]))["status"] == "processing"

        after = await daemon.invoice()
        await pay_many(node, (address_of(after), due_of(after)))
        await daemon.until_status(after["id"], "processing")
        await node.mine(6)
        for invoice in (before, after):
            assert (await daemon.until_status(invoice["id"], "settled"))["flags"] == []
            assert await daemon.types(invoice["id"]) == [
                *("created", "payment_seen", "processing", "payment.confirmed", "settled"),
            ]

        raw = await node.spend(await node.coin(), [(address_of(forgotten), due_of(forgotten))])
        await node.send(raw)
        await daemon.until_status(forgotten["id"], "processing")
        await _restart_forgetting(node)
        dropped = await daemon.until_status(forgotten["id"], "new")
        assert [payment["state"] for payment in payments_of(dropped)] == ["dropped"]
        await node.send(raw)
        await daemon.until_status(forgotten["id"], "processing")
        await node.mine(6)
        await daemon.until_status(forgotten["id"], "settled")
        assert await daemon.types(forgotten["id"]) == [
            *("created", "payment_seen", "processing", "payment.dropped"),
            *("payment_seen", "processing", "payment.confirmed", "settled"),
        ]


async def test_away_at_the_start_of_the_daemon(prepared: Path, folder: Path) -> None:
    node = copy_node(prepared, folder / "node")
    async with node:
        pass  # from now on its ports are known
    async with (
        running(folder, bitcoin(node, poll_interval_s=NEVER_S), ready=False) as daemon,
        daemon.stream() as stream,
    ):
        await stream.until("chain.stale")
        await _is_refused_and_explained(daemon)
        async with node:
            await stream.until("chain.recovered")
            invoice = await daemon.invoice(confirmations=1)
            await pay_many(node, (address_of(invoice), due_of(invoice)))
            await stream.until("invoice.processing", invoice["id"])
            await node.mine(1)
            await stream.until("invoice.settled", invoice["id"])


async def test_a_chain_that_is_away_leaves_the_others_alone(
    node: RegtestNode, prepared: Path, folder: Path
) -> None:
    away = copy_node(prepared, folder / "away")
    async with away:
        pass
    tables = {"chains": {"here": chain(node, poll_interval_s=NEVER_S), "away": chain(away)}}
    async with running(folder, tables, ready=False) as daemon, daemon.stream() as stream:
        await stream.until("chain.stale")
        await patiently(lambda: _can_be_offered(daemon, "here"))
        invoice = await daemon.invoice(confirmations=1)
        assert [option["chain"] for option in invoice["options"]] == ["here"]
        body = {"amount": "0.001", "currency": "BTC", "seller_id": "shop", "chains": ["away"]}
        refused = (await daemon.call("POST", "/v1/invoices", body, expect=5))["error"]
        assert (refused["type"], refused["param"]) == ("unavailable", "chains")
        assert "chain away" in refused["message"]
        await pay_many(node, (address_of(invoice), due_of(invoice)))
        await stream.until("invoice.processing", invoice["id"])
        await node.mine(1)
        await stream.until("invoice.settled", invoice["id"])


async def test_without_zmq_everything_is_found_by_polling(node: RegtestNode, folder: Path) -> None:
    """Two chains on one node: one is told no endpoint, the other one at which nobody speaks."""
    deaf = chain(node, kind="tr", poll_interval_s=1)
    del deaf["zmq_rawtx"], deaf["zmq_sequence"]
    nobody = f"tcp://127.0.0.1:{_unused_port()}"
    astray = chain(node, poll_interval_s=1, zmq_rawtx=nobody, zmq_sequence=nobody)
    async with running(folder, {"chains": {"astray": astray, "deaf": deaf}}) as daemon:
        invoices = [await daemon.invoice(chains=[name], confirmations=2) for name in ("astray", "deaf")]
        coin = await node.coin()
        paying = [(address_of(invoice), due_of(invoice)) for invoice in invoices]
        await node.send(await node.spend(coin, paying, fee_minor=1_000))
        for invoice in invoices:
            await daemon.until_status(invoice["id"], "processing")
        bumped = await node.send(await node.spend(coin, paying, fee_minor=5_000))
        for invoice in invoices:
            shown = await daemon.until_invoice(invoice["id"], lambda it: len(payments_of(it)) == 2)
            assert shown["status"] == "processing"
            counted = [paid["transaction_id"] for paid in payments_of(shown) if paid["state"] == "pending"]
            assert counted == [bumped]
        await node.mine(2)
        for invoice in invoices:
            assert (await daemon.until_status(invoice["id"], "settled"))["flags"] == []


async def test_another_wallet_than_the_database_belongs_to_is_refused(
    node: RegtestNode, folder: Path
) -> None:
    async with running(folder, bitcoin(node, poll_interval_s=NEVER_S)) as daemon:
        await daemon.stop()
        daemon.configure(bitcoin(node, poll_interval_s=NEVER_S))
        await daemon.start(ready=False)
        async with daemon.stream() as stream:
            failed = await stream.until("plugin.failed")
            assert "the descriptor is of another wallet (wpkh " in failed["data"]["reason"]
            assert "network" not in failed["data"]["reason"]
            await _is_refused_and_explained(daemon)


async def _can_be_offered(daemon: Daemon, chain: str) -> bool:
    states = {shown["id"]: shown["state"] for shown in (await daemon.readiness())["chains"]}
    return bool(states[chain] == "healthy")


async def _restart_forgetting(node: RegtestNode) -> None:
    """Restart a node so that nothing is left of its mempool, nor brought back into it by its wallets."""
    await node.stop()
    node.options |= {"persistmempool": 0, "walletbroadcast": 0}
    await node.start()


def _unused_port() -> int:
    with socket.socket() as picked:
        picked.bind(("127.0.0.1", 0))
        return int(picked.getsockname()[1])
