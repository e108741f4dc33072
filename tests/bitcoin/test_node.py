"""What the watcher makes of the node's own state, and of where it left off."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from paydaemon_bitcoin.cursor import Cursor
from paydaemon_bitcoin.descriptors import Network
from paydaemon_bitcoin.node import lag

CHAIN: dict[str, Any] = {"initialblockdownload": False, "blocks": 100, "headers": 100}


@pytest.mark.parametrize(
    ("chain", "mempool", "peers", "network", "words"),
    [
        ({}, {"loaded": True}, 8, Network.MAINNET, None),
        ({}, {}, 8, Network.MAINNET, None),
        ({}, {"loaded": True}, 0, Network.REGTEST, None),
        ({"headers": 101}, {"loaded": True}, 8, Network.MAINNET, None),
        ({"headers": 102}, {"loaded": True}, 8, Network.MAINNET, "catching up"),
        ({"initialblockdownload": True}, {"loaded": True}, 8, Network.MAINNET, "catching up"),
        ({"initialblockdownload": True, "blocks": 0, "headers": 0}, {}, 8, Network.MAINNET, "(0 %)"),
        ({"headers": 400}, {"loaded": True}, 8, Network.SIGNET, "(25 %)"),
        ({}, {"loaded": False}, 8, Network.MAINNET, "mempool"),
        ({}, {"loaded": False}, 0, Network.REGTEST, "mempool"),
        ({}, {"loaded": True}, 0, Network.MAINNET, "no peers"),
        ({}, {"loaded": True}, 0, Network.SIGNET, "no peers"),
    ],
)
def test_a_node_lags_behind_while_it_lacks_something(
    chain: dict[str, Any], mempool: dict[str, Any], peers: int, network: Network, words: str | None
) -> None:
    said = lag(network, CHAIN | chain, mempool, peers)
    assert said is None if words is None else said is not None and words in said


@given(st.none() | st.text(), st.none() | st.text(), st.integers(0))
def test_a_cursor_is_read_as_it_was_written(tip: str | None, base: str | None, view: int) -> None:
    cursor = Cursor(tip, base, view)
    assert Cursor.load(cursor.dump()) == cursor


def test_no_cursor_is_the_beginning() -> None:
    assert Cursor.load(None) == Cursor(tip=None, base=None, view=0)


@pytest.mark.parametrize("text", ["", "{", "[]", "7", '{"height": 7}'])
def test_another_chains_cursor_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"\w"):
        Cursor.load(text)
