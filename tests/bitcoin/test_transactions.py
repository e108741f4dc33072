"""The parser of raw transactions, against another implementation and against hostile bytes."""

import random
from time import perf_counter

import pytest
from embit.script import Script, Witness
from embit.transaction import Transaction as Oracle
from embit.transaction import TransactionInput, TransactionOutput
from hypothesis import given
from hypothesis import strategies as st

from paydaemon_bitcoin.regtest import RegtestNode
from paydaemon_bitcoin.transactions import MAX_BYTES, MAX_MONEY, Output, outputs, parse

scripts = st.binary(max_size=300)
amounts = st.integers(0, MAX_MONEY)


@st.composite
def transactions(draw: st.DrawFn) -> Oracle:
    witness = st.lists(st.binary(max_size=300), max_size=4) if draw(st.booleans()) else st.just([])
    inputs = [
        TransactionInput(draw(st.binary(min_size=32, max_size=32)), draw(st.integers(0, 2**32 - 1)))
        for _ in range(draw(st.integers(1, 5)))
    ]
    for one in inputs:
        one.script_sig = Script(draw(scripts))
        one.witness = Witness(draw(witness))
    paid = [TransactionOutput(draw(amounts), Script(draw(scripts))) for _ in range(draw(st.integers(0, 5)))]
    return Oracle(draw(st.integers(0, 2**31 - 1)), inputs, paid, draw(st.integers(0, 2**32 - 1)))


@given(transactions())
def test_reads_what_another_implementation_wrote(oracle: Oracle) -> None:
    read = parse(oracle.serialize())
    assert read.txid == oracle.txid().hex()
    assert read.outputs == tuple(Output(bytes(out.script_pubkey.data), out.value) for out in oracle.vout)
    assert read.spends == {vin.txid[::-1] + vin.vout.to_bytes(4, "little") for vin in oracle.vin}
    assert outputs(oracle.serialize()) == [(out.script, out.amount_minor) for out in read.outputs]


@given(transactions(), st.data())
def test_no_part_of_a_transaction_is_one(oracle: Oracle, data: st.DataObject) -> None:
    raw = oracle.serialize()
    with pytest.raises(ValueError, match=r"transaction|bytes|length|money"):
        parse(raw[: data.draw(st.integers(0, len(raw) - 1))])
    with pytest.raises(ValueError, match="transaction"):
        parse(raw + data.draw(st.binary(min_size=1, max_size=10)))


@given(transactions(), st.data())
def test_altered_bytes_are_read_or_refused(oracle: Oracle, data: st.DataObject) -> None:
    raw = bytearray(oracle.serialize())
    for _ in range(data.draw(st.integers(1, 8))):
        raw[data.draw(st.integers(0, len(raw) - 1))] = data.draw(st.integers(0, 255))
    _refused_or_whole(bytes(raw))


@given(st.binary(max_size=500))
def test_any_bytes_are_read_or_refused(raw: bytes) -> None:
    _refused_or_whole(raw)


def _refused_or_whole(raw: bytes) -> None:
    try:
        read = parse(raw)
    except ValueError:
        return
    assert sum(len(out.script) for out in read.outputs) < len(raw)
    assert all(len(point) == 36 for point in read.spends)


@pytest.mark.parametrize(
    "count",
    [
        b"\xfd\xff\xff",
        b"\xfe\xff\xff\xff\xff",
        b"\xff" + b"\xff" * 8,
        b"\xfd\x01\x00",
        b"\xfe\x01\x00\x00\x00",
    ],
)
def test_counts_that_cannot_be_are_refused_at_once(count: bytes) -> None:
    raw = b"\x02\x00\x00\x00" + count + b"\x00" * (MAX_BYTES - 100)
    started = perf_counter()
    with pytest.raises(ValueError, match=r"run out|more bytes|ends before"):
        parse(raw)
    assert perf_counter() - started < 1.0


def test_the_largest_transaction_is_read_and_a_larger_one_refused(seed: int) -> None:
    script = random.Random(seed).randbytes(100_000)
    vin = [TransactionInput(bytes(32), 0)]
    fits = Oracle(2, vin, [TransactionOutput(1, Script(script))] * 39)
    assert len(outputs(fits.serialize())) == 39
    with pytest.raises(ValueError, match="bytes"):
        parse(bytes(MAX_BYTES + 1))


def test_more_money_than_there_is_is_refused() -> None:
    vin = [TransactionInput(bytes(32), 0)]
    with pytest.raises(ValueError, match="money"):
        parse(Oracle(2, vin, [TransactionOutput(MAX_MONEY + 1, Script(b""))]).serialize())


def test_a_transaction_without_inputs_is_refused() -> None:
    with pytest.raises(ValueError, match="without inputs"):
        parse(bytes.fromhex("02000000" + "00" + "00" + "00000000"))


async def test_reads_what_the_node_reads(node: RegtestNode) -> None:
    """A legacy one, a native one, a coinbase."""
    legacy = await node.miner.call("getnewaddress", "", "legacy")
    txid = await node.pay(legacy, 50_000)
    spent = await node.pay(legacy, 60_000)
    (block,) = await node.mine(1)
    for entry in (await node.rpc.call("getblock", block, 2))["tx"]:
        read = parse(bytes.fromhex(entry["hex"]))
        assert read.txid == entry["txid"]
        assert [out.script.hex() for out in read.outputs] == [
            out["scriptPubKey"]["hex"] for out in entry["vout"]
        ]
        assert [out.amount_minor for out in read.outputs] == [
            int(out["value"] * 100_000_000) for out in entry["vout"]
        ]
    assert {txid, spent} <= {entry["txid"] for entry in (await node.rpc.call("getblock", block, 2))["tx"]}
