"""What the page shows of an invoice, decided without a browser, a daemon or a word."""

import pytest

from paydaemon.frontends.checkout.shown import Excess, Page, Remark, State, page, stand
from tests.frontends.checkout.samples import BITCOIN, EXPIRES_MS, HEDERA, invoice, payment

IN_TIME = EXPIRES_MS - 90_000


def shown(status: str = "new", *flags: str, now_ms: int = IN_TIME, number: int | None = None) -> Page:
    return page(invoice(status, *flags), 0, now_ms, number)


@pytest.mark.parametrize(
    ("status", "flags", "now_ms", "state", "remarks"),
    [
        ("new", (), IN_TIME, State.WAITING, ()),
        ("new", ("partial",), IN_TIME, State.PARTIAL, ()),
        ("new", ("partial", "reversed"), IN_TIME, State.PARTIAL, (Remark.REVERSED,)),
        ("new", (), EXPIRES_MS, State.TIME_UP, ()),
        ("new", ("partial",), EXPIRES_MS, State.TIME_UP, (Remark.SHORT,)),
        ("processing", (), IN_TIME, State.SEEN, ()),
        ("processing", ("over",), EXPIRES_MS, State.SEEN, (Remark.OVER,)),
        ("settled", ("over", "reversed"), IN_TIME, State.SETTLED, (Remark.OVER,)),
        ("settled", ("late",), EXPIRES_MS, State.SETTLED, (Remark.LATE,)),
        ("settled", ("late", "marked"), EXPIRES_MS, State.MARKED, (Remark.LATE,)),
        ("expired", (), EXPIRES_MS, State.EXPIRED, ()),
        ("expired", ("late",), EXPIRES_MS, State.MISSED, (Remark.LATE,)),
        ("expired", ("partial",), EXPIRES_MS, State.MISSED, (Remark.SHORT,)),
        ("expired", ("late", "partial"), EXPIRES_MS, State.MISSED, (Remark.SHORT, Remark.LATE)),
        ("invalid", ("marked",), IN_TIME, State.INVALID, ()),
    ],
)
def test_status_flags_and_clock_make_one_state_and_remarks(
    status: str, flags: tuple[str, ...], now_ms: int, state: State, remarks: tuple[Remark, ...]
) -> None:
    told = shown(status, *flags, now_ms=now_ms)
    assert (told.state, told.remarks) == (state, remarks)


@pytest.mark.parametrize("state", [state for state in State if state not in (State.WAITING, State.PARTIAL)])
def test_nothing_can_be_paid_where_nothing_should_be(state: State) -> None:
    """Neither an address nor a way to choose is on the page."""
    told = {
        State.TIME_UP: shown(now_ms=EXPIRES_MS),
        State.CLOSED: page(invoice(options=[{**BITCOIN, "destination": None}]), 0, IN_TIME),
        State.SEEN: shown("processing"),
        State.SETTLED: shown("settled"),
        State.MARKED: shown("settled", "marked"),
        State.EXPIRED: shown("expired"),
        State.MISSED: shown("expired", "late"),
        State.INVALID: shown("invalid"),
    }[state]
    assert told.state is state
    assert (told.way, told.choices, told.payable) == (None, (), False)
    assert told.return_url == "https://shop.example/thanks"
    assert told.goes_on == (state in (State.TIME_UP, State.CLOSED, State.SEEN))


@pytest.mark.parametrize(
    ("number", "symbol"), [(None, "BTC"), (1, "BTC"), (2, "USDC"), (3, "BTC"), (0, "BTC")]
)
def test_the_way_that_is_asked_for_is_shown_or_else_the_first(number: int | None, symbol: str) -> None:
    told = shown(number=number)
    assert told.way is not None
    assert told.way.symbol == symbol
    assert [(one.symbol, one.amount) for one in told.choices] == [
        ("BTC", "0.00020834"),
        ("USDC", "13.500000"),
    ]
    assert told.number == (2 if symbol == "USDC" else 1)
    assert told.return_url is None


