"""What the doctor finds of a Hedera chain, and what it says is to be done."""

import json

import pytest

from paydaemon.hooks.diagnosis import ChainRecord, Finding, Verdict
from paydaemon_hedera.diagnosis import diagnose
from paydaemon_hedera.sandbox.running import Options
from tests.hedera.front import HANG_UP, reply
from tests.hedera.world import OURS, USDC, World, world


async def found(here: World, record: ChainRecord | None = None) -> dict[str, Finding]:
    about = diagnose("hedera", here.config, record or ChainRecord())
    return {finding.what: finding async for finding in about}


async def test_all_is_well_and_nothing_was_handed_to_anybody() -> None:
    async with world() as here:
        findings = await found(here, ChainRecord("hedera local", 3))
        assert {one.verdict for one in findings.values()} == {Verdict.OK}
        assert list(findings) == ["network", "mirror", "account", "token USDC", "nodes"]
        assert findings["nodes"].said == "2 can be reached, without TLS"
        assert here.codes() == []


async def test_another_network_than_the_databases() -> None:
    async with world() as here:
        finding = (await found(here, ChainRecord("hedera mainnet")))["network"]
        assert (finding.verdict, "'hedera mainnet'" in finding.said) == (Verdict.PROBLEM, True)


async def test_a_mirror_that_is_away_or_behind() -> None:
    async with world(**{"limits.mirror_tries": 1}) as here:
        here.sandbox.mirror.set_lags([100.0])
        assert (await found(here))["mirror"].verdict is Verdict.WARNING
        here.sandbox.clock.advance(400)
        finding = (await found(here))["mirror"]
        assert (finding.verdict, "ahead of this machine's clock" in finding.said) == (Verdict.PROBLEM, True)
        here.front.always(HANG_UP)
        findings = await found(here)
        assert findings["mirror"].said.startswith(f"{here.front.url} cannot be asked")
        assert findings["nodes"].verdict is Verdict.OK


@pytest.mark.parametrize(
    ("change", "said"), [("deleted", "was deleted"), ("receiver_sig_required", "own signature")]
)
async def test_an_account_that_cannot_be_paid(change: str, said: str) -> None:
    async with world() as here:

        def changed(path: str) -> bytes | None:
            if f"/accounts/{OURS}?" not in path:
                return None
            told = json.loads(here.front._honest(path).partition(b"\r\n\r\n")[2])
            return reply({**told, change: True})

        here.front.says = changed
        finding = (await found(here))["account"]
        assert (finding.verdict, said in finding.said) == (Verdict.PROBLEM, True)
    async with world(account="0.0.1999", tokens=()) as here:
        assert (await found(here))["account"].said == "0.0.1999 is not there"


async def test_tokens_that_are_not_as_configured() -> None:
    tokens = (
        {"id": f"0.0.{USDC}", "symbol": "USDC", "decimals": 8},
        {"id": "0.0.77", "symbol": "GONE", "decimals": 8},
    )
    async with world(tokens=tokens) as here:
        findings = await found(here)
        assert findings["token USDC"].advice == "set decimals = 6"
        assert findings["token GONE"].said == "there is no token 0.0.77"
    async with world(account="0.0.1700") as here:
        here.account(1_700)
        finding = (await found(here))["token USDC"]
        assert (finding.verdict, "not associated" in finding.said) == (Verdict.WARNING, True)


async def test_nodes_that_cannot_be_reached() -> None:
    async with world(**{"limits.connect_timeout_s": 0.3}) as here:
        here.sandbox.node(4).stop()
        findings = await found(here)
        assert findings["nodes"].said == "1 can be reached, without TLS"
        assert "cannot be reached" in findings["node 0.0.4"].said
        here.sandbox.node(3).stop()
        assert (await found(here))["nodes"].verdict is Verdict.PROBLEM


async def test_certificates() -> None:
    async with world(Options(tls=True), tls=True, nodes=None) as here:
        assert (await found(here))["nodes"].said == "2 can be reached, by TLS"
        right = here.sandbox._address_book
        here.sandbox.mirror._nodes = lambda: [
            type(one)(one.number, one.host, one.port, "ab" * 48) for one in right()
        ]
        findings = await found(here)
        assert findings["nodes"].verdict is Verdict.PROBLEM
        assert findings["node 0.0.3"].said.endswith("shows another certificate than is known of it")
