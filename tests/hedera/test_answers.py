"""What a mirror says is read strictly: it is what it documents, or `Unreadable`, and never anything else."""

import base64
import json
from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from paydaemon_hedera import addresses, answers
from paydaemon_hedera.answers import Moved, Unreadable
from paydaemon_hedera.credits import gains
from paydaemon_hedera.cursor import Cursor
from paydaemon_hedera.ids import TransactionId

GOOD: dict[str, Any] = {
    "consensus_timestamp": "1700000010.000000005",
    "transaction_id": "0.0.1002-1700000000-000000001",
    "memo_base64": base64.b64encode(b"000018").decode(),
    "result": "SUCCESS",
    "name": "CRYPTOTRANSFER",
    "nonce": 0,
    "scheduled": False,
    "transfers": [
        {"account": "0.0.98", "amount": 7, "is_approval": False},
        {"account": "0.0.1001", "amount": 500, "is_approval": False},
        {"account": "0.0.1002", "amount": -507, "is_approval": False},
    ],
    "token_transfers": [
        {"token_id": "0.0.5001", "account": "0.0.1001", "amount": 9},
        {"token_id": "0.0.5001", "account": "0.0.1002", "amount": -9},
    ],
    "staking_reward_transfers": [],
}
OURS = frozenset({"0.0.1001"})

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=9), inner, max_size=5),
    max_leaves=15,
)


def read(*listed: Mapping[str, Any], following: str | None = None) -> answers.Page:
    return answers.page({"transactions": list(listed), "links": {"next": following}}, 0, 2**62)


def gained(**changes: Any) -> list[Moved]:
    (one,) = read({**GOOD, **changes}).transactions
    return list(gains(one, OURS))


def test_a_transaction() -> None:
    (one,) = read(GOOD).transactions
    assert one.id == TransactionId("0.0.1002", 1_700_000_000, 1)
    assert (one.consensus_ns, one.memo, one.result) == (1_700_000_010_000_000_005, "000018", "SUCCESS")
    assert gained() == [Moved("0.0.1001", "HBAR", 500), Moved("0.0.1001", "0.0.5001", 9)]


def test_a_child_has_an_id_of_its_own() -> None:
    (one,) = read({**GOOD, "nonce": 3, "scheduled": True}).transactions
    assert str(one.id) == "0.0.1002@1700000000.000000001?scheduled/3"


def test_what_failed_moved_nothing_of_ours() -> None:
    assert gained(result="INVALID_SIGNATURE") == []
    assert gained(result="DUPLICATE_TRANSACTION") == []


def test_a_staking_reward_is_no_payment() -> None:
    """The network adds it to whatever touches the account, and says so beside it."""
    rewarded = [{"account": "0.0.1001", "amount": 500}]
    assert gained(staking_reward_transfers=rewarded) == [Moved("0.0.1001", "0.0.5001", 9)]
    assert gained(staking_reward_transfers=[{"account": "0.0.1001", "amount": 100}])[0].amount_minor == 400


def test_several_entries_of_one_account_are_added_up() -> None:
    listed = [{"account": "0.0.1001", "amount": amount} for amount in (5, -2, 4)]
    assert gained(transfers=listed, token_transfers=[]) == [Moved("0.0.1001", "HBAR", 7)]
    assert gained(transfers=[{"account": None, "amount": 5}], token_transfers=[]) == []


def test_memos_are_any_bytes() -> None:
    raw = base64.b64encode(b"\xff\x00").decode()
    assert read({**GOOD, "memo_base64": raw}).transactions[0].memo == "�\0"
    assert read({**GOOD, "memo_base64": None}).transactions[0].memo == ""


@pytest.mark.parametrize(
    ("field", "value"),
    [
        *(("consensus_timestamp", None), ("consensus_timestamp", "1.5"), ("consensus_timestamp", 1.5)),
        *(("transaction_id", None), ("transaction_id", "0.0.1002"), ("transaction_id", "0.0.1002-1-1-1")),
        *(("nonce", None), ("nonce", "0"), ("nonce", 1.5), ("nonce", True)),
        *(("transfers", None), ("transfers", {}), ("transfers", [5])),
        ("transfers", [{"account": "x", "amount": 1}]),
        ("transfers", [{"account": "0.0.1", "amount": 1.5}]),
        ("transfers", [{"account": "0.0.1", "amount": "1"}]),
        ("transfers", [{"account": "0.0.1", "amount": True}]),
        ("transfers", [{"account": "0.0.1"}]),
        ("token_transfers", [{"token_id": None, "account": "0.0.1", "amount": 1}]),
        *(
            ("scheduled", None),
            ("result", None),
            ("memo_base64", "?"),
            ("memo_base64", "é"),
            ("memo_base64", 5),
        ),
    ],
)
def test_anything_else_is_told_to_be_wrong(field: str, value: object) -> None:
    with pytest.raises(Unreadable):
        read({**GOOD, field: value})


