"""Whatever stands in a configuration: it is taken, or refused in plain lines."""

import datetime
import re
from collections.abc import Sequence
from typing import Any

from hypothesis import assume, given
from hypothesis import strategies as st

from paydaemon.config import ConfigError, Problem, parse_config
from paydaemon.config.load import _toml
from paydaemon.config.parse import TABLES
from tests.config.coins import GOOD, PLUGINS, CoinSettings

MODELS: dict[str, Any] = {**TABLES, "coin": CoinSettings}
KEYS = st.sampled_from([key for model in MODELS.values() for key in model.model_fields])
NAMES = st.text(max_size=12) | KEYS | KEYS.map(lambda key: key[:-1] + "q")
SCALARS = (
    st.text(max_size=20)
    | st.integers()
    | st.booleans()
    | st.floats()
    | st.sampled_from(["json", "127.0.0.1:0", "coin", "fixed", "0.5", "/tmp", "http://h", "main"])
    | st.just(datetime.date(2026, 1, 1))
    | st.just(datetime.datetime(2026, 1, 1, tzinfo=datetime.UTC))
    | st.just(datetime.time(1, 2))
)
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES, inner, max_size=3),
    max_leaves=6,
)
TABLE = st.dictionaries(NAMES, VALUES, max_size=4)
DOCUMENTS = st.fixed_dictionaries(
    {},
    optional={
        **dict.fromkeys(TABLES, TABLE | VALUES),
        "chains": st.dictionaries(NAMES, TABLE.map(lambda keys: {**GOOD, **keys}) | VALUES, max_size=2),
        "rates": st.dictionaries(NAMES, TABLE, max_size=2),
    },
) | st.dictionaries(NAMES, VALUES, max_size=4)


def refused(document: dict[str, Any]) -> Sequence[Problem]:
    """What is wrong with a document; nothing, where it is taken. Any other exception fails the test."""
    try:
        config = parse_config(document, PLUGINS)
    except ConfigError as error:
        return error.problems
    assert config.chains
    return ()


@given(DOCUMENTS)
def test_any_document_is_taken_or_refused_in_plain_lines(document: dict[str, Any]) -> None:
    for problem in refused(document):
        assert problem.path
        assert problem.path.isascii()
        assert problem.path.isprintable()
        assert 0 < len(problem.message) <= 500
        assert len(str(problem).split("\n")) == 1
        assert "pydantic" not in problem.message
        assert "Input should" not in problem.message


@given(table=st.sampled_from(sorted(MODELS)), key=st.text(max_size=20) | NAMES, value=SCALARS)
def test_an_unknown_key_is_refused_by_its_name(table: str, key: str, value: object) -> None:
    known = set(MODELS[table].model_fields)
    assume(key not in known | {"plugin"})
    document: dict[str, Any] = {"chains": {"main": dict(GOOD)}}
    place = document["chains"]["main"] if table == "coin" else document.setdefault(table, {})
    place[key] = value
    (problem,) = refused(document)
    assert problem.path.startswith("chains.main." if table == "coin" else f"{table}.")
    words, _, hint = problem.message.partition("; ")
    assert words == "is not a key of this table"
    assert hint == "" or hint.removeprefix('did you mean "').removesuffix('"?') in known


@given(st.text(max_size=60) | st.lists(st.sampled_from("[]{}=\"'.,\n#a1 -_"), max_size=30).map("".join))
def test_any_text_is_toml_or_refused_in_words(text: str) -> None:
    try:
        document = _toml(text)
    except ValueError as error:
        told = str(error)
    else:
        told = ""
        assert isinstance(document, dict)
    if told:
        assert re.search(r"^is not valid TOML: .* \(at line \d+, column \d+", told, re.DOTALL)
