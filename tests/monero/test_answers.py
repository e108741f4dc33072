"""What the two servers answer is read strictly: no float, no surprise, nothing that is not ours."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from paydaemon_monero.answers import Credit, Transfer, node_info, transfers, whereabouts
from paydaemon_monero.errors import Unreadable

TXID = "ab" * 32
INFO: dict[str, Any] = {
    "height": 82,
    "top_block_hash": TXID,
    "target_height": 0,
    "synchronized": True,
    "nettype": "fakechain",
    "adjusted_time": 1_795_388_250,
    "incoming_connections_count": 2,
    "outgoing_connections_count": 1,
}


def entry(**changes: Any) -> dict[str, Any]:
    """What monero-wallet-rpc 0.18 says of a payment, shortened."""
    told = {"txid": TXID, "address": "8A", "amount": 5, "height": 81, "timestamp": 1_000, "unlock_time": 0}
    return {**told, "type": "in", "subaddr_index": {"major": 0, "minor": 7}, "locked": True, **changes}


def test_a_transfer_is_read() -> None:
    said = {"in": [entry()], "pool": [entry(type="pool", height=0, unlock_time=2**64 - 1)]}
    credit = Credit(TXID, 7, 5, "8A")
    assert transfers(said, 0) == [Transfer(credit, 81, 1_000, 0), Transfer(credit, None, 1_000, 2**64 - 1)]


@pytest.mark.parametrize(
    "changes",
    [
        {"subaddr_index": {"major": 0, "minor": 0}},
        {"subaddr_index": {"major": 1, "minor": 7}},
        {"amount": 0},
        {"type": "out"},
        {"type": "failed"},
    ],
)
def test_what_is_no_payment_to_a_subaddress_of_ours_is_left_out(changes: dict[str, Any]) -> None:
    assert transfers({"in": [entry(**changes)]}, 0) == []


@given(
    st.sampled_from(["amount", "height", "timestamp", "unlock_time"]),
    st.one_of(
        st.integers(max_value=-1),
        st.integers(min_value=2**64),
        st.floats(),
        st.booleans(),
        st.text(),
        st.none(),
    ),
)
def test_a_number_that_is_no_whole_one_of_64_bits_is_refused(name: str, value: object) -> None:
    with pytest.raises(Unreadable, match=name):
        transfers({"in": [entry(**{name: value})]}, 0)


@pytest.mark.parametrize(
    "said",
    [
        {"in": {}},
        {"in": [1]},
        {"in": [entry(txid="zz" * 32)]},
        {"in": [entry(subaddr_index=7)]},
        {"pool": [entry(address="")]},
    ],
)
def test_another_form_is_refused(said: dict[str, Any]) -> None:
    with pytest.raises(Unreadable):
        transfers(said, 0)


@given(st.integers(min_value=0, max_value=2**64 - 1))
def test_an_amount_is_read_to_the_last_piconero(amount: int) -> None:
    said = json.loads(json.dumps({"in": [entry(amount=amount)]}))
    found = transfers(said, 0)
    assert [one.credit.amount_minor for one in found] == ([amount] if amount else [])


def test_a_node_is_read() -> None:
    info = node_info(INFO)
    assert (info.blocks, info.height, info.peers) == (82, 81, 3)
    assert node_info({**INFO, "restricted": True}).peers is None, "a restricted node says 0 of them"
    with pytest.raises(Unreadable, match="top_block_hash"):
        node_info({**INFO, "top_block_hash": ""})


def test_where_a_transaction_is_is_read() -> None:
    pool = {"tx_hash": "aa" * 32, "in_pool": True, "double_spend_seen": True, "received_timestamp": 9}
    block = {"tx_hash": TXID, "in_pool": False, "block_height": 81, "double_spend_seen": False}
    found = whereabouts({"txs": [pool, block], "missed_tx": ["00" * 32]})
    assert found.keys() == {"aa" * 32, TXID}
    assert (found["aa" * 32].height, found["aa" * 32].received_s, found[TXID].height) == (None, 9, 81)
    assert found["aa" * 32].double_spend_seen
    assert whereabouts({"txs": [{**pool, "received_timestamp": 0}]})["aa" * 32].received_s is None
