"""Which event is worth which mail: each once for an invoice in the normal case."""

import pytest

from paydaemon.core.events import EventType
from paydaemon_email.config import EVERYTHING
from paydaemon_email.occasions import FOR_OPERATORS, Occasion, for_buyers, for_operators
from paydaemon_email.samples import OPTION
from tests.email.world import Json, invoice, payment

EARLY, LATER = "2026-01-31T12:01:00.000Z", "2026-01-31T12:02:00.000Z"


def seen(paid: Json, *payments: Json) -> Occasion | None:
    return for_operators(EventType.INVOICE_PAYMENT_SEEN, {"invoice": invoice(*payments), "payment": paid})


def test_the_first_payment_is_told_and_the_others_are_not() -> None:
    first, second = payment("pay_a", seen_at=EARLY), payment("pay_b", seen_at=LATER)
    assert seen(first, first) is Occasion.RECEIVED
    assert seen(second, first, second) is None


def test_of_two_found_at_once_one_is_told() -> None:
    both = payment("pay_a"), payment("pay_b")
    assert [seen(one, *both) for one in both] == [Occasion.RECEIVED, None]


def test_a_replacement_is_not_told_once_more() -> None:
    old, new = payment("pay_a", state="replaced"), payment("pay_b")
    assert seen(new, old, new) is None


def test_a_payment_that_was_lost_and_is_seen_again_is_not_told_once_more() -> None:
    first = payment("pay_a")
    for again, told in ((False, Occasion.RECEIVED), (True, None)):
        data = {"invoice": invoice(first), "payment": first, "again": again}
        assert for_operators(EventType.INVOICE_PAYMENT_SEEN, data) is told


def test_of_two_assets_on_one_chain_the_first_is_told() -> None:
    coin = payment("pay_a", chain="hedera", asset="HBAR", seen_at=LATER)
    token = payment("pay_b", chain="hedera", asset="0.0.456858", seen_at=EARLY)
    options = [
        {**OPTION, "chain": "hedera", "asset": one["asset"], "payments": [one]} for one in (coin, token)
    ]
    whole = invoice(options=options)
    told = [
        for_operators(EventType.INVOICE_PAYMENT_SEEN, {"invoice": whole, "payment": one})
        for one in (coin, token)
    ]
    assert told == [None, Occasion.RECEIVED]


def test_a_payment_on_a_second_chain_is_no_first_one_whatever_its_time() -> None:
    old, new = payment("pay_a", seen_at=LATER), payment("pay_b", chain="hedera", asset="HBAR", seen_at=EARLY)
    options = [
        {**OPTION, "payments": [old]},
        {**OPTION, "chain": "hedera", "asset": "HBAR", "payments": [new]},
    ]
    data = {"invoice": invoice(options=options), "payment": new}
    assert for_operators(EventType.INVOICE_PAYMENT_SEEN, data) is None


@pytest.mark.parametrize("type", [type for type in FOR_OPERATORS if type != EventType.INVOICE_PAYMENT_SEEN])
def test_what_else_operators_are_told_of(type: str) -> None:
    assert for_operators(type, {}) is FOR_OPERATORS[type]


def test_the_configuration_names_all_of_it() -> None:
    assert set(EVERYTHING) == set(FOR_OPERATORS.values())
    assert set(Occasion) == {*FOR_OPERATORS.values(), Occasion.RECEIPT}


def test_a_buyer_is_told_when_all_is_settled_and_only_then() -> None:
    data = {"invoice": invoice(payment())}
    assert [type for type in EventType if for_buyers(type, data)] == [EventType.INVOICE_SETTLED]


def test_what_settles_again_after_a_reversal_had_its_receipt() -> None:
    assert for_buyers(EventType.INVOICE_SETTLED, {"invoice": invoice(payment(), flags=["reversed"])}) is None
