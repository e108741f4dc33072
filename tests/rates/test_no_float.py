"""No price is ever a float: not in the rooms that decide on rates, nor in those that read them."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
ROOMS = sorted(
    [
        *(ROOT / "daemon/paydaemon/core").glob("rate*.py"),
        *(ROOT / "daemon/paydaemon/engine").glob("rate*.py"),
        *(ROOT / "plugins/rates/paydaemon_rates").rglob("*.py"),
    ]
)


def floats(source: str) -> Iterator[str]:
    """Every place where a float could come from, except where it is the time that is measured in seconds."""
    tree = ast.parse(source)
    times = set(_times(tree))
    for node in ast.walk(tree):
        match node:
            case ast.Constant(value=float(value)) if node not in times:
                yield f"line {node.lineno}: the literal {value}"
            case ast.Call(func=ast.Name(id="float")):
                yield f"line {node.lineno}: float()"
            case ast.Call(func=ast.Attribute(attr="loads" | "load", value=ast.Name(id="json"))):
                if "parse_float" not in {keyword.arg for keyword in node.keywords}:
                    yield f"line {node.lineno}: json without parse_float"
            case ast.Call(func=ast.Attribute(attr="json", value=answer)) if _is_answer(answer):
                yield f"line {node.lineno}: an answer's own json()"
            case ast.keyword(arg="parse_float", value=ast.Name(id=name)) if name not in ("Decimal", "str"):
                yield f"line {node.value.lineno}: parse_float={name}"


def _times(tree: ast.AST) -> Iterator[ast.AST]:
    """The literals that a name in seconds is given."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Assign) and all(_is_in_seconds(target) for target in node.targets):
            yield from ast.walk(node.value)


def _is_in_seconds(target: ast.AST) -> bool:
    name = getattr(target, "id", getattr(target, "attr", ""))
    return str(name).lower().endswith("_s")


def _is_answer(node: ast.AST) -> bool:
    return isinstance(node, ast.Name) and node.id in ("response", "answer", "reply")


@pytest.mark.parametrize("path", ROOMS, ids=lambda path: str(path.relative_to(ROOT)))
def test_no_float_anywhere(path: Path) -> None:
    assert list(floats(path.read_text(encoding="utf-8"))) == []


def test_the_rooms_are_found() -> None:
    assert {"raterules.py", "rates.py", "ratewords.py", "fixed.py"} <= {path.name for path in ROOMS}


@pytest.mark.parametrize(
    "source",
    [
        "price = 0.5",
        "price = float(text)",
        "json.loads(body)",
        "json.loads(body, parse_float=float)",
        "response.json()",
        "pause_s = float(text)",
    ],
)
def test_it_would_be_found(source: str) -> None:
    assert len(list(floats(source))) == 1
