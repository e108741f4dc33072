"""Scripts that the operator adds for wallets: from our own origin, and where there is something to sign."""

import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from paydaemon.config.addresses import parse_peer_origin
from paydaemon.config.files import MAX_SCRIPT_BYTES, wallet_problems
from paydaemon.frontends.checkout.policy import policy
from tests.frontends.checkout.test_policy import BUDGET_BYTES, directives
from tests.support.served import PUBLIC_URL, served

SCRIPTS = (b"paydaemon.wallets.register({});", b"// another")
RELAY = "wss://relay.example"
LOADED = re.compile(r'<script type="module" src="\.\.(/assets/[^"]+)"')


async def test_they_are_loaded_from_the_daemon_and_may_speak_to_whom_is_named(tmp_path: Path) -> None:
    brought_by = served(tmp_path, wallets=SCRIPTS, wallet_origins=(RELAY,))
    async with brought_by as daemon, daemon.client("") as client:
        invoice = await daemon.invoice(chains=["bitcoin", "hedera"])
        bitcoin = await client.get(f"/i/{invoice['id']}")
        hedera = await client.get(f"/i/{invoice['id']}?way=2")
        assert len(LOADED.findall(bitcoin.text)) == 1, "nothing on Bitcoin is signed here"
        own, *brought = LOADED.findall(hedera.text)
        assert own.endswith("/page.js")
        assert tuple([(await client.get(path)).content for path in brought]) == SCRIPTS
        ours = [
            await client.get(path) for path in re.findall(r'(?:src|href)="\.\.(/assets/[^"]+)"', hedera.text)
        ]
    said = directives(hedera.headers["Content-Security-Policy"])
    assert said["connect-src"] == f"'self' wss://pay.example {RELAY}"
    assert (said["script-src"], said["default-src"]) == ("'self'", "'none'")
    assert 0 < hedera.text.index('id="wallet"') < hedera.text.index('class="pay"')
    assert 'id="wallet"' not in bitcoin.text
    size = len(hedera.content) + sum(len(one.content) for one in ours) - sum(map(len, SCRIPTS))
    print({"page with wallets": size})
    assert size <= BUDGET_BYTES


async def test_where_nothing_is_taken_by_the_link_none_is_loaded(tmp_path: Path) -> None:
    brought_by = served(tmp_path, wallets=SCRIPTS, relay_checkout=False)
    async with brought_by as daemon, daemon.client("") as client:
        invoice = await daemon.invoice(chains=["hedera"])
        page = await client.get(f"/i/{invoice['id']}")
    assert len(LOADED.findall(page.text)) == 1
    assert 'id="wallet"' not in page.text


@given(st.text(alphabet="wshtp:/*.;, '\"a-z0[]", max_size=20).map("wss://a".__add__))
def test_no_origin_that_the_configuration_takes_ends_a_directive(origin: str) -> None:
    try:
        kept = parse_peer_origin(origin)
    except ValueError:
        return
    assert len(directives(policy("", PUBLIC_URL, [], [kept]))) == 7
    assert not set("; ,'\"*") & set(kept)


@pytest.mark.parametrize(
    "text", ["*", "wss://relay.example/path", "relay.example", "ftp://relay.example", "wss://"]
)
def test_what_is_no_one_to_speak_to_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="must be an origin"):
        parse_peer_origin(text)


@pytest.fixture
def files(tmp_path: Path) -> list[Path]:
    """One that is right, then some that are not."""
    right, large = tmp_path / "right.js", tmp_path / "large.js"
    right.write_bytes(b" " * MAX_SCRIPT_BYTES)
    large.write_bytes(b" " * (MAX_SCRIPT_BYTES + 1))
    return [right, large, tmp_path / "none.js", tmp_path]


def test_a_script_that_cannot_be_read_is_a_mistake_of_the_configuration(files: list[Path]) -> None:
    found = [str(one) for one in wallet_problems(files)]
    assert [re.findall(r"checkout.wallets\D*(\d)", one) for one in found] == [["1"], ["2"], ["3"]]
    assert ["larger" in found[0], "cannot be read" in found[1], "cannot be read" in found[2]] == [True] * 3
