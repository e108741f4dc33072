"""Descriptors: what is taken, what is refused and in which words, and what comes out of them."""

import io

import pytest
import trio
from embit.bip32 import HDKey
from embit.networks import NETWORKS
from hypothesis import given
from hypothesis import strategies as st

from paydaemon.logs import LogFormat, LogLevel, configure
from paydaemon_bitcoin.chain import BitcoinChain
from paydaemon_bitcoin.config import BitcoinConfig
from paydaemon_bitcoin.descriptors import HARDENED, Network, parse, script_of
from paydaemon_bitcoin.sandbox import seller_descriptor
from tests.logs.restore import restored
from tests.support.host import FakeHost

ROOT = HDKey.from_seed(bytes(range(64)), version=NETWORKS["main"]["xprv"])
XPUB = ROOT.derive("m/84h/0h/0h").to_public().to_base58()
ZPUB = ROOT.derive("m/84h/0h/0h").to_public().to_base58(NETWORKS["main"]["zpub"])
YPUB = ROOT.derive("m/49h/0h/0h").to_public().to_base58(NETWORKS["main"]["ypub"])
TPUB = ROOT.derive("m/84h/1h/0h").to_public().to_base58(NETWORKS["test"]["xpub"])
VPUB = ROOT.derive("m/84h/1h/0h").to_public().to_base58(NETWORKS["test"]["zpub"])
XPRV = ROOT.to_base58()
TPRV = ROOT.to_base58(NETWORKS["test"]["xprv"])
WIF = ROOT.key.wif()
WORDS = "abandon " * 11 + "about"


def test_the_addresses_of_bip_84() -> None:
    """The test vectors of BIP-84."""
    account = (
        "zpub6rFR7y4Q2AijBEqTUquhVz398htDFrtymD9xYYfG1m4wAcvPhXNfE3Ef"
        "H1r1ADqtfSdVCToUG868RvUUkgDKf31mGDtKsAYz2oz2AGutZYs"
    )
    descriptor = parse(account, Network.MAINNET)
    assert descriptor.address(0) == "bc1qcr8te4kr609gcawutmrza0j4xv80jy8z306fyu"
    assert descriptor.address(1) == "bc1qnjg0jd8228aq7egyzacy8cys3knf9xvrerkf9g"


def test_the_addresses_of_bip_86() -> None:
    """The test vectors of BIP-86."""
    account = (
        "xpub6BgBgsespWvERF3LHQu6CnqdvfEvtMcQjYrcRzx53QJjSxarj2afYWcL"
        "teoGVky7D3UKDP9QyrLprQ3VCECoY49yfdDEHGCtMMj92pReUsQ"
    )
    descriptor = parse(f"tr({account}/0/*)", Network.MAINNET)
    assert descriptor.address(0) == "bc1p5cyxnuxmeuwuvkwfem96lqzszd02n6xdcjrs20cac6yqjjwudpxqkedrcr"
    assert descriptor.address(1) == "bc1p4qhjn9zdvkux4e44uhx8tc55attvtyu358kutcqkudyccelu0was9fqzwh"


def test_a_checksum_may_be_given_and_must_be_right() -> None:
    text = f"wpkh({XPUB}/0/*)"
    whole = parse(text, Network.MAINNET).canonical
    assert parse(whole, Network.MAINNET) == parse(text, Network.MAINNET)
    wrong = whole[:-1] + ("q" if whole[-1] != "q" else "p")
    with pytest.raises(ValueError, match="checksum"):
        parse(wrong, Network.MAINNET)
    with pytest.raises(ValueError, match="checksum"):
        parse(text + "#", Network.MAINNET)


@pytest.mark.parametrize(
    ("text", "network"),
    [(XPUB, Network.MAINNET), (ZPUB, Network.MAINNET), (TPUB, Network.REGTEST), (VPUB, Network.SIGNET)],
)
def test_a_bare_account_key_means_its_receiving_wpkh_addresses(text: str, network: Network) -> None:
    key = XPUB if network is Network.MAINNET else TPUB
    assert parse(f" {text}\n", network) == parse(f"wpkh({key}/0/*)", network)


def test_of_receiving_and_change_only_receiving_is_used() -> None:
    assert parse(f"wpkh({XPUB}/<0;1>/*)", Network.MAINNET) == parse(f"wpkh({XPUB}/0/*)", Network.MAINNET)
    assert parse(f"tr({XPUB}/<7;8>/*)", Network.MAINNET) == parse(f"tr({XPUB}/7/*)", Network.MAINNET)


def test_an_origin_changes_the_text_and_not_what_it_is() -> None:
    plain = parse(f"wpkh({XPUB}/0/*)", Network.MAINNET)
    told = parse(f"wpkh([0A0b0c0d/84'/0H/0h]{XPUB}/0/*)", Network.MAINNET)
    assert told.text == f"wpkh([0a0b0c0d/84h/0h/0h]{XPUB}/0/*)"
    assert told.fingerprint == plain.fingerprint
    assert told.address(5) == plain.address(5)
    assert parse(f"tr({XPUB}/0/*)", Network.MAINNET).fingerprint != plain.fingerprint
    assert parse(f"wpkh({XPUB}/1/*)", Network.MAINNET).fingerprint != plain.fingerprint


