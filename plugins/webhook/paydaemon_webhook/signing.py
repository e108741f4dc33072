"""What is sent: the event, and its signatures by Standard Webhooks.

https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md
"""

import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime

from standardwebhooks import Webhook

from paydaemon.hooks.notifier import Notice

VERSION = 1
"""Of the body's form: another where a field is gone or means something else, the same where one is added."""


class BadSecret(ValueError):
    """A secret that cannot be signed with. Does not say it."""


def body_of(notice: Notice) -> str:
    """The event as ``GET /v1/events`` shows it, its form's version in front."""
    return json.dumps({"version": VERSION, **notice.body}, separators=(",", ":"))


def headers_of(notice: Notice, body: str, secrets: Sequence[str], at_s: int) -> Mapping[str, str]:
    """The three headers; one signature for each secret. `at_s` is now, in Unix time: of this attempt.

    Receivers take no older ones than of some minutes, so that nobody can play them again later.
    """
    signatures = [_signature(secret, notice.event_id, at_s, body) for secret in secrets]
    return {
        "webhook-id": notice.event_id,
        "webhook-timestamp": str(at_s),
        "webhook-signature": " ".join(signatures),
    }


def _signature(secret: str, id: str, at_s: int, body: str) -> str:
    try:
        return Webhook(secret).sign(id, datetime.fromtimestamp(at_s, UTC), body)
    except Exception as error:  # noqa: BLE001 - the library's own and others, which may quote the secret
        raise BadSecret(f"a secret cannot be signed with: {type(error).__name__}") from None
