"""The table of what the node says and what the daemon is told, row by row."""

from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from paydaemon.core.money import Asset
from paydaemon.core.payment import ObservedState
from paydaemon_bitcoin.observations import (
    FINAL,
    Credit,
    Recorded,
    credit,
    in_block,
    in_mempool,
    lost,
    observation,
    recorded,
    satoshi,
)

TXID = "aa" * 32
BTC = Asset("bitcoin", "BTC", "BTC", 8)
LISTED: dict[str, Any] = {
    "address": "bcrt1q",
    "category": "receive",
    "amount": Decimal("0.00020834"),
    "vout": 3,
    "txid": TXID,
    "confirmations": 0,
    "timereceived": 1_700,
    "walletconflicts": [],
    "mempoolconflicts": [],
}
MINED = Recorded(confirmations=3, received_s=1_700, block="bb", height=112, block_time_s=1_650)


def test_an_entry_of_the_list_is_read() -> None:
    assert credit(LISTED) == Credit(TXID, 3, 20_834, "bcrt1q")
    assert recorded(LISTED) == Recorded(confirmations=0, received_s=1_700)
    mined = LISTED | {"confirmations": 3, "blockhash": "bb", "blockheight": 112, "blocktime": 1_650}
    assert recorded(mined) == MINED
    assert recorded(
        LISTED | {"walletconflicts": ["cc"], "mempoolconflicts": ["dd"], "generated": True}
    ) == Recorded(0, 1_700, coinbase=True, wallet_rivals=("cc",), mempool_rivals=("dd",))


def test_a_node_that_tells_no_mempool_conflicts_is_read_too() -> None:
    older = {name: value for name, value in LISTED.items() if name != "mempoolconflicts"}
    assert recorded(older) == recorded(LISTED)


@pytest.mark.parametrize("category", ["send", "orphan", None])
def test_only_what_is_received_is_a_credit(category: str | None) -> None:
    assert credit(LISTED | {"category": category}) is None


@pytest.mark.parametrize("category", ["receive", "generate", "immature"])
def test_what_is_mined_for_us_is_a_credit_too(category: str) -> None:
    assert credit(LISTED | {"category": category}) is not None


@pytest.mark.parametrize(
    ("amount", "minor"),
    [("0.00000001", 1), ("0.1", 10_000_000), ("20999999.97690000", 2_099_999_997_690_000), (1, 100_000_000)],
)
def test_amounts_are_exact(amount: str | int, minor: int) -> None:
    assert satoshi(Decimal(amount)) == minor


def test_a_fraction_of_a_satoshi_is_an_error() -> None:
    with pytest.raises(ValueError, match="satoshi"):
        satoshi(Decimal("0.000000001"))


def test_in_a_block_it_is_seen_there_since_the_earlier_of_two_times() -> None:
    fate = in_block(MINED)
    assert (fate.state, fate.height, fate.block, fate.final) == (ObservedState.SEEN, 112, "bb", False)
    assert fate.seen_at_ms == 1_650_000
    assert in_block(replace(MINED, block_time_s=1_800)).seen_at_ms == 1_700_000


@pytest.mark.parametrize(("confirmations", "final"), [(FINAL - 1, False), (FINAL, True), (FINAL + 1, True)])
def test_deep_enough_it_is_final(confirmations: int, final: bool) -> None:
    assert in_block(replace(MINED, confirmations=confirmations)).final is final


@pytest.mark.parametrize(("confirmations", "mature"), [(1, False), (100, False), (101, True)])
def test_a_coinbase_is_in_no_block_until_it_is_mature(confirmations: int, mature: bool) -> None:
    fate = in_block(replace(MINED, confirmations=confirmations, coinbase=True))
    assert fate.state is ObservedState.SEEN
    assert (fate.block is not None, fate.height is not None, fate.final) == (mature, mature, mature)


def test_in_the_mempool_it_is_seen_in_no_block() -> None:
    fate = in_mempool(1_690, Recorded(0, 1_700))
    assert (fate.state, fate.height, fate.block) == (ObservedState.SEEN, None, None)
    assert fate.seen_at_ms == 1_690_000
    assert in_mempool(1_710, Recorded(0, 1_700)).seen_at_ms == 1_700_000
    assert in_mempool(1_710, None).seen_at_ms == 1_710_000


@pytest.mark.parametrize(
    ("said", "rival", "state", "final"),
    [
        (Recorded(0, 1_700), None, ObservedState.DROPPED, False),
        (Recorded(0, 1_700), "cc", ObservedState.REPLACED, False),
        (Recorded(-1, 1_700), None, ObservedState.CONFLICTED, False),
        (Recorded(-1, 1_700), "cc", ObservedState.CONFLICTED, False),
        (Recorded(1 - FINAL, 1_700), "cc", ObservedState.CONFLICTED, False),
        (Recorded(-FINAL, 1_700), "cc", ObservedState.CONFLICTED, True),
        (None, None, ObservedState.DROPPED, False),
        (None, "cc", ObservedState.REPLACED, False),
    ],
)
def test_in_neither_it_is_lost_to_whatever_took_its_place(
    said: Recorded | None, rival: str | None, state: ObservedState, final: bool
) -> None:
    fate = lost(said, rival, 1_700_000)
    assert (fate.state, fate.final, fate.replaced_by) == (state, final, rival)
    assert (fate.height, fate.block) == (None, None)


def test_what_is_told_of_a_credit_is_whole() -> None:
    told = observation(Credit(TXID, 3, 20_834, "bcrt1q"), in_block(MINED), BTC, 9)
    assert told.ref == f"{TXID}:3"
    assert told.transaction_id == TXID
    assert told.amount_minor == 20_834
    assert told.destination_key == "bcrt1q"
    assert (told.position, told.height, told.block, told.seen_at_ms) == (9, 112, "bb", 1_650_000)
