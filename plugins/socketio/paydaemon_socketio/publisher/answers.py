"""What a publisher's answer means: what any does, but that one 2xx is none.

The WordPress plugin says 200 to a signature that it cannot verify, with a body that tells the truth. Whoever
has the wrong public key would lose every payment by it, and nobody would know.
"""

import json

from paydaemon.hooks import answers
from paydaemon.hooks.notifier import NotTold, Told

_REFUSAL = "failed validation"
_NOT_VALIDATED = "but that it failed to validate what was sent: look whether it has our public key"


def told(status: int, retry_after: str | None, body: bytes, now_s: float) -> Told:
    """How that went. Raises `NotTold`."""
    if answers.is_taken(status) and _is_refusal(body):
        asked_s = answers.retry_after_s(retry_after, now_s)
        reason = f"{answers.in_words(status)}, {_NOT_VALIDATED}"
        raise NotTold(reason, status=status, retry_after_s=asked_s)
    return answers.told(status, retry_after, now_s)


def _is_refusal(body: bytes) -> bool:
    """Whether it is ``{"msg":"failed validation…"}``; WordPress writes that as a string of JSON in JSON."""
    said: object = body
    for _ in range(2):
        if not isinstance(said, str | bytes):
            break
        try:
            said = json.loads(said)
        except (ValueError, RecursionError):
            return False
    return isinstance(said, dict) and str(said.get("msg", "")).startswith(_REFUSAL)
