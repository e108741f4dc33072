"""docs/hedera.md has every code that a signed transaction may be refused with, and no other."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs/hedera.md").read_text(encoding="utf-8")
SOURCES = ("body", "envelope", "ids", "inspection", "signatures", "strict", "text")
CODE = re.compile(r"[a-z]+(_[a-z0-9]+)*")
OF_IDS = {"not_a_transaction_id", "not_an_id"}
"""Of ids in paths and configurations."""


def made(source: str) -> Iterator[str]:
    path = ROOT / "plugins/hedera/paydaemon_hedera" / f"{source}.py"
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
            match node.func.id:
                case "invalid" | "_Rule":
                    code = node.args[-1]
                case "Refusal":
                    code = node.args[1]
                case _:
                    continue
            words = [one.value for one in ast.walk(code) if isinstance(one, ast.Constant)]
            yield from (word for word in words if isinstance(word, str))


def test_every_code_is_documented() -> None:
    rows = [line.split("|")[1] for line in PAGE.splitlines() if line.startswith("| `")]
    told = {code for row in rows for code in re.findall(r"`([^`]+)`", row)}
    found = {code for source in SOURCES for code in made(source)} - OF_IDS
    assert all(CODE.fullmatch(code) for code in found)
    assert told == found
