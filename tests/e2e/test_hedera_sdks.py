"""What Hedera's own SDKs sign is passed on, carried out and credited: every kind of key, both SDKs.

Also what the daemon has drawn up for wallets: these are made of the same SDKs.
"""

import base64
import os
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import trio

from paydaemon_hedera.ids import parse_transaction_id
from paydaemon_hedera.proto.basic_types_pb2 import SignatureMap
from paydaemon_hedera.proto.transaction_contents_pb2 import SignedTransaction
from paydaemon_hedera.proto.transaction_list_pb2 import TransactionList
from paydaemon_hedera.proto.transaction_pb2 import Transaction
from tests.sdks.plans import ROOT, SCRIPTS, Case, Proposal, read, to_bytes
from tests.support.daemon import Json
from tests.support.hederanet import HederaNet, hederanet

ALICE, BOB, BOARD = 1002, 1003, 1004
"""Payers by ed25519, by ECDSA, and by two of three keys."""


@pytest.fixture
async def net(tmp_path: Path) -> AsyncIterator[HederaNet]:
    async with hederanet(tmp_path) as found:
        yield found


@pytest.mark.parametrize("sdk", SCRIPTS)
async def test_whatever_an_sdk_signs_settles_an_invoice(net: HederaNet, sdk: str) -> None:
    invoices: dict[str, Json] = {}

    async def case(name: str, payer: int, asset: str = "HBAR", **changes: object) -> Case:
        invoices[name] = await net.invoice(asset=asset)
        return net.case(name, invoices[name], payer, net.keys(payer), **changes)

    cases = [
        await case("ed25519", ALICE),
        await case("ecdsa", BOB),
        await case("three nodes", ALICE, nodes=["0.0.3", "0.0.4", "0.0.5"]),
        await case("token", ALICE, "USDC"),
        await case("threshold", BOARD),
    ]
    two = await net.invoice()
    due, memo = int(two["options"][0]["due_minor"]), two["options"][0]["destination"]["memo"]
    invoices["two signers"] = two
    half = {"0.0.1002": -(due // 2), "0.0.1003": -(due - due // 2), "0.0.1001": due}
    signers = [*net.keys(ALICE), *net.keys(BOB)]
    cases.append(net.case("two signers", two, ALICE, signers, hbar=half, memo=memo))

    signed = await trio.to_thread.run_sync(to_bytes, sdk, cases)
    for name, invoice in invoices.items():
        relay = await net.hand_in(signed[name], invoice)
        assert (relay["status"], relay["receipt"]) == ("succeeded", "SUCCESS"), (name, relay)
        settled = await net.daemon.until_status(invoice["id"], "settled")
        paid = [payment for option in settled["options"] for payment in option["payments"]]
        assert [payment["transaction_id"] for payment in paid] == [relay["transaction_id"]], name
    assert net.sandbox.network.submitted == len(invoices)


def as_sdks_read_it(body: str) -> str:
    """A body in their envelope, without a signature."""
    signed = SignedTransaction(bodyBytes=base64.b64decode(body), sigMap=SignatureMap())
    entry = Transaction(signedTransactionBytes=signed.SerializeToString())
    return base64.b64encode(TransactionList(transaction_list=[entry]).SerializeToString()).decode()


def as_wallets_answer(given: str) -> tuple[str, str]:
    """The body and the signatures over it, each in base64, of what an SDK has signed for one node."""
    [entry] = TransactionList.FromString(base64.b64decode(given)).transaction_list
    signed = SignedTransaction.FromString(entry.signedTransactionBytes)
    body, signatures = signed.bodyBytes, signed.sigMap.SerializeToString()
    return base64.b64encode(body).decode(), base64.b64encode(signatures).decode()


PAYERS = {
    "ed25519": (ALICE, "HBAR"),
    "ecdsa": (BOB, "HBAR"),
    "token": (ALICE, "USDC"),
    "threshold": (BOARD, "HBAR"),
}


async def test_the_sdks_read_and_sign_what_is_drawn_up_for_wallets(net: HederaNet) -> None:
    for sdk in SCRIPTS:
        invoices = {name: await net.invoice(asset=asset) for name, (_, asset) in PAYERS.items()}
        prepared: dict[str, Json] = {}
        for name, (payer, _) in PAYERS.items():
            wish = {"payer": f"0.0.{payer}", "asset": invoices[name]["options"][0]["asset"]}
            path = f"/v1/public/invoices/{invoices[name]['id']}/prepare/hedera"
            prepared[name] = await net.daemon.call("POST", path, wish, key="")
        proposals = [
            Proposal(name, as_sdks_read_it(made["unsigned"]), net.keys(PAYERS[name][0]))
            for name, made in prepared.items()
        ]
        answers = await trio.to_thread.run_sync(read, sdk, proposals)
        for name, made in prepared.items():
            invoice, answer = invoices[name], answers[name]
            assert_it_is_read_as_meant(answer, PAYERS[name][0], invoice["options"][0], made)
            body, signatures = as_wallets_answer(answer["bytes"])
            assert body == made["unsigned"], "the very bytes"
            path = f"/v1/public/invoices/{invoice['id']}/relay/hedera?wait=consensus"
            relay = await net.daemon.call("POST", path, {"transaction": f"{body}.{signatures}"}, key="")
            assert (relay["status"], relay["receipt"]) == ("succeeded", "SUCCESS"), (sdk, name, relay)


def assert_it_is_read_as_meant(answer: Json, payer: int, option: Json, made: Json) -> None:
    due, to = int(option["due_minor"]), option["destination"]
    moved = {f"0.0.{payer}": -due, to["address"]: due}
    native = option["asset"] == "HBAR"
    assert (answer["hbar"], answer["tokens"]) == ((moved, {}) if native else ({}, {option["asset"]: moved}))
    id = str(parse_transaction_id(answer["transaction_id"]))  # an SDK leaves zeros of the nanoseconds out
    assert (id, answer["nodes"]) == (made["transaction_id"], [made["node"]])
    assert answer["memo"] == to["memo"]


EXAMPLES = pytest.mark.parametrize(
    ("sdk", "example"), [("javascript", "relay.mjs"), ("python", "relay.py")], ids=["javascript", "python"]
)


async def run_example(net: HederaNet, sdk: str, example: str, invoice: Json, key: str) -> tuple[int, str]:
    """How an example ends for whoever has this key, and what it says."""
    folder = net.daemon.config.parent
    option = invoice["options"][0]
    to = option["destination"]
    arguments = [invoice["id"], to["address"], to["memo"], option["due_minor"]]
    given = {"PAYDAEMON": net.daemon.api, "ACCOUNT": "0.0.1002", "PRIVATE_KEY": net.keys(ALICE)[0]}
    script = folder / example
    script.write_bytes((ROOT / "docs/examples" / example).read_bytes())
    if not (folder / "node_modules").exists():
        (folder / "node_modules").symlink_to(ROOT / "tests/sdks/node_modules")  # where Node looks for it
    command = [*SCRIPTS[sdk][:-1], str(script), *arguments]
    env = {**os.environ, **given, "PAYDAEMON_KEY": key}
    done = await trio.run_process(command, env=env, capture_stdout=True, capture_stderr=True, check=False)
    return done.returncode, (done.stdout + done.stderr).decode()


@EXAMPLES
async def test_the_examples_tell_what_is_refused(net: HederaNet, sdk: str, example: str) -> None:
    invoice = await net.invoice()
    assert await run_example(net, sdk, example, invoice, "pd_wrong") == (
        1,
        "refused: this API key is not valid\n",
    )


@EXAMPLES
@pytest.mark.parametrize("with_key", [True, False], ids=["with a key", "as the public"])
async def test_the_examples_of_the_documentation_pay_an_invoice(
    net: HederaNet, sdk: str, example: str, with_key: bool
) -> None:
    invoice = await net.invoice()
    code, said = await run_example(net, sdk, example, invoice, net.daemon.key if with_key else "")
    assert code == 0, said
    status, transaction_id = said.split()
    assert status == "succeeded"
    settled = await net.daemon.until_status(invoice["id"], "settled")
    (payment,) = settled["options"][0]["payments"] or settled["options"][1]["payments"]
    assert payment["transaction_id"] == transaction_id
