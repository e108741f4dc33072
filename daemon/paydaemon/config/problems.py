"""What is wrong with a configuration, in words an operator can act on.

A message never repeats a value: it might be a secret in the wrong place. Keys and the values that would have
been right are told.
"""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, get_args

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from paydaemon.hooks.settings import Secret
from paydaemon.suggest import did_you_mean

Where = tuple[str | int, ...]
"""The keys that lead to a value; a number is a place in a list."""

_BARE_KEY = re.compile(r"[A-Za-z0-9_-]{1,64}", re.ASCII)
_MAX_KEY = 64
_MAX_MESSAGE = 500
_LONG_VALUE = 12
"""From this length on, a value in a plugin's own message might be a key or a password."""


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that is wrong. `path` leads to it, such as ``chains.bitcoin.rpc_url``."""

    path: str
    message: str

    def __str__(self) -> str:
        return f"{self.path}: {self.message}"


class ConfigError(Exception):
    """A configuration that cannot be used, with everything that is wrong with it."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        super().__init__(*problems)
        self.problems = tuple(problems)

    def __str__(self) -> str:
        return "\n".join(str(problem) for problem in self.problems)


def problem(where: Where, message: str) -> Problem:
    """A problem at those keys, written as TOML writes them."""
    return Problem(".".join(_key(part) for part in where), " ".join(message.split())[:_MAX_MESSAGE])


def explain(
    error: ValidationError, model: type[BaseModel], table: Mapping[str, object], where: Where
) -> Iterator[Problem]:
    """Everything that a model found wrong with its table, which stands at `where`."""
    for detail in error.errors(include_url=False):
        # Told already: it is the key that this default would have been made from.
        if detail["type"] != "default_factory_not_called":
            path, known, models = _follow(model, table, detail["loc"])
            secret = Secret in models and detail["type"] in _NO_TABLE
            yield problem((*where, *path), _SECRET_ITSELF if secret else _words(detail, known))


def _key(part: str | int) -> str:
    text = str(part)
    if _BARE_KEY.fullmatch(text):
        return text
    return json.dumps(text if len(text) <= _MAX_KEY else text[:_MAX_KEY] + "…", ensure_ascii=True)


# --- Where


def _follow(
    model: type[BaseModel], table: object, loc: Where
) -> tuple[Where, set[str], set[type[BaseModel]]]:
    """The keys that `loc` stands for, the keys known in the table of the last one, and what it may hold.

    pydantic puts labels of its own between them, for the members of a union and for a dictionary's keys: what
    is neither in the table nor in the model is such a label.
    """
    path: list[str | int] = []
    models = {model}
    known: set[str] = set()
    for part in loc:
        fields = [found.model_fields[part] for found in models if part in found.model_fields]
        if not fields and not _holds(table, part):
            continue
        path.append(part)
        known = {key for found in models for key in found.model_fields}
        table = table[part] if _holds(table, part) else None  # type: ignore[index]
        if fields:  # a name of one's own within a table of tables leads to what each of them holds
            models = {inner for field in fields for inner in models_in(field.annotation)}
    return tuple(path), known, models


def _holds(table: object, part: str | int) -> bool:
    if isinstance(table, Mapping):
        return part in table
    return isinstance(table, Sequence) and isinstance(part, int) and part < len(table)


def models_in(annotation: Any) -> Iterator[type[BaseModel]]:
    """Every model that an annotation names: ``tuple[Node, ...] | None`` → Node."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
    for inner in get_args(annotation):
        yield from models_in(inner)


# --- What

_NO_TABLE = ("model_type", "model_attributes_type")
_SECRET_ITSELF = (
    'must not be the secret itself, but where it is: { file = "/path" } or { credential = "name" }'
)
_WORDS = {
    "missing": "is required",
    "model_type": "must be a table",
    "model_attributes_type": "must be a table",
    "dict_type": "must be a table",
    "mapping_type": "must be a table",
    "list_type": "must be a list",
    "tuple_type": "must be a list",
    "set_type": "must be a list",
    "frozen_set_type": "must be a list",
    "string_type": "must be text in quotes",
    "bool_type": "must be true or false",
    "int_type": "must be a whole number, without quotes",
    "int_from_float": "must be a whole number, without quotes",
    "float_type": "must be a number, without quotes",
    "finite_number": "must be a finite number",
    "greater_than": "must be more than {gt}",
    "greater_than_equal": "must be at least {ge}",
    "less_than": "must be less than {lt}",
    "less_than_equal": "must be at most {le}",
    "string_too_short": "must be at least {min_length} characters long",
    "string_too_long": "must be at most {max_length} characters long",
    "string_pattern_mismatch": "must match {pattern}",
    "too_short": "must hold at least {min_length}",
    "too_long": "must hold at most {max_length}",
    "json_invalid": "holds text that is not valid Unicode, or is nested too deeply",
}


def _words(detail: ErrorDetails, known: set[str]) -> str:
    kind, context = detail["type"], detail.get("ctx", {})
    if kind == "extra_forbidden":
        return "is not a key of this table" + did_you_mean(str(detail["loc"][-1]), known)
    if kind in ("enum", "literal_error"):
        return _choice(str(context["expected"]), detail["input"])
    if kind in _WORDS:
        return _WORDS[kind].format(**context)
    return told(detail["input"], detail["msg"])


def _choice(expected: str, value: object) -> str:
    allowed = re.findall(r"'([^']*)'", expected)
    hint = did_you_mean(value, allowed) if isinstance(value, str) and len(allowed) > 1 else ""
    return f"must be {expected.replace(chr(39), chr(34))}{hint}"


def told(value: object, message: str) -> str:
    """What pydantic or a validator said of a value, as the rest of a sentence about its key."""
    return without_values(value, _plain(message))


def _plain(message: str) -> str:
    message = re.sub(r"^(Value error|Assertion failed), ", "", message)
    message = re.sub(r"^(Input|String|Value) should ", "must ", message)
    return message or "is not valid"


def without_values(value: object, message: str) -> str:
    """A plugin's own message without the longer texts of the value that it is about.

    Within a longer word they stay: that is an example, such as the host of a URL.
    """
    for text in sorted(_texts(value), key=len, reverse=True):
        message = re.sub(rf"(?<![\w/]){re.escape(text)}(?![\w/])", "…", message)
    return message


def _texts(value: object) -> Iterator[str]:
    if isinstance(value, str) and len(value) >= _LONG_VALUE:
        yield value
    elif isinstance(value, Mapping):
        for inner in value.values():
            yield from _texts(inner)
    elif isinstance(value, Sequence) and not isinstance(value, str | bytes):
        for inner in value:
            yield from _texts(inner)
