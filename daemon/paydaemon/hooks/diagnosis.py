"""Diagnosis: what ``paydaemon doctor`` asks of a plugin, and what anybody finds.

A diagnosis is made in the doctor's own process, whether or not the daemon runs. So it dials for itself and
changes nothing anywhere. What cannot be found out is a finding too.
"""

from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any


class Verdict(StrEnum):
    """How bad it is. A problem keeps something from working; a warning is worth a look."""

    OK = "ok"
    WARNING = "warning"
    PROBLEM = "problem"


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at.

    `what` names it, `verdict` is how it is, `said` the same in words, and `advice` what to do where it is not
    ok.

    Holds no secret: it is printed.
    """

    what: str
    verdict: Verdict
    said: str
    advice: str = ""


def ok(what: str, said: str) -> Finding:
    """All is well."""
    return Finding(what, Verdict.OK, said)


def warning(what: str, said: str, advice: str) -> Finding:
    """It works, or will; `advice` says what would be better."""
    return Finding(what, Verdict.WARNING, said, advice)


def problem(what: str, said: str, advice: str) -> Finding:
    """Something does not work before somebody does what `advice` says."""
    return Finding(what, Verdict.PROBLEM, said, advice)


@dataclass(frozen=True, slots=True)
class ChainRecord:
    """What the daemon's database holds of a chain: as `paydaemon.hooks.ports.ChainHost` was told, if it was.

    `identity` is what the chain called itself, None where it never ran. Every index below `next_index` may
    have been given out. `others` are the identities of the database's other chains, configured or not, by
    their ids: no two chains can have the same.
    """

    identity: str | None = None
    next_index: int = 0
    others: Mapping[str, str] = field(default_factory=dict)


Diagnose = Callable[[str, Any, ChainRecord], AsyncIterator[Finding]]
"""Looks at one configured chain: its id, the settings of its table, and what is recorded of it.

Findings are told as they come, so a question that is never answered takes only those after it along: the
doctor waits for each no longer than 30 s (`paydaemon.doctor.asking.WAIT_S`). It runs in trio, in the doctor's
own process.
"""

DiagnoseNotifier = Callable[[str, Any], AsyncIterator[Finding]]
"""Looks at one configured notifier, in the same way: its id, and the settings of its table.

It tells nobody anything: whether a mail server takes the password can be found out without a mail.
"""

DiagnoseRates = Callable[[Any], AsyncIterator[Finding]]
"""Looks at one configured source of rates, in the same way: the settings of its table."""