def test_a_way_that_is_closed_is_not_the_first() -> None:
    half = invoice(options=[{**BITCOIN, "destination": None}, HEDERA])
    told = page(half, 0, IN_TIME)
    assert told.way is not None
    assert (told.state, told.way.symbol) == (State.WAITING, "USDC")
    closed = page(half, 0, IN_TIME, 1).way
    assert closed is not None
    assert (closed.symbol, closed.handover, closed.address) == ("BTC", None, "")


def test_after_a_part_every_way_asks_for_the_rest() -> None:
    part = {**BITCOIN, "remaining_minor": "10834", "pending_minor": "6000", "confirmed_minor": "4000"}
    rest = {**HEDERA, "remaining_minor": "7020206"}
    told = page(invoice("new", "partial", options=[part, rest]), 1, IN_TIME)
    assert told.way is not None
    assert told.way.handover is not None
    assert (told.way.amount, told.way.paid) == ("0.00010834", "0.00010000")
    assert told.way.handover.link == "bitcoin:bc1qa?amount=0.00010834"
    assert [one.amount for one in told.choices] == ["0.00010834", "7.020206"]


def test_what_was_paid_is_paid_also_where_a_person_says_so_too() -> None:
    whole = {**BITCOIN, "remaining_minor": "0", "confirmed_minor": "20834"}
    assert page(invoice("settled", "marked", options=[whole]), 1, IN_TIME).state is State.SETTLED


@pytest.mark.parametrize(
    ("arrived", "flags", "excess"),
    [
        (("20000", "1000"), ("over",), Excess("0.00000166", "BTC")),
        (("20834", "0"), ("over",), None),
        (("20000", "1000"), (), None),
    ],
)
def test_how_much_is_too_much(
    arrived: tuple[str, str], flags: tuple[str, ...], excess: Excess | None
) -> None:
    pending, confirmed = arrived
    option = {**BITCOIN, "pending_minor": pending, "confirmed_minor": confirmed}
    assert page(invoice("settled", *flags, options=[option, HEDERA]), 1, IN_TIME).excess == excess
    both = [option, {**HEDERA, "confirmed_minor": "1"}]
    assert page(invoice("settled", *flags, options=both), 2, IN_TIME).excess is None


def test_payments_of_all_ways_are_listed_in_the_order_they_came() -> None:
    first = payment("pay_1", depth=2, seen_at="2026-01-31T12:01:00.000Z")
    other = payment("pay_2", "confirmed", 9, seen_at="2026-01-31T12:02:00.000Z")
    last = payment("pay_3", depth=1, seen_at="2026-01-31T12:03:00.000Z")
    options = [{**BITCOIN, "payments": [first, last]}, {**HEDERA, "payments": [other]}]
    told = page(invoice("processing", options=options), 3, IN_TIME)
    assert [(one.id, one.depth) for one in told.payments] == [("pay_1", 2), ("pay_2", 6), ("pay_3", 1)]
    assert told.pace is not None
    assert told.pace.id == "pay_3"
    assert shown("processing").pace is None


def test_the_time_left_never_falls_below_nothing() -> None:
    assert shown().left_ms == 90_000
    assert shown(now_ms=EXPIRES_MS + 1).left_ms == 0


def test_how_it_stands_differs_wherever_the_page_would() -> None:
    one = payment()
    stands = [
        stand(invoice()),
        stand(invoice("new", "partial")),
        stand(invoice("processing")),
        *(
            stand(invoice("processing", options=[{**BITCOIN, "payments": [paid]}]))
            for paid in (
                one,
                {**one, "id": "pay_b"},
                {**one, "confirmations": 1},
                {**one, "state": "dropped"},
            )
        ),
    ]
    assert len(set(stands)) == len(stands)
    assert stands[3] == "processing pay_a:pending:0"
