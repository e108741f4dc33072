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
LATER = ("payer", "memo", "payees")
"""What earlier releases told nothing of."""
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


OURS, OURS_TOO, PAYER, FRIEND = "0.0.1001", "0.0.1005", "0.0.1002", "0.0.1003"


def cost_minor(*moved: tuple[str, str, int], ours: Sequence[str] | None = (OURS, OURS_TOO)) -> int | None:
    transfers = [
        {"account": account, "asset": asset, "amount_minor": str(amount)} for account, asset, amount in moved
    ]
    payees = None if ours is None else [account for account, _, gain in moved if account in ours and gain > 0]
    word = word_of(ACCEPTED, relay(transfers=transfers, payees=payees))
    return None if word is None else word.cost_minor


@pytest.mark.parametrize(
    ("moved", "cost"),
    [
        ([(OURS, "HBAR", 1000), (PAYER, "HBAR", -1000)], 1000),
        ([(PAYER, "HBAR", -1000), (OURS, "HBAR", 1000)], 1000),
        ([(OURS, "HBAR", 600), (OURS_TOO, "HBAR", 400), (PAYER, "HBAR", -1000)], 1000),
        ([(OURS, "HBAR", 10**20), (PAYER, "HBAR", -(10**20))], 10**20),
        ([(OURS, "0.0.777", 5), (PAYER, "0.0.777", -5), (OURS, "HBAR", 7), (PAYER, "HBAR", -7)], 7),
    ],
)
def test_cost_is_what_our_accounts_get_of_hbar(moved: list[tuple[str, str, int]], cost: int) -> None:
    assert cost_minor(*moved) == cost


def test_what_a_payer_moves_to_a_second_account_is_no_cost() -> None:
    shifted = [(FRIEND, "HBAR", 9_000), (PAYER, "HBAR", -9_001)]
    assert cost_minor((OURS, "HBAR", 1), *shifted) == 1
    assert cost_minor(*shifted, (OURS, "HBAR", 1)) == 1
    assert cost_minor((OURS, "0.0.777", 1), *shifted) is None, "paid in a token, it is no payment of HBAR"


def test_where_nobody_of_ours_is_paid_cost_is_the_first_recipients() -> None:
    moved = [(PAYER, "HBAR", -700), (FRIEND, "HBAR", 600), ("0.0.1004", "HBAR", 100)]
    assert cost_minor(*moved) == 600
    assert cost_minor(*moved, ours=None) == 600, "nor is it known of a relay of an older journal"


def test_what_moves_no_hbar_is_no_payment() -> None:
    token = [{"account": "0.0.1001", "asset": "0.0.777", "amount_minor": "5"}]
    for transfers in ([], token):
        assert code_of(ACCEPTED, transfers=transfers) is None
        assert code_of(FAILED, precheck="BUSY", transfers=transfers) is None


def test_a_relay_of_an_older_journal_has_no_payer_and_no_memo() -> None:
    older: Json = {name: value for name, value in relay().items() if name not in LATER}
    for known in (older, {**older, **dict.fromkeys(LATER)}):
        word = word_of(ACCEPTED, known)
        assert word is not None
        assert (word.account, word.memo, word.cost_minor) == ("0.0.1002", "", 1000)
