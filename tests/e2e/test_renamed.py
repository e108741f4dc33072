"""A chain that the configuration calls otherwise than before, or not at all, with a real daemon and node."""

from pathlib import Path

from paydaemon_bitcoin.regtest import RegtestNode
from tests.e2e.commands import paydaemon
from tests.e2e.setup import NEVER_S, chain
from tests.support import daemon as daemons
from tests.support.daemon import Daemon, Json, address_of
from tests.support.waiting import until


async def problems(daemon: Daemon) -> dict[str, str]:
    """What the doctor says is a problem of a chain, by area."""
    done = await paydaemon("doctor", "--json", "--config", str(daemon.config))
    found = [row for row in done.json["findings"] if row["verdict"] == "problem"]
    assert done.exit_code == (1 if found else 0)
    return {f"{row['area']} {row['what']}": f"{row['said']}: {row['advice']}" for row in found}


async def test_a_renamed_chain_is_told_its_name(node: RegtestNode, tmp_path: Path) -> None:
    told_nothing = chain(node, poll_interval_s=NEVER_S)
    del told_nothing["zmq_rawtx"], told_nothing["zmq_sequence"]  # the doctor would listen to them for a while
    known = {"chains": {"bitcoin": told_nothing}}
    async with daemons.running(tmp_path, known) as daemon:
        invoice = await daemon.invoice()
        await daemon.stop()
        daemon.configure({"chains": {"btc": known["chains"]["bitcoin"]}})

        told = await problems(daemon)
        assert told.keys() == {"chains.bitcoin configuration", "chains.btc identity"}
        assert "1 invoice(s) wait for what is paid on it" in told["chains.bitcoin configuration"]
        assert "call it 'bitcoin' again" in told["chains.btc identity"]

        await daemon.start(ready=False)
        absent: dict[str, Json] = {}

        async def refused() -> bool:
            rows = (await daemon.readiness())["chains"]
            absent.update({row["id"]: row for row in rows})
            return "again" in absent["btc"]["reason"]

        await until(refused)
        assert absent["btc"]["reason"].endswith("as chain 'bitcoin': call it 'bitcoin' again")
        assert absent["bitcoin"]["reason"].startswith("not configured, and 1 invoice(s)")
        assert "a chain is not configured, and invoices wait on it" in daemon.log()
        assert "Traceback" not in daemon.log()
        async with daemon.client() as client:
            assert address_of(invoice) not in (await client.get(f"/i/{invoice['id']}")).text
        assert "daemon chain" in await problems(daemon)

        await daemon.stop()
        daemon.configure(known)
        await daemon.start()
        assert await problems(daemon) == {}
