"""What is drawn up for wallets: read back as Hedera's own messages, and as the daemon reads it, signed."""

import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st

from paydaemon.core.errors import Refusal
from paydaemon.core.money import Asset
from paydaemon.hooks.ports import PayTo, Unsigned
from paydaemon_hedera import preparing
from paydaemon_hedera.inspection import inspect
from paydaemon_hedera.proto.transaction_pb2 import TransactionBody
from paydaemon_hedera.sandbox.adapter import SigningOrder, sign
from paydaemon_hedera.sandbox.genesis import default_holders
from tests.hedera.world import ALICE, OURS, world

HOLDERS = {one.number: one for one in default_holders()}
HBAR, TOKEN = Asset("hedera", "HBAR", "HBAR", 8), Asset("hedera", "0.0.5001", "USDC", 6)
NOW_MS = 1_700_000_000_123
PAYER = f"0.0.{ALICE}"


def signed(made: Unsigned, account: int = ALICE) -> str:
    """As a wallet signs it, and the page hands it in."""
    body = base64.b64encode(made.unsigned).decode()
    asked = {"method": "hedera_signTransaction", "signerAccountId": f"hedera:devnet:0.0.{account}"}
    answer = sign(SigningOrder.model_validate({**asked, "transactionBody": body}), HOLDERS, [3, 4])
    return f"{body}.{answer['signatureMap']}"


@given(
    amount=st.integers(1, 2**63 - 1),
    memo=st.text("0123456789abc-", max_size=100),
    asset=st.sampled_from([HBAR, TOKEN]),
    payer=st.sampled_from([1002, 1003, 1004]),
    nodes=st.sets(st.sampled_from(["0.0.3", "0.0.4"]), min_size=1),
    now_ms=st.integers(1_600_000_000_000, 4_000_000_000_000),
)
def test_it_pays_exactly_that_and_is_taken_until_its_last_moment(
    amount: int, memo: str, asset: Asset, payer: int, nodes: set[str], now_ms: int
) -> None:
    to = PayTo(OURS, memo, asset.code, amount)
    made = preparing.prepare("local", f"0.0.{payer}", to, asset, nodes, now_ms)
    assert made.node in nodes
    assert made.signer == f"hedera:devnet:0.0.{payer}"
    read = inspect(signed(made, payer), nodes, now_ms)
    assert inspect(signed(made, payer), nodes, made.sign_before_ms).transfer.digest == read.transfer.digest
    with pytest.raises(Refusal) as late:
        inspect(signed(made, payer), nodes, made.sign_before_ms + 1_001)
    assert late.value.code == "transaction_expired"
    moved = {(one.account, one.asset_code): one.amount_minor for one in read.transfer.transfers}
    assert moved == {(f"0.0.{payer}", asset.code): -amount, (OURS, asset.code): amount}
    assert (read.transfer.memo, read.transfer.payer) == (memo, f"0.0.{payer}")
    assert read.transfer.transaction_id == made.transaction_id
    assert read.body.max_fee_tinybars == made.max_fee_minor == 100_000_000
    assert not read.transfer.does_more


def test_a_token_says_what_its_decimals_are_taken_to_be() -> None:
    made = preparing.prepare("mainnet", PAYER, PayTo(OURS, "1", TOKEN.code, 5), TOKEN, ["0.0.3"], NOW_MS)
    [moved] = TransactionBody.FromString(made.unsigned).cryptoTransfer.tokenTransfers
    assert (moved.expected_decimals.value, moved.token.tokenNum) == (6, 5001)
    assert made.signer == f"hedera:mainnet:{PAYER}"


def test_no_id_is_drawn_up_twice() -> None:
    to = PayTo(OURS, "1", "HBAR", 5)
    made = {preparing.prepare("local", PAYER, to, HBAR, ["0.0.3"], NOW_MS).transaction_id for _ in range(50)}
    assert len(made) == 50


@pytest.mark.parametrize(
    ("payer", "code"),
    [
        ("", "not_an_id"),
        ("alice", "not_an_id"),
        ("0.0.0", "not_an_id"),
        ("0.0.-5", "not_an_id"),
        ("0.0.01", "not_an_id"),
        ("0.0.9223372036854775808", "not_an_id"),
        ("0.0.1002-abcde", "not_an_id"),
        (OURS, "wrong_payer"),
    ],
)
def test_who_cannot_pay_is_told_so(payer: str, code: str) -> None:
    with pytest.raises(Refusal) as refused:
        preparing.prepare("local", payer, PayTo(OURS, "1", "HBAR", 5), HBAR, ["0.0.3"], NOW_MS)
    assert (refused.value.code, refused.value.param) == (code, "payer")


async def test_nothing_is_drawn_up_while_no_node_is_known() -> None:
    async with world(nodes=None) as net:
        with pytest.raises(Refusal, match="nodes are not known"):
            net.chain.prepare(PAYER, PayTo(OURS, "m", "HBAR", 1_000), (), net.now_ms)


async def test_a_chain_prepares_for_a_node_that_both_know_and_passes_on_what_was_signed() -> None:
    async with world() as net, net.watching() as chain:
        to = PayTo(OURS, "m", "HBAR", 1_000)
        assert chain.prepare(PAYER, to, ["0.0.4", "0.0.9"], net.now_ms).node == "0.0.4"
        made = chain.prepare(PAYER, to, ["0.0.9"], net.now_ms)
        assert made.node in ("0.0.3", "0.0.4")
        transfer = chain.inspect(signed(made), net.now_ms)
        await chain.verify(transfer)
        assert (await chain.submit(transfer, in_doubt=False)).precheck == "OK"


@pytest.mark.parametrize(
    ("account", "body"),
    [(9, b"\x12\x02\x18\x03"), (ALICE, b"\x12\x02\x18\x05"), (ALICE, b"\xff"), (ALICE, b"")],
)
def test_the_sandboxs_wallet_signs_nothing_that_is_not_of_the_sandbox(account: int, body: bytes) -> None:
    asked = {"method": "hedera_signTransaction", "signerAccountId": f"hedera:devnet:0.0.{account}"}
    order = SigningOrder.model_validate({**asked, "transactionBody": base64.b64encode(body).decode()})
    with pytest.raises(ValueError, match=r"signerAccountId|transactionBody"):
        sign(order, HOLDERS, [3, 4])


@pytest.mark.parametrize("ledger", ["mainnet", "testnet", "previewnet"])
def test_nor_for_any_public_network(ledger: str) -> None:
    asked = {"method": "hedera_signTransaction", "signerAccountId": f"hedera:{ledger}:{PAYER}"}
    with pytest.raises(ValueError, match="signerAccountId"):
        SigningOrder.model_validate({**asked, "transactionBody": ""})
