"""All the way: a real daemon, a real network, invoices in XMR."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from paydaemon.hooks.diagnosis import ChainRecord, Verdict
from paydaemon_monero.config import MoneroConfig
from paydaemon_monero.diagnosis import diagnose
from paydaemon_monero.regtest import Regtest
from tests.monero.world import QUICK_S, XMR
from tests.support.daemon import Daemon, Json, address_of, due_of, patiently, running


@pytest.fixture
async def daemon(net: Regtest, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Daemon]:
    folder: Path = tmp_path_factory.mktemp("d")  # its path is short, because that of a Unix socket has to be
    # An account of its own, since its numbers begin with 1 as those of the other tests do.
    chain: dict[str, Any] = {"plugin": "monero", **net.settings, "poll_interval_s": QUICK_S, "account": 1}
    async with running(folder, {"chains": {"monero": chain}}) as daemon:
        yield daemon
        assert daemon.errors() == []


async def invoice(daemon: Daemon, amount: str, **fields: object) -> Json:
    body = {"amount": amount, "currency": "XMR", "seller_id": "shop", "confirmations": 2, **fields}
    return await daemon.call("POST", "/v1/invoices", body)


async def test_invoices_are_paid_in_part_in_full_and_in_excess_and_while_the_daemon_is_off(
    net: Regtest, daemon: Daemon
) -> None:
    one, other = await invoice(daemon, "0.5"), await invoice(daemon, "1")
    assert due_of(one) == XMR // 2
    await net.pay((address_of(one), XMR // 5), (address_of(other), 2 * XMR))
    await daemon.until_invoice(one["id"], lambda seen: "partial" in seen["flags"])
    await daemon.until_invoice(other["id"], lambda seen: "over" in seen["flags"])
    await daemon.stop()
    await net.pay((address_of(one), XMR // 10 * 3))
    await net.mine(2)
    await daemon.start()
    await daemon.until_status(one["id"], "settled")
    settled = await daemon.until_status(other["id"], "settled")
    assert settled["options"][0]["confirmed_minor"] == str(2 * XMR)
    told = await daemon.types(one["id"])
    assert (told[0], told[-1]) == ("created", "settled")
    assert (told.count("payment_seen"), told.count("partially_paid")) == (2, 1)


async def test_a_node_that_is_away_is_told_and_the_doctor_says_so(net: Regtest, daemon: Daemon) -> None:
    config = MoneroConfig.model_validate(net.settings)
    found = [finding async for finding in diagnose("monero", config, ChainRecord())]
    assert [finding.what for finding in found if finding.verdict is Verdict.PROBLEM] == []
    assert {"node", "network", "sync", "wallet", "identity", "height", "subaddresses"} == {
        finding.what for finding in found
    }
    await net.node.stop()
    await patiently(lambda: _told(daemon, "chain.stale"))
    found = [finding async for finding in diagnose("monero", config, ChainRecord())]
    assert [(finding.what, finding.verdict) for finding in found] == [("node", Verdict.PROBLEM)]
    await net.node.start()
    await patiently(lambda: _told(daemon, "chain.recovered"))


async def _told(daemon: Daemon, type: str) -> bool:
    return any(event["type"] == type for event in await daemon.journal())
