"""What a publisher is told of a transaction: one word whatever becomes of it, in the older server's bytes."""

import json
from collections.abc import Iterator, Sequence

import pytest

from paydaemon.core.events import EventType
from paydaemon.core.relay import Outcome, RelayStatus, SignedTransfer, Transfer
from paydaemon.core.relaying import TRANSITIONS, Arrival, advance, receive
from paydaemon_hedera.proto.response_code_pb2 import ResponseCodeEnum
from paydaemon_socketio.publisher.word import EVENTS, Word, word_of
from tests.publisher.world import Json, relay

ACCEPTED, SUCCEEDED, FAILED = (
    EventType.RELAY_ACCEPTED,
    EventType.RELAY_SUCCEEDED,
    EventType.RELAY_FAILED,
)
ID = "0.0.1002@1700000000.000000001"
PAID = Transfer("0.0.1001", "HBAR", 1000, "0.0.1001 138,1")
SIGNED = SignedTransfer(ID, b"d", "0.0.1002", "138,1", (PAID,), 0, b"raw")
OUTCOMES = {
    RelayStatus.ACCEPTED: [
        Outcome(RelayStatus.ACCEPTED, "OK"),
        Outcome(RelayStatus.ACCEPTED, "DUPLICATE_TRANSACTION"),
        Outcome(RelayStatus.ACCEPTED),  # taken up after a restart: a node knows the id
    ],
    RelayStatus.UNKNOWN: [Outcome(RelayStatus.UNKNOWN)],
    RelayStatus.SUCCEEDED: [Outcome(RelayStatus.SUCCEEDED, receipt="SUCCESS")],
    RelayStatus.FAILED: [
        Outcome(RelayStatus.FAILED, "BUSY"),
        Outcome(RelayStatus.FAILED),
        Outcome(RelayStatus.FAILED, receipt="INSUFFICIENT_PAYER_BALANCE"),
    ],
}
"""All that a chain says (`paydaemon_hedera.submission`, `paydaemon_hedera.outcomes`)."""


def code_of(type: EventType, **fields: object) -> int | None:
    word = word_of(type, relay(**fields))
    return None if word is None else word.code


def courses(status: RelayStatus = RelayStatus.RECEIVED) -> Iterator[tuple[Outcome, ...]]:
    """Every way in which a relay can go to its end."""
    if status.is_final:
        yield ()
    for then in sorted(TRANSITIONS[status]):
        for outcome in OUTCOMES[then]:
            if (
                outcome.precheck != "BUSY" or status is RelayStatus.RECEIVED
            ):  # only a submission has a precheck
                yield from ((outcome, *rest) for rest in courses(then))


def words(course: Sequence[Outcome]) -> str:
    return " ".join(f"{one.status}:{one.precheck or one.receipt or ''}" for one in course)


@pytest.mark.parametrize("course", list(courses()), ids=words)
def test_exactly_one_word_whatever_becomes_of_it(course: Sequence[Outcome]) -> None:
    step = receive("rly_a", SIGNED, Arrival("hedera", None, None, 0))
    codes: list[int] = []
    for outcome in course:
        step = advance(step.relay, outcome, 0)
        assert step.event is not None
        if step.event.type in EVENTS:
            shown = step.event.data["relay"]
            assert isinstance(shown, dict)
            word = word_of(step.event.type, shown)
            codes += [] if word is None else [word.code]
    assert len(codes) == 1
    was_accepted = any(outcome.precheck == "OK" for outcome in course)
    assert (codes == [0]) is (was_accepted or course[-1].status is RelayStatus.SUCCEEDED)


def test_the_node_says_why_or_consensus_or_nobody_does() -> None:
    assert code_of(ACCEPTED) == 0
    assert code_of(FAILED, precheck="BUSY") == 12
    assert code_of(FAILED, precheck="INVALID_SIGNATURE") == 7
    assert code_of(FAILED, precheck=None, receipt="INSUFFICIENT_PAYER_BALANCE") == 10
    assert code_of(FAILED, precheck=None) == ResponseCodeEnum.Value("PLATFORM_NOT_ACTIVE")
    assert code_of(FAILED, precheck="CODE_999") == 999, "newer than our names"
    assert code_of(FAILED, precheck="OF_THE_FUTURE") == 21
    for name in ("CODE_0", "CODE_00", "OK"):
        assert code_of(FAILED, precheck=None, receipt=name) == 21, "0 is for what did not fail"


def test_what_may_be_another_transaction_is_waited_for() -> None:
    assert code_of(ACCEPTED, precheck="DUPLICATE_TRANSACTION") is None
    assert code_of(SUCCEEDED, precheck="DUPLICATE_TRANSACTION", receipt="SUCCESS") == 0
    assert code_of(FAILED, precheck="DUPLICATE_TRANSACTION", receipt="DUPLICATE_TRANSACTION") == 11


def test_what_consensus_makes_of_an_accepted_one_is_not_told_again() -> None:
    assert code_of(SUCCEEDED, receipt="SUCCESS") is None
    assert code_of(FAILED, receipt="INSUFFICIENT_PAYER_BALANCE") is None
    assert code_of(FAILED, receipt=None) is None


def test_the_bytes_are_those_of_the_older_server() -> None:
    word = word_of(ACCEPTED, relay(memo="138,Zürich"))
    assert word is not None
    assert (
        word.body
        == (
            '{"transactionId":"0.0.1002@1700000000.000000001","account":"0.0.1002","memo":"138,Zürich",'
            '"cost":1000,"nodePrecheckcode":0}'
        ).encode()
    )


def test_a_memo_that_is_no_text_still_is_json() -> None:
    assert json.loads(Word("a@1.2", "a", '\ud800"\n', 1, 0).body)["memo"] == '?"\n'


@pytest.mark.parametrize(
    ("moved", "cost_minor"),
    [
        ([("HBAR", 1000), ("HBAR", -1000)], 1000),
        ([("HBAR", -1000), ("HBAR", 1000)], 1000),
        ([("HBAR", 600), ("HBAR", 400), ("HBAR", -1000)], 1000),
        ([("HBAR", 10**20), ("HBAR", -(10**20))], 10**20),
        ([("0.0.777", 5), ("0.0.777", -5), ("HBAR", 7), ("HBAR", -7)], 7),
    ],
)
def test_cost_is_what_all_recipients_get_of_hbar(moved: list[tuple[str, int]], cost_minor: int) -> None:
    transfers = [{"account": "x", "asset": asset, "amount_minor": str(amount)} for asset, amount in moved]
    word = word_of(ACCEPTED, relay(transfers=transfers))
    assert word is not None
    assert word.cost_minor == cost_minor


def test_what_moves_no_hbar_is_no_payment() -> None:
    token = [{"account": "0.0.1001", "asset": "0.0.777", "amount_minor": "5"}]
    for transfers in ([], token):
        assert code_of(ACCEPTED, transfers=transfers) is None
        assert code_of(FAILED, precheck="BUSY", transfers=transfers) is None


def test_a_relay_of_an_older_journal_has_no_payer_and_no_memo() -> None:
    older: Json = {name: value for name, value in relay().items() if name not in ("payer", "memo")}
    for known in (older, {**older, "payer": None, "memo": None}):
        word = word_of(ACCEPTED, known)
        assert word is not None
        assert (word.account, word.memo) == ("0.0.1002", "")
