"""The statements: SQL lives in ``queries/*.sql``, each under a ``-- name:`` of its own, and is read once."""

import re
from collections.abc import Iterable, Mapping
from importlib.resources import files

Statements = Mapping[str, str]
"""SQL by name."""

_NAME = re.compile(r"^-- name: (\w+)\n", re.MULTILINE)


def load_statements() -> Statements:
    """Every statement of every file. Raises `ValueError` where two have the same name."""
    folder = files("paydaemon.store.sqlite") / "queries"
    texts = [entry.read_text(encoding="utf-8") for entry in folder.iterdir() if entry.name.endswith(".sql")]
    return parse_statements(texts)


def parse_statements(texts: Iterable[str]) -> Statements:
    """The named statements in some files' texts. What stands before the first name is about the file."""
    statements: dict[str, str] = {}
    for text in texts:
        _, *parts = _NAME.split(text)
        for name, sql in zip(parts[::2], parts[1::2], strict=True):
            if name in statements:
                raise ValueError(f"two statements are named {name!r}")
            statements[name] = sql.strip()
    return statements