def test_a_page_is_in_order_and_what_was_asked_for() -> None:
    later = {**GOOD, "consensus_timestamp": "1700000010.000000006"}
    assert read(GOOD, later, following="/x").has_more
    assert not read(GOOD, later).has_more
    assert not read(following="/x").has_more
    for listed in ([GOOD, GOOD], [later, GOOD]):
        with pytest.raises(Unreadable):
            read(*listed)
    said = {"transactions": [GOOD], "links": {}}
    for after_ns, until_ns in ((1_700_000_010_000_000_005, 2**62), (0, 1_700_000_010_000_000_004)):
        with pytest.raises(Unreadable):
            answers.page(said, after_ns, until_ns)


READERS: list[Callable[[Any], object]] = [
    lambda said: answers.page(said, 0, 2**62),
    answers.transactions,
    answers.newest_ns,
    answers.account,
    answers.decimals,
    answers.holds_tokens,
    answers.node_entries,
]


@given(JSON, st.sampled_from(READERS))
def test_nothing_it_may_say_does_anything_but_that(said: Any, reader: Callable[[Any], object]) -> None:
    with suppress(Unreadable):
        reader(json.loads(json.dumps(said)))


@given(st.sampled_from(sorted(GOOD)), JSON)
def test_nor_does_any_one_thing_that_is_wrong(field: str, value: Any) -> None:
    with suppress(Unreadable):
        read({**GOOD, field: json.loads(json.dumps(value))})


# --- Addresses


ENTRY: dict[str, Any] = {
    "node_account_id": "0.0.3",
    "node_cert_hash": "0x" + "ab" * 48,
    "service_endpoints": [
        {"domain_name": "", "ip_address_v4": "35.237.200.180", "port": 50212},
        {"domain_name": "node.example", "ip_address_v4": "", "port": 50211},
    ],
}


def test_a_node_is_found_by_the_port_that_fits() -> None:
    plain = addresses.from_mirror([ENTRY], tls=False)["0.0.3"]
    assert (plain.address, plain.certificate_hash) == ("node.example:50211", "0x" + "ab" * 48)
    assert addresses.from_mirror([ENTRY], tls=True)["0.0.3"].address == "35.237.200.180:50212"
    odd = {**ENTRY, "service_endpoints": [{"ip_address_v4": "127.0.0.1", "port": 41_000}]}
    assert addresses.from_mirror([odd], tls=False) == {}
    assert addresses.from_mirror([odd], tls=False, usual=False)["0.0.3"].address == "127.0.0.1:41000"


@given(st.sampled_from(sorted(ENTRY)), JSON, st.booleans())
def test_an_entry_that_is_not_understood_hurts_no_other(field: str, value: Any, usual: bool) -> None:
    other = {**ENTRY, "node_account_id": "0.0.4"}
    found = addresses.from_mirror([{**ENTRY, field: value}, other], tls=False, usual=usual)
    assert found["0.0.4"].port in (50_211, 50_212)


def test_what_the_operator_wrote_stands_and_takes_the_books_hashes() -> None:
    mine = addresses.configured({"0.0.3": "127.0.0.1:50212", "0.0.9": "[::1]:50212"}, {})
    both = addresses.with_hashes(mine, addresses.from_mirror([ENTRY], tls=True))
    assert both["0.0.3"].address == "127.0.0.1:50212"
    assert both["0.0.3"].certificate_hash == "0x" + "ab" * 48
    assert (both["0.0.9"].address, both["0.0.9"].certificate_hash) == ("[::1]:50212", None)


# --- The cursor


@given(
    st.integers(0, 2**63),
    st.integers(0, 2**63),
    st.frozensets(st.from_regex(r"0\.0\.[1-9]\d{0,5}", fullmatch=True)),
)
def test_a_cursor_is_read_as_it_was_written(first_ns: int, seen_ns: int, accounts: frozenset[str]) -> None:
    cursor = Cursor(first_ns, seen_ns, accounts)
    assert Cursor.parse(str(cursor)) == cursor
    assert Cursor.parse(str(cursor.watching("0.0.7"))).accounts == accounts | {"0.0.7"}


@pytest.mark.parametrize("text", ["", "7", "[]", "{}", '{"first": "x", "seen": "1", "accounts": []}', "null"])
def test_what_is_no_cursor_is_said_to_be_none(text: str) -> None:
    with pytest.raises(ValueError, match=r"cursor|JSON|int\(\)|Expecting"):
        Cursor.parse(text)
