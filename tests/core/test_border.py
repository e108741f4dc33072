"""The border: a plugin's mistakes are named, and nothing that a payer writes is one."""

from dataclasses import fields, replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from paydaemon.core import border
from paydaemon.core.invoice import Destination
from paydaemon.core.money import Asset
from paydaemon.core.payment import ChainTime, Observation, ObservedState

BTC = Asset("bitcoin", "BTC", "BTC", 8)
GOOD = Observation("tx:0", "tx", BTC, 20_834, "key", ObservedState.SEEN, 1_700_000_000_000, 1, 7, "block")
GIVEN = Destination("key", 0, "bc1q", "memo", "bitcoin:bc1q")
ANYTHING = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.integers(-1, 2**256),
    st.floats(),
    st.binary(max_size=3),
    st.text(st.characters(), max_size=20),
    st.text(st.characters(categories=["Cs", "Cc", "Lu"]), max_size=3),
    st.sampled_from(["x" * 501, 2**63, 10**78, 10**5_000, "\ud800", "a\0b", ()]),
)
SPOILT = [
    ("ref", ""),
    ("ref", "r" * 501),
    ("ref", "\udcff"),
    ("ref", 5),
    ("transaction_id", ""),
    ("transaction_id", "a\0b"),
    ("amount_minor", 5.0),
    ("amount_minor", True),
    ("amount_minor", 10**78),
    ("seen_at_ms", -5),
    ("seen_at_ms", 2**62),
    ("position", -1),
    ("position", 2**63),
    ("height", -3),
    ("height", 2**63),
    ("height", 1.0),
    ("block", ""),
    ("block", b"00"),
    ("replaced_by", "x" * 501),
    ("state", "seen"),
    ("final", None),
    ("destination_key", None),
    ("asset", "BTC"),
    ("asset", replace(BTC, chain="elsewhere")),
    ("asset", replace(BTC, code="")),
    ("asset", replace(BTC, decimals=2**31)),
]


def spoilt(name: str, value: object) -> Observation:
    """The good one with another value, also where its own class would refuse that."""
    seen = replace(GOOD)
    object.__setattr__(seen, name, value)
    return seen


@pytest.mark.parametrize(("name", "value"), SPOILT)
def test_a_plugins_mistake_is_refused_by_the_name_of_its_field(name: str, value: object) -> None:
    with pytest.raises(ValueError, match=name) as refused:
        border.admitted(spoilt(name, value), "bitcoin")
    assert len(str(refused.value)) < 300
    assert name == "ref" or "'tx:0'" in str(refused.value)


def test_what_is_right_is_the_same_object() -> None:
    assert border.admitted(GOOD, "bitcoin") is GOOD


def test_one_mistake_refuses_the_portion() -> None:
    with pytest.raises(ValueError, match="Observation"):
        border.all_admitted([GOOD, "tx:1"], "bitcoin")  # type: ignore[list-item]


@given(st.sampled_from([field.name for field in fields(Observation)]), ANYTHING)
def test_whatever_is_admitted_can_be_stored(name: str, value: object) -> None:
    spoilt_one = spoilt(name, value)
    refused = ""
    try:
        spoilt_one = border.admitted(spoilt_one, "bitcoin")
    except ValueError as error:
        refused = str(error)
    assert name in refused or not refused
    stored = [] if refused else [getattr(spoilt_one, field.name) for field in fields(Observation)]
    for text in (one for one in stored if isinstance(one, str)):
        assert "\0" not in text.encode().decode()
        assert len(text) <= border.KEY_CHARACTERS + 1
    for number in (one for one in stored if isinstance(one, int) and one != spoilt_one.amount_minor):
        assert 0 <= number < 2**63


@given(st.text(st.characters() | st.characters(categories=["Cs"])), st.integers(0, 600))
def test_what_payers_write_is_never_refused_and_never_becomes_a_key_of_ours(text: str, more: int) -> None:
    seen = border.admitted(replace(GOOD, destination_key=text + "k" * more), "bitcoin")
    kept = seen.destination_key
    assert border.admitted(seen, "bitcoin") is seen, "what is stored is told again as it is"
    if kept != text + "k" * more:
        with pytest.raises(ValueError, match="key of a destination"):
            border.check_destination(replace(GIVEN, key=kept))


def test_what_an_issuer_calls_its_token_is_cut() -> None:
    token = Asset("bitcoin", "0.0.5", "free \ud800 money" * 1_000, 0)
    seen = border.admitted(replace(GOOD, asset=token), "bitcoin")
    assert seen.asset == replace(token, symbol=("free \ufffd money" * 1_000)[:100] + "…")


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("key", ""),
        ("key", "k" * 501),
        ("key", "\ufffd"),
        ("key", 7),
        ("index", -1),
        ("address", ""),
        ("address", "a" * 10_001),
        ("memo", "\ud800"),
        ("memo", ""),
        ("uri", None),
    ],
)
def test_a_destination_that_nobody_can_be_given_is_refused(name: str, value: object) -> None:
    border.check_destination(GIVEN)
    border.check_destination(replace(GIVEN, memo=None, uri=""))
    with pytest.raises(ValueError, match=f"{name} of a destination"):
        border.check_destination(replace(GIVEN, **{name: value}))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("as_of", "field"),
    [
        (7, "as_of"),
        (ChainTime(1.5), "as_of.at_ms"),  # type: ignore[arg-type]
        (ChainTime(2**62), "as_of.at_ms"),
        (ChainTime(-1), "as_of.at_ms"),
        (ChainTime(1, -1), "as_of.height"),
        (ChainTime(1, 2**63), "as_of.height"),
    ],
)
def test_an_impossible_time_is_refused(as_of: ChainTime, field: str) -> None:
    border.check_as_of(None)
    border.check_as_of(ChainTime(1, 0))
    with pytest.raises(ValueError, match=field):
        border.check_as_of(as_of)


def test_cursor_and_identity_are_texts_that_can_be_kept() -> None:
    for cursor in (None, "", "x" * border.CURSOR_CHARACTERS):
        border.check_cursor(cursor)
    for wrong in ("x" * (border.CURSOR_CHARACTERS + 1), 5, "\0"):
        with pytest.raises(ValueError, match="cursor"):
            border.check_cursor(wrong)  # type: ignore[arg-type]
    border.check_identity("main:abc")
    for nobody in ("", "x" * 1_001, None):
        with pytest.raises(ValueError, match="identity"):
            border.check_identity(nobody)  # type: ignore[arg-type]
