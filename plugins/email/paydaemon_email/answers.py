"""What a server's refusal means for a mail: try again, try another day, or never.

RFC 5321 says by the first digit whether trying again can help, and RFC 3463 by the digits in the text what
it is about: 5.1.1 is the recipient's address, 5.7.1 is what the server's rules say of us. Only what is the
recipient's own fault is given up for good; whatever an operator may mend, on either side, is tried again.
"""

import re
from enum import StrEnum

from paydaemon.hooks.notifier import NotTold
from paydaemon_email.text import one_line

GREYLISTED_S = 300.0
"""How long a recipient that asks for patience without saying how long is left alone: what most servers want.
"""
LONGEST_S = 3_600.0
"""However long a server asks for. A slip of its must not keep a mail for a day."""

_ENHANCED = re.compile(r"^\s*([245])\.(\d{1,3})\.(\d{1,3})\b")
_PATIENCE = re.compile(r"gr[ae]y.?list|postgrey|try (?:again )?later|deferred", re.IGNORECASE)
_WAIT = re.compile(r"\b(\d{1,6})\s*(s|sec|secs|seconds?|m|min|mins|minutes?)\b", re.IGNORECASE)
_PERMANENT = (550, 551, 552, 553, 556)
"""RCPT's refusals that are about the recipient (RFC 5321, section 4.2.3; RFC 7504)."""


class Step(StrEnum):
    """Where a conversation stood, in the words of its reasons."""

    CONNECT = "connecting"
    TLS = "TLS"
    GREETING = "the greeting"
    AUTH = "logging in"
    SENDER = "the sender"
    RECIPIENT = "the recipient"
    DATA = "the mail"
    END = "the mail's end"


class Refused(Exception):
    """The server answered, and the answer is no."""

    def __init__(self, step: Step, code: int, text: str) -> None:
        super().__init__(f"{step}: {code} {text}")
        self.step = step
        self.code = code
        self.text = one_line(text)


class Broken(Exception):
    """There was no answer, or none that can be trusted. `reason` is one line without secrets."""

    def __init__(self, step: Step, reason: str) -> None:
        super().__init__(f"{step}: {reason}")
        self.step = step
        self.reason = one_line(reason, 400)


def class_of(text: str) -> str:
    """The digits that an answer begins with, such as ``5.7.8``, without its words."""
    found = _ENHANCED.match(text)
    return "" if found is None else found[0].strip()


def not_told(trouble: Refused | Broken, server: str) -> NotTold:
    """What the daemon is told; `server` is the server's name, for the reason."""
    if isinstance(trouble, Broken):
        return NotTold(f"{server}: {trouble.step}: {trouble.reason}")
    reason = f"{server} refused {trouble.step}: {trouble.code} {trouble.text}".rstrip()
    if trouble.step not in (Step.RECIPIENT, Step.DATA, Step.END) or trouble.code == 421:
        return NotTold(reason, status=trouble.code)
    if trouble.code in (503, 530):  # who we are was not said, or not enough: no other mail would do better
        return NotTold(reason, status=trouble.code)
    return NotTold(
        reason,
        status=trouble.code,
        retry_after_s=_patience_s(trouble),
        for_good=_is_for_good(trouble),
        target_down=False,
    )


def _is_for_good(refused: Refused) -> bool:
    if refused.code < 500:
        return False
    if refused.step is not Step.RECIPIENT:
        return True
    enhanced = _ENHANCED.match(refused.text)
    if enhanced is not None:
        return enhanced[1] == "5" and enhanced[2] in ("1", "2", "6")
    return refused.code in _PERMANENT


def _patience_s(refused: Refused) -> float | None:
    """How long to leave it alone, where the server says so, or says that it wants patience."""
    if refused.code >= 500:
        return None
    asked = _WAIT.search(refused.text)
    if asked is not None:
        unit_s = 60 if asked[2].lower().startswith("m") else 1
        return min(max(1.0, float(asked[1]) * unit_s), LONGEST_S)
    enhanced = _ENHANCED.match(refused.text)
    if _PATIENCE.search(refused.text) or (enhanced is not None and enhanced[2] == "7"):
        return GREYLISTED_S
    return None