@pytest.mark.parametrize(
    "text",
    [
        XPRV,
        TPRV,
        WIF,
        WORDS,
        f"wpkh({XPRV}/0/*)",
        f"wpkh([0a0b0c0d/84h/0h/0h]{TPRV}/0/*)#abcdefgh",
        f"tr({XPRV}/<0;1>/*)",
        f"wpkh({WIF})",
        f"wpkh({XPRV[:50]})",
        f"zprv{XPRV[4:]}",
    ],
)
@pytest.mark.parametrize("network", list(Network))
def test_a_private_key_is_refused_and_not_repeated(text: str, network: Network) -> None:
    with pytest.raises(ValueError, match="private key") as refused:
        parse(text, network)
    message = str(refused.value)
    assert not any(text[start : start + 8] in message for start in range(len(text) - 8))


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "must be wpkh"),
        ("wpkh()", "must be wpkh"),
        (f"wpkh({XPUB})", "must be wpkh"),
        (f"wpkh({XPUB}/0)", "must be wpkh"),
        (f"wpkh({XPUB}/0/*h)", "must be wpkh"),
        (f"wpkh({XPUB}/0h/*)", "must be wpkh"),
        (f"wpkh({XPUB}/*/*)", "must be wpkh"),
        (f"wpkh({XPUB}/<0;1;2>/*)", "must be wpkh"),
        (f"sh(wpkh({XPUB}/0/*))", "must be wpkh"),
        (f"pkh({XPUB}/0/*)", "must be wpkh"),
        (f"wsh(multi(1,{XPUB}/0/*))", "must be wpkh"),
        (f"tr({XPUB}/0/*,pk({XPUB}/1/*))", "must be wpkh"),
        (f"wpkh({XPUB}/0/*) ", None),
        (f"wpkh({XPUB}/0/*)x", "must be wpkh"),
        (f"wpkh({XPUB}/2147483648/*)", "beyond"),
        (f"wpkh({XPUB[:-1]}1/0/*)", "damaged"),
        (f"wpkh(xpub{'a' * 50}xprv{'a' * 53}/0/*)", "damaged"),
        (f"wpkh({ZPUB}/0/*)", "xpub or tpub"),
        (YPUB, "not supported"),
        (f"wpkh({TPUB}/0/*)", "tpub, and mainnet needs an xpub"),
        (TPUB, "tpub, and mainnet needs an xpub"),
        (f"wpkh({XPUB}/0/*)#\u00e9\u00e9", "checksum"),
        ("wpkh(\u0660)#abcdefgh", "character"),
        ("x" * 100_000, "must be wpkh"),
    ],
)
def test_what_cannot_be_used_is_refused_with_a_reason(text: str, why: str | None) -> None:
    if why is None:
        assert parse(text, Network.MAINNET).kind == "wpkh"
        return
    with pytest.raises(ValueError, match=why):
        parse(text, Network.MAINNET)


def test_a_branch_for_change_is_known_as_one() -> None:
    texts = {
        text: parse(f"wpkh({XPUB}{text}/*)", Network.MAINNET).is_change for text in ("", "/0", "/1", "/1/0")
    }
    assert texts == {"": False, "/0": False, "/1": True, "/1/0": False}
    assert not parse(f"wpkh({XPUB}/<0;1>/*)", Network.MAINNET).is_change


@pytest.mark.parametrize("network", [Network.TESTNET4, Network.SIGNET, Network.REGTEST])
def test_a_mainnet_key_is_refused_elsewhere(network: Network) -> None:
    with pytest.raises(ValueError, match=f"xpub, and {network} needs a tpub"):
        parse(XPUB, network)


@given(st.text(max_size=200))
def test_any_text_is_taken_or_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"\w"):
        parse(text, Network.MAINNET)


@given(st.integers(0, HARDENED - 1), st.sampled_from(["wpkh", "tr"]), st.sampled_from(list(Network)))
def test_a_script_is_found_from_its_address(index: int, kind: str, network: Network) -> None:
    descriptor = parse(f"{kind}({XPUB if network is Network.MAINNET else TPUB}/0/*)", network)
    assert script_of(descriptor.address(index)) == descriptor.script(index)


@pytest.mark.parametrize("index", [-1, HARDENED, HARDENED + 1])
def test_an_index_out_of_range_is_refused(index: int) -> None:
    descriptor = parse(XPUB, Network.MAINNET)
    with pytest.raises(ValueError, match="index"):
        descriptor.address(index)


@pytest.mark.parametrize(
    "address", ["", "bc1", "1BoatSLRHtKNngkdXEeobR76b53LETtpyT", "bc1qqqqqqqqqqqqqqqqqqqqqqqqq"]
)
def test_other_addresses_have_no_script_here(address: str) -> None:
    with pytest.raises(ValueError, match=r"\w"):
        script_of(address)


def test_a_sellers_sandbox_descriptor_is_fresh_and_public() -> None:
    one, other = seller_descriptor(), seller_descriptor("tr")
    assert one != other
    assert "prv" not in one + other
    assert parse(one, Network.REGTEST).canonical == one
    assert parse(other, Network.REGTEST).kind == "tr"


async def test_a_chain_on_a_branch_for_change_warns_of_it() -> None:
    text, nowhere = f"wpkh({XPUB}/1/*)", "http://127.0.0.1:1"
    config = BitcoinConfig(network="mainnet", descriptor=text, rpc_url=nowhere, cookie_file="/nowhere")
    logged = io.BytesIO()
    with restored():
        configure(LogFormat.JSON, LogLevel.WARNING, stream=logged)
        with trio.move_on_after(0.05):
            await BitcoinChain("bitcoin", config).run(FakeHost())
    assert b"the descriptor is a wallet's branch for change" in logged.getvalue()
