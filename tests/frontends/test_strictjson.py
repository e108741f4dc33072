import json
import time

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from paydaemon.core.errors import Refusal
from paydaemon.frontends import strictjson

DEPTH = 8


def refused(data: bytes) -> tuple[str, str | None]:
    with pytest.raises(Refusal) as caught:
        strictjson.loads(data, DEPTH)
    return caught.value.code, caught.value.param


def test_plain_objects_are_taken() -> None:
    assert strictjson.loads(b' {"a": [1, 2.5, "x", null, true], "b": {"c": -1}} ', DEPTH) == {
        "a": [1, 2.5, "x", None, True],
        "b": {"c": -1},
    }


@pytest.mark.parametrize(
    ("data", "code", "param"),
    [
        (b"", "invalid_json", None),
        (b"{", "invalid_json", None),
        (b"{} {}", "invalid_json", None),
        (b'{"a": 1,}', "invalid_json", None),
        (b"{'a': 1}", "invalid_json", None),
        (b'{"a": 01}', "invalid_json", None),
        (b'{"a": +1}', "invalid_json", None),
        (b'{"a": .5}', "invalid_json", None),
        (b'{"a": "\n"}', "invalid_json", None),
        ('{"a": ١}'.encode(), "invalid_json", None),
        (b"\xef\xbb\xbf{}", "invalid_json", None),
        (b'{"a": "\xff"}', "invalid_utf8", None),
        (b'{"a": "\xed\xa0\x80"}', "invalid_utf8", None),
        (b"[]", "not_an_object", None),
        (b'"text"', "not_an_object", None),
        (b"null", "not_an_object", None),
        (b'{"a": {"b": 1, "c": 2, "b": 3}}', "duplicate_key", "a.b"),
        (b'{"amount": "1", "amount": "2"}', "duplicate_key", "amount"),
        (b'{"a": "\\ud800"}', "invalid_text", "a"),
        (b'{"a": ["ok", "\\udfff"]}', "invalid_text", "a.1"),
        (b'{"\\ud800": 1}', "invalid_text", None),
        (b'{"a": "\\u0000"}', "invalid_text", "a"),
        (b'{"a": NaN}', "not_a_number", "a"),
        (b'{"a": [Infinity]}', "not_a_number", "a.0"),
        (b'{"a": -Infinity}', "not_a_number", "a"),
        (b'{"a": 1e400}', "number_out_of_range", "a"),
        (b'{"a": 1e300000}', "number_out_of_range", "a"),
        (b'{"a": 9007199254740992}', "number_out_of_range", "a"),
        (b'{"a": -9007199254740992}', "number_out_of_range", "a"),
        (b'{"a": ' + b"9" * 60_000 + b"}", "number_out_of_range", "a"),
        (b'{"a":' * 9 + b"1" + b"}" * 9, "too_deep", None),
        (b"[" * 60_000, "too_deep", None),
        (b'{"a":' * 12_000, "too_deep", None),
    ],
)
def test_what_could_mean_two_things_is_refused(data: bytes, code: str, param: str | None) -> None:
    assert refused(data) == (code, param)


def test_a_duplicate_key_of_half_a_surrogate_pair_has_a_printable_path() -> None:
    code, param = refused(b'{"\\ud800": 1, "\\ud800": 2}')
    assert code == "duplicate_key"
    assert param is not None
    assert param.encode() == b"?"


def test_the_largest_safe_integer_and_a_surrogate_pair_are_taken() -> None:
    assert strictjson.loads(b'{"a": 9007199254740991, "b": "\\ud83d\\ude00"}', DEPTH) == {
        "a": 2**53 - 1,
        "b": "\N{GRINNING FACE}",
    }


def test_brackets_in_strings_are_not_depth() -> None:
    assert strictjson.depth(b'{"a": "[[[[[[[[[[[[[", "b": "\\"[[[[[[[[[[["}') == 1
    assert strictjson.depth(b'[[1], [[2]], "]"]') == 3


@pytest.mark.parametrize(
    "data",
    [
        b'"' + b'\\"' * 500_000,
        b'"' + b'\\"' * 500_000 + b"\\",
        b'\\"' * 500_000,
        b"[" * 1_000_000,
        b"[]" * 500_000,
        b'""' * 500_000,
    ],
)
def test_measuring_depth_is_linear(data: bytes) -> None:
    started = time.perf_counter()
    strictjson.depth(data)
    assert time.perf_counter() - started < 5


values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**53) + 1, 2**53 - 1)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0")),
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.text("abc", max_size=3), inner, max_size=4)
    ),
    max_leaves=20,
)


@given(st.dictionaries(st.text("abc", max_size=3), values, max_size=5))
def test_every_honest_object_comes_through_unchanged(value: dict[str, object]) -> None:
    assert strictjson.loads(json.dumps(value).encode(), 64) == value
    assert strictjson.loads(json.dumps(value, ensure_ascii=False).encode(), 64) == value


@given(st.binary(max_size=200) | st.text('{}[]":,\\aN1e-', max_size=200).map(str.encode))
@example(b'{"a":1e999999999999}')
def test_anything_else_is_refused_and_nothing_else_is_raised(data: bytes) -> None:
    refusal: Refusal | None = None
    found: object = None
    try:
        found = strictjson.loads(data, DEPTH)
    except Refusal as error:
        refusal = error
    if refusal is None:
        assert found == json.loads(data)
    else:
        assert refusal.message
        assert refusal.param is None or refusal.param.encode()
