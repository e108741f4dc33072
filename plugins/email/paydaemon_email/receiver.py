"""A receiver for ``paydaemon demo``: a mail server on this machine, which says of each mail what it is.

No more than that: whoever receives mails has a mailbox.
"""

from collections.abc import Callable, Sequence
from email import message_from_bytes, policy
from functools import partial

import trio

from paydaemon.hooks.notifier import RecipientFacts
from paydaemon_email.sink import converse
from paydaemon_email.text import one_line

_HOST = "127.0.0.1"
_SENDER = "payments@shop.example"
_OPERATOR = "ops@shop.example"


class DemoReceiver:
    """The mailboxes of an operator and of every buyer (`paydaemon.hooks.notifier.Recipient`)."""

    def __init__(self) -> None:
        self._say: Callable[[str], None] = print

    async def run(
        self,
        seller_id: str,
        say: Callable[[str], None],
        *,
        task_status: trio.TaskStatus[RecipientFacts] = trio.TASK_STATUS_IGNORED,
    ) -> None:
        """Say of each mail whom it is for, and its subject, before it counts as taken."""
        self._say = say
        async with trio.open_nursery() as nursery:
            listeners = await nursery.start(partial(trio.serve_tcp, self._serve, 0, host=_HOST))
            port = listeners[0].socket.getsockname()[1]
            task_status.started(RecipientFacts(_settings(port, seller_id)))

    def trust(self, secret: str) -> None:
        """Mails have no endpoint, and so no secret."""

    async def _serve(self, stream: trio.SocketStream) -> None:
        await converse(stream, self._take)

    def _take(self, recipients: Sequence[str], content: bytes) -> None:
        subject = _subject(content)
        for recipient in recipients:
            self._say(f"mail to {recipient}: {subject}")


def _settings(port: int, seller_id: str) -> dict[str, object]:
    return {
        "host": _HOST,
        "port": port,
        "security": "none",
        "sender": _SENDER,
        "operators": {"ops": _OPERATOR},
        "receipts": [{"seller": seller_id, "name": f"the {seller_id} shop"}],
    }


def _subject(content: bytes) -> str:
    """A mail's subject in one line. Raises `ValueError` for what cannot be read, or has none."""
    try:
        subject = one_line(str(message_from_bytes(content, policy=policy.SMTP).get("Subject", "")))
    except Exception as error:  # the library meets broken headers by errors of many kinds
        raise ValueError("the mail's headers cannot be read") from error
    if not subject:
        raise ValueError("the mail has no subject")
    return subject
