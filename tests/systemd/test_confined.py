"""The daemon does all its work under the system calls, families and capabilities that its unit leaves it."""

import sys
from pathlib import Path

import trio

from paydaemon_bitcoin.regtest import RegtestNode
from tests.e2e.setup import NEVER_S, bitcoin
from tests.support.daemon import address_of, due_of, running
from tests.support.node import pay_many
from tests.systemd import confined
from tests.systemd.units import ROOT, SERVICE

UNDER = (sys.executable, str(confined.__file__), str(SERVICE))
ENV = {"PYTHONPATH": str(ROOT)}


async def test_it_is_paid(tmp_path: Path) -> None:
    async with RegtestNode(tmp_path / "node") as node:
        await node.prepare()
        async with running(tmp_path, bitcoin(node, poll_interval_s=NEVER_S), under=UNDER, env=ENV) as daemon:
            status = await trio.Path(f"/proc/{daemon.pid}/status").read_text()
            assert "CapEff:\t0000000000000000\n" in status
            assert "Seccomp:\t2\n" in status
            invoice = await daemon.invoice(confirmations=1)
            await pay_many(node, (address_of(invoice), due_of(invoice)))
            await daemon.until_status(invoice["id"], "processing")
            await node.mine(1)
            await daemon.until_status(invoice["id"], "settled")
            await daemon.stop()
            assert '"level": "error"' not in daemon.log()
