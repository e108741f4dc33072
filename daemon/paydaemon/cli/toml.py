"""Configuration written as TOML, for the demo: the standard library only reads it."""

import json
from collections.abc import Iterator, Mapping


def to_toml(document: Mapping[str, object]) -> str:
    """A document of strings, numbers, booleans, lists and tables as TOML 1.0."""
    return "\n".join(_table(document, ())) + "\n"


def _table(table: Mapping[str, object], path: tuple[str, ...]) -> Iterator[str]:
    if path:
        yield f"[{'.'.join(json.dumps(part) for part in path)}]"
    for key, value in table.items():
        if not isinstance(value, Mapping):
            yield f"{json.dumps(key)} = {_value(value)}"
    for key, value in table.items():
        if isinstance(value, Mapping):
            yield from _table(value, (*path, key))


def _value(value: object) -> str:
    """A value in one line. JSON's strings, numbers and booleans are TOML's too (TOML 1.0, String, basic)."""
    if isinstance(value, Mapping):
        return f"{{ {', '.join(f'{json.dumps(key)} = {_value(inner)}' for key, inner in value.items())} }}"
    if isinstance(value, list | tuple):
        return f"[{', '.join(_value(item) for item in value)}]"
    if isinstance(value, str | int | float | bool):
        return json.dumps(value, ensure_ascii=False, allow_nan=False)
    raise TypeError(f"{type(value).__name__} has no place in a configuration")
