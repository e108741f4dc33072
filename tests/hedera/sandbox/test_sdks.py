"""Hedera's own SDKs pay at the sandbox: their word on whether it is a node."""

import base64
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from paydaemon_hedera.proto.exchange_rate_pb2 import ExchangeRateSet
from paydaemon_hedera.proto.transaction_contents_pb2 import SignedTransaction
from paydaemon_hedera.proto.transaction_list_pb2 import TransactionList
from paydaemon_hedera.sandbox.fees import GAS_TINYBARS
from paydaemon_hedera.sandbox.genesis import Holder, default_holders
from paydaemon_hedera.sandbox.running import Options
from tests.hedera.sandbox.live import Live, sandbox
from tests.sdks import fixtures
from tests.sdks.plans import ROOT, SCRIPTS, Called, Case, Moved, Operator, execute

PAYEE, ALICE, BOB, BOARD = "0.0.1001", "0.0.1002", "0.0.1003", "0.0.1004"
USDC, CONTRACT = "0.0.5001", "0.0.7001"
HBAR_FEE, TOKEN_FEE = 83_333, 833_330
HELD: dict[str, Holder] = {f"0.0.{one.number}": one for one in default_holders()}


def keys(*accounts: str) -> list[str]:
    return [key.der for account in accounts for key in HELD[account].signers]


def hbar(name: str, payer: str, *signers: str, **more: Any) -> Case:
    return Case(name, payer, keys(*(signers or (payer,))), {payer: -700, PAYEE: 700}, **more)


CASES = [
    hbar("busy three times", ALICE, memo="inv 1"),
    hbar("ecdsa", BOB),
    hbar("threshold", BOARD),
    hbar("other node", ALICE, nodes=["0.0.4"]),
    Case("two signers", ALICE, keys(ALICE, BOB), {ALICE: -100, BOB: -200, PAYEE: 300}),
    Case("token", ALICE, keys(ALICE), tokens={USDC: Moved(6, {ALICE: -25, PAYEE: 25})}),
    Case("decimals", ALICE, keys(ALICE), tokens={USDC: Moved(2, {ALICE: -25, PAYEE: 25})}),
    Case("unsigned debit", ALICE, keys(ALICE), {BOB: -5, PAYEE: 5}),
    hbar("wrong payer's signature", BOB, ALICE),
    Case("poor", ALICE, keys(ALICE), {ALICE: -(10**16), PAYEE: 10**16}),
    hbar("cheap", BOB, max_fee_tinybars=1),
    hbar("expired", ALICE, valid_start="1700000000.000000001"),
    Case("call", ALICE, keys(ALICE), call=Called(CONTRACT, 100_000, 500), file="0.0.112"),
    Case("no contract", ALICE, keys(ALICE), call=Called(PAYEE, 100_000, 500)),
]


@pytest.fixture(scope="module", params=sorted(SCRIPTS))
def answered(request: pytest.FixtureRequest) -> Iterator[tuple[Live, dict[str, dict[str, Any]]]]:
    """All cases, by one SDK, in one process."""
    with sandbox(Options(consensus_delay_s=0.05)) as live:
        live.arm(kind="code", code="BUSY", times=3, node="0.0.3")
        answers = execute(request.param, CASES, live.running.facts["nodes"], Operator(ALICE, keys(ALICE)[0]))
        assert live.get("/sandbox/faults")["faults"] == []
        yield live, answers


@pytest.mark.parametrize("name", ["busy three times", "ecdsa", "threshold", "other node"])
def test_hbar_with_receipt_and_record(answered: tuple[Live, dict[str, dict[str, Any]]], name: str) -> None:
    live, answers = answered
    answer = answers[name]
    assert answer["receipt"] == "SUCCESS"
    record = answer["record"]
    (payer,) = (one.payer for one in CASES if one.name == name)
    assert record["fee_tinybars"] == str(HBAR_FEE)
    assert (record["hbar"][PAYEE], record["hbar"][payer]) == ("700", str(-700 - HBAR_FEE))
    assert sum(map(int, record["hbar"].values())) == 0
    assert record["hash"] == answer["hash"]
    (mirrored,) = live.get(f"/api/v1/transactions/{dashed(answer['transaction_id'])}")["transactions"]
    assert mirrored["consensus_timestamp"] == record["consensus"]
    assert base64.b64decode(mirrored["transaction_hash"]).hex() == record["hash"]
    assert base64.b64decode(mirrored["memo_base64"]).decode() == record["memo"]


