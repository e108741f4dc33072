"""A mail as bytes: the same bytes at every attempt, so that whoever gets it twice can tell.

Nothing that a seller or buyer has typed gets into a header but as one line, whatever Python's release does
about line breaks there. There is no Bcc: each mail has one recipient.
"""

import hashlib
from dataclasses import dataclass
from datetime import UTC, datetime
from email import policy
from email.headerregistry import Address
from email.message import EmailMessage
from email.utils import format_datetime

from paydaemon_email.addresses import Mailbox
from paydaemon_email.text import one_line

_LINES = policy.SMTP.clone(cte_type="7bit")
_UTF8_LINES = _LINES.clone(utf8=True)


@dataclass(frozen=True, slots=True)
class Letter:
    """What a mail says. `html` is None where there is only text."""

    subject: str
    text: str
    html: str | None


@dataclass(frozen=True, slots=True)
class Party:
    """Somebody with an address, and perhaps a name."""

    mailbox: Mailbox
    name: str = ""


@dataclass(frozen=True, slots=True)
class Thread:
    """Where a mail belongs, by what Message-IDs are made from: its own, and that of the mail it answers, if
    any.
    """

    stem: str
    answers: str | None = None


@dataclass(frozen=True, slots=True)
class Heading:
    """Whatever of a mail is not its text. `event_ids` say what it tells; `list_id` is for filters."""

    sender: Party
    recipient: Party
    thread: Thread
    at_ms: int
    event_ids: tuple[str, ...] = ()
    reply_to: Mailbox | None = None
    list_id: str | None = None


@dataclass(frozen=True, slots=True)
class Envelope:
    """What a server is told and handed."""

    sender: Mailbox
    recipient: Mailbox
    content: bytes

    @property
    def needs_smtputf8(self) -> bool:
        """Whether an address in it is beyond ASCII."""
        return self.sender.needs_smtputf8 or self.recipient.needs_smtputf8


def sealed(letter: Letter, heading: Heading) -> Envelope:
    """The mail, ready to be handed over."""
    sender, recipient = heading.sender.mailbox, heading.recipient.mailbox
    return Envelope(sender, recipient, compose(letter, heading).as_bytes())


def compose(letter: Letter, heading: Heading) -> EmailMessage:
    """The mail, its headers first: RFC 5322, and RFC 3834 for what a machine writes."""
    mail = EmailMessage(_UTF8_LINES if _needs_utf8(heading) else _LINES)
    mail["From"] = _address(heading.sender)
    mail["To"] = _address(heading.recipient)
    if heading.reply_to is not None:
        mail["Reply-To"] = _address(Party(heading.reply_to))
    mail["Subject"] = _typed(letter.subject)
    mail["Date"] = format_datetime(datetime.fromtimestamp(heading.at_ms // 1000, UTC))
    _thread(mail, heading)
    mail["Auto-Submitted"] = "auto-generated"
    mail["X-Auto-Response-Suppress"] = "All"
    if heading.list_id is not None:
        mail["List-Id"] = f"<{heading.list_id}.{heading.sender.mailbox.domain}>"
    for event_id in heading.event_ids:
        mail["X-Paydaemon-Event"] = one_line(event_id)
    _write(mail, letter)
    return mail


def message_id(heading: Heading, stem: str) -> str:
    """The Message-ID of a mail to this recipient: the same whenever it is made."""
    recipient = hashlib.sha256(str(heading.recipient.mailbox).encode()).hexdigest()[:12]
    return f"<{stem}.{recipient}@{heading.sender.mailbox.domain}>"


def _needs_utf8(heading: Heading) -> bool:
    mailboxes = [heading.sender.mailbox, heading.recipient.mailbox, heading.reply_to]
    return any(mailbox is not None and mailbox.needs_smtputf8 for mailbox in mailboxes)


def _typed(text: str) -> str:
    """What somebody has typed, for a header. Python reads RFC 2047's ``=?utf-8?q?=0A?=`` as what it stands
    for, a line's end too, and writes that: so there is none.
    """
    return one_line(text).replace("=?", "= ?")


def _address(party: Party) -> Address:
    return Address(_typed(party.name), party.mailbox.local, party.mailbox.domain)


def _thread(mail: EmailMessage, heading: Heading) -> None:
    mail["Message-ID"] = message_id(heading, heading.thread.stem)
    if heading.thread.answers is not None:
        first = message_id(heading, heading.thread.answers)
        mail["In-Reply-To"] = first
        mail["References"] = first


def _write(mail: EmailMessage, letter: Letter) -> None:
    mail.set_content(letter.text, cte="quoted-printable")
    if letter.html is None:
        return
    mail.add_alternative(letter.html, subtype="html", cte="quoted-printable")
    # Python would draw one; no line of quoted-printable can begin so, for "=" is followed by digits there.
    mail.set_boundary("=_" + hashlib.sha256(mail["Message-ID"].encode()).hexdigest()[:32])
