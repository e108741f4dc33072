"""Hedera's old browser extension: what it sends is taken as it is, and comes through."""

from paydaemon.core.relay import Outcome, RelayStatus, Transfer
from paydaemon_hedera import envelope
from paydaemon_hedera.proto.transaction_contents_pb2 import SignedTransaction
from paydaemon_hedera.proto.transaction_pb2 import Transaction
from paydaemon_hedera.sandbox.genesis import CONTRACT
from tests.hedera.extension import FEE_TINYBARS, Extension
from tests.hedera.maker import ALICE, BOB, PAYEE, START_S
from tests.hedera.reasons import inspected
from tests.hedera.test_relaying import comes_out
from tests.hedera.world import World, world

ALICES = Extension(ALICE, bytes([1]) * 32, lambda: (START_S + 5) * 10**9 + 1)
"""The transfer that it sends starts at 1700000000.000000001."""

BODY = (
    "0a0f0a0808 80e2cfaa06 1001 1203 18ea07"  # 0.0.1002@1700000000.000000001
    "1202 1803"  # to node 0.0.3
    "18c09a0c"  # for 200000 tinybars
    "2202 083c"  # valid for 60 s
    "2801"  # a record
    "3209 414e4f4e2c504f5354"  # ANON,POST
    "7222 0a20"  # a transfer of HBAR
    "0a09 0a0318e907 10a09c01"  # 10000 to 0.0.1001
    "0a08 0a0318eb07 10c801"  # 100 to 0.0.1003
    "0a09 0a0318ea07 10e79d01"  # and 10100 from 0.0.1002
).replace(" ", "")


def the_world(here: World) -> Extension:
    return Extension(ALICE, here.sandbox.holders[ALICE].private[0].raw, here.sandbox.clock.now_ns)


def test_it_is_read_as_the_extension_makes_it() -> None:
    raw = ALICES.transfer([(PAYEE, 10_000), (BOB, 100)])
    body = bytes.fromhex(BODY)
    assert raw[: len(body) + 2] == b"\x0a" + bytes((len(body),)) + body
    twice = raw[len(body) + 2 :]
    assert twice[:6] == b"\x12\x88\x01\x12\x42\x12"  # two signatures of 64 bytes
    assert twice[7:71] == twice[-64:]
    found = inspected(raw)
    assert found.transfer.transfers == (
        Transfer("0.0.1001", "HBAR", 10_000, "0.0.1001/ANON,POST"),
        Transfer("0.0.1003", "HBAR", 100, "0.0.1003/ANON,POST"),
        Transfer("0.0.1002", "HBAR", -10_100, "0.0.1002/ANON,POST"),
    )
    assert found.body.max_fee_tinybars == FEE_TINYBARS
    assert found.transfer.memo == "ANON,POST"
    assert found.choices[0].body == body


def test_its_two_signatures_are_one_and_the_signed_bytes_are_untouched() -> None:
    (entry,) = envelope.read(ALICES.transfer([(PAYEE, 10_000), (BOB, 100)]))
    today = Transaction.FromString(entry.envelope)
    signed = SignedTransaction.FromString(today.signedTransactionBytes)
    assert signed.bodyBytes == bytes.fromhex(BODY)
    (pair,) = signed.sigMap.sigPair
    assert (pair.pubKeyPrefix, pair.ed25519) == (b"", entry.signatures[0].value)


async def test_its_transfer_comes_through() -> None:
    """The fee of the sandbox for it, 83,333 tinybars, is below what the extension offers."""
    async with world() as here, here.watching():
        before = here.balance(ALICE)
        raw = the_world(here).transfer([(PAYEE, 10_000), (BOB, 100)])
        transfer, outcome = await here.hand_in(raw)
        assert outcome == Outcome(RelayStatus.ACCEPTED, precheck="OK", node="0.0.3")
        assert (await comes_out(here, transfer)).status is RelayStatus.SUCCEEDED
        assert before - here.balance(ALICE) == 10_100 + 83_333 < 10_100 + FEE_TINYBARS
        await here.seen("ANON,POST")


async def test_its_call_of_a_contract_comes_through() -> None:
    """Gas is beside the fee that is offered."""
    async with world() as here, here.watching():
        transfer, _ = await here.hand_in(the_world(here).call(CONTRACT, gas=100_000, tinybars=500))
        assert (await comes_out(here, transfer)).status is RelayStatus.SUCCEEDED
        assert here.balance(CONTRACT) == 500