def dashed(id: str) -> str:
    """Of ``0.0.1002@1700000000.1``, as the SDK for Python writes it, or with all digits."""
    payer, _, start = id.partition("@")
    seconds, nanos = start.split(".")
    return f"{payer}-{seconds}-{nanos.zfill(9)}"


def test_two_signers_and_a_token(answered: tuple[Live, dict[str, dict[str, Any]]]) -> None:
    _, answers = answered
    both = answers["two signers"]["record"]["hbar"]
    assert (both[PAYEE], both[BOB], both[ALICE]) == ("300", "-200", str(-100 - HBAR_FEE))
    record = answers["token"]["record"]
    assert (answers["token"]["receipt"], record["fee_tinybars"]) == ("SUCCESS", str(TOKEN_FEE))
    assert record["tokens"] == [[USDC, {PAYEE: "25", ALICE: "-25"}]]


def test_a_call_of_a_contract_and_what_a_file_holds(
    answered: tuple[Live, dict[str, dict[str, Any]]],
) -> None:
    live, answers = answered
    answer, fee = answers["call"], HBAR_FEE + 80_000 * GAS_TINYBARS
    assert (answer["receipt"], answer["contract"]) == ("SUCCESS", CONTRACT)
    assert answer["record"]["fee_tinybars"] == str(fee)
    assert (answer["record"]["hbar"][CONTRACT], answer["record"]["hbar"][ALICE]) == ("500", str(-500 - fee))
    (mirrored,) = live.get(f"/api/v1/transactions/{dashed(answer['transaction_id'])}")["transactions"]
    assert (mirrored["name"], mirrored["entity_id"]) == ("CONTRACTCALL", CONTRACT)
    assert ExchangeRateSet.FromString(bytes.fromhex(answer["file"])).currentRate.centEquiv == 12


def test_what_fails_at_consensus(answered: tuple[Live, dict[str, dict[str, Any]]]) -> None:
    _, answers = answered
    assert answers["unsigned debit"]["receipt"] == "INVALID_SIGNATURE"
    assert answers["decimals"]["receipt"] == "UNEXPECTED_TOKEN_DECIMALS"
    assert answers["no contract"]["receipt"] == "INVALID_CONTRACT_ID"


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("wrong payer's signature", "INVALID_SIGNATURE"),
        ("poor", "INSUFFICIENT_PAYER_BALANCE"),
        ("cheap", "INSUFFICIENT_TX_FEE"),
        ("expired", "TRANSACTION_EXPIRED"),
    ],
)
def test_what_the_node_refuses(
    answered: tuple[Live, dict[str, dict[str, Any]]], name: str, code: str
) -> None:
    live, answers = answered
    assert answers[name]["error"] == code
    costs = {
        one["code"]: int(one["cost_tinybars"]) for one in live.get("/sandbox/submissions")["submissions"]
    }
    assert (costs[code] > 0) is code.startswith("INSUFFICIENT")


# --- The fixtures


@pytest.mark.parametrize("sdk", sorted(SCRIPTS))
def test_the_fixtures_are_what_this_sdk_hands_over(sdk: str) -> None:
    """Bodies to the byte; signatures too, but for ECDSA's, which one of the SDKs makes anew each time."""
    kept = json.loads(Path(ROOT, "tests/hedera/fixtures", f"{sdk}.json").read_text("utf-8"))
    fresh = fixtures.fixture(sdk)
    assert {**kept, "transactions": None} == {**fresh, "transactions": None}
    made: Any = fresh["transactions"]
    assert kept["transactions"].keys() == made.keys()
    for name, one in kept["transactions"].items():
        if name in ("ecdsa", "two signers"):
            assert bodies(one["base64"]) == bodies(made[name]["base64"])
        else:
            assert one == made[name]


def bodies(text: str) -> list[bytes]:
    entries = TransactionList.FromString(base64.b64decode(text)).transaction_list
    return [SignedTransaction.FromString(one.signedTransactionBytes).bodyBytes for one in entries]
