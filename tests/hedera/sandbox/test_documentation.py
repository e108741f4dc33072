"""docs/hedera-sandbox.md tells what is there."""

import re

from paydaemon_hedera.proto import response_code_pb2 as rc
from paydaemon_hedera.sandbox.admin import Admin
from paydaemon_hedera.sandbox.faults import Kind
from paydaemon_hedera.sandbox.precheck import Stage
from paydaemon_hedera.sandbox.running import Running
from tests.sdks.plans import ROOT

PAGE = (ROOT / "docs/hedera-sandbox.md").read_text(encoding="utf-8")


def rows(heading: str) -> list[str]:
    """The first cells of the tables under a heading."""
    section = PAGE.split(f"## {heading}\n", 1)[1].split("\n## ", 1)[0]
    return re.findall(r"^\| (`.*?) \|", section, re.MULTILINE)


def test_the_stages_in_order() -> None:
    assert rows("What a node checks") == [f"`{stage}`" for stage in Stage]


def test_every_fault_and_every_route() -> None:
    first_cells = rows("Breaking it")
    kinds = [cell.strip("`") for cell in first_cells if "/" not in cell]
    routes = re.findall(r"`(\w+ /sandbox\S*)`", " ".join(first_cells))
    assert kinds == [kind.value for kind in Kind]
    assert sorted(routes) == sorted(f"{method} {path}" for method, path in Admin(Running()).routes)


def test_every_code_exists() -> None:
    named = set(re.findall(r"`([A-Z]{4,}(?:_[A-Z]+)*)`", PAGE)) - {"COST_ANSWER"}
    assert named
    assert named <= set(rc.ResponseCodeEnum.keys())
