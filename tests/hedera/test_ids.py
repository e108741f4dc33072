from collections.abc import Callable
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from paydaemon.core.errors import Refusal
from paydaemon_hedera.ids import MAX_INT64, TransactionId, parse_entity, parse_transaction_id

numbers = st.integers(0, MAX_INT64)
entities = st.tuples(numbers, numbers, numbers).map(lambda parts: ".".join(map(str, parts)))
transaction_ids = st.builds(
    TransactionId, entities, numbers, st.integers(0, 999_999_999), st.booleans(), st.integers(0, 2**31 - 1)
)


@given(transaction_ids)
def test_the_canonical_form_is_read_as_what_it_was_written_from(id: TransactionId) -> None:
    assert parse_transaction_id(str(id)) == id


@given(transaction_ids)
def test_all_forms_are_one_id(id: TransactionId) -> None:
    plain = TransactionId(id.payer, id.seconds, id.nanos)
    unpadded = f"{id.payer}@{id.seconds}.{id.nanos}"
    for form in (unpadded, plain.mirror, f"{id.payer}-{id.seconds}-{id.nanos}"):
        assert parse_transaction_id(form) == plain


def test_what_the_forms_look_like() -> None:
    id = TransactionId("0.0.1001", 1_700_000_000, 1)
    assert str(id) == "0.0.1001@1700000000.000000001"
    assert id.mirror == "0.0.1001-1700000000-000000001"
    assert str(TransactionId("0.0.7", 5, 6, True, 2)) == "0.0.7@5.000000006?scheduled/2"
    assert id.valid_start_ns == 1_700_000_000_000_000_001


@pytest.mark.parametrize(
    "text",
    [
        "",
        "1001@1700000000.1",
        "0.0.1001",
        "0.0.1001@1700000000",
        "0.0.1001@1700000000.0000000001",
        "0.0.1001@1700000000-000000001",
        "0.0.1001-1700000000.000000001",
        "0.0.01001@1700000000.000000001",
        "0.0.1001@01700000000.000000001",
        "0.0.1001@-1.000000001",
        "0.0.1001@1700000000.000000001/",
        "0.0.1001@1700000000.000000001/99999999999",
        "0.0.1001@1700000000.000000001\n",
        " 0.0.1001@1700000000.000000001",
        "0.0.١٠٠١@1700000000.000000001",
        f"0.0.{MAX_INT64 + 1}@1.1",
        f"0.0.1@{MAX_INT64 + 1}.1",
        "0.0.1001@1.1/2147483648",
        None,
        5,
    ],
)
def test_nonsense_is_no_transaction_id(text: object) -> None:
    with pytest.raises(Refusal) as refused:
        parse_transaction_id(text, "here")
    assert refused.value.param == "here"


@pytest.mark.parametrize("text", ["", "0.0", "0.0.1.2", "0.0.-1", "a.b.c", "0.0.1-vfmkw", "0.0.00", None])
def test_nonsense_is_no_account(text: object) -> None:
    with pytest.raises(Refusal) as refused:
        parse_entity(text, "here")
    assert refused.value.code == "not_an_id"


@given(st.text())
def test_any_other_text_is_refused(text: str) -> None:
    parsers: tuple[Callable[[str], object], ...] = (
        parse_transaction_id,
        lambda text: parse_entity(text, "account"),
    )
    for parse in parsers:
        with suppress(Refusal):
            assert str(parse(text)) != ""
