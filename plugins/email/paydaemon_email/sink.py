"""A mail server for ``paydaemon demo``: it takes mail for anybody, and relays and keeps none.

It speaks what RFC 5321 asks of every server (section 4.5.1), and holds its client to that. A line ends in
CRLF and in nothing else, and a mail is read to its end also where it is too large: so nothing of a mail is
ever taken for a command. No answer repeats what was said.
"""

import re
from collections.abc import Callable, Sequence
from contextlib import suppress

import trio

from paydaemon_email.addresses import parse_mailbox

MAX_LINE_BYTES = 1_000
"""Of a command or a mail, without its CRLF: RFC 5321, section 4.5.3.1."""
MAX_MAIL_BYTES = 1_048_576
MAX_RECIPIENTS = 100
"""Of one mail: as many as every server has to take (section 4.5.3.1.8)."""

_WITHIN_S = 60.0
"""For a command with its answer and the mail between. Our mailer keeps a connection for a shorter time."""
_READ_BYTES = 4_096
_END = b"\r\n"
_FROM = re.compile(r"FROM:<([^<>\s]*)>(?: (?:SIZE=\d{1,20}|BODY=(?:7BIT|8BITMIME)|SMTPUTF8))*", re.IGNORECASE)
_TO = re.compile(r"TO:<([^<>\s]+)>", re.IGNORECASE)
_DONE = "250 2.0.0 Done"
_OFFERS = (
    f"250-localhost\r\n250-SIZE {MAX_MAIL_BYTES}\r\n250-8BITMIME\r\n250-SMTPUTF8\r\n250 ENHANCEDSTATUSCODES"
)

Take = Callable[[Sequence[str], bytes], None]
"""What is done with a mail, by its recipients and its content. Raises `ValueError` for what is none."""


async def converse(stream: trio.abc.Stream, take: Take) -> None:
    """Serve one client until it leaves, is lost, or says nothing for too long."""
    with suppress(trio.BrokenResourceError, trio.TooSlowError, _Lost):
        async with stream:
            await _Conversation(stream, take).lead()


class _Lost(Exception):
    """The client is gone without a word."""


class _Lines:
    """What the client says, line by line."""

    def __init__(self, stream: trio.abc.Stream) -> None:
        self._stream = stream
        self._buffer = bytearray()

    async def next(self) -> bytes | None:
        """A line without its end; None for one that was too long. Raises `_Lost`."""
        too_long = False
        while (end := self._buffer.find(_END)) < 0:
            if len(self._buffer) > MAX_LINE_BYTES + 1:
                too_long = True
                del self._buffer[:-1]  # the last byte may be half of the end
            await self._read()
        line = bytes(self._buffer[:end])
        del self._buffer[: end + len(_END)]
        return None if too_long or end > MAX_LINE_BYTES else line

    async def _read(self) -> None:
        said = await self._stream.receive_some(_READ_BYTES)
        if not said:
            raise _Lost
        self._buffer += said


class _Conversation:
    """Where one stands: whether the client has said who it is, and whom the next mail is for."""

    def __init__(self, stream: trio.abc.Stream, take: Take) -> None:
        self._stream = stream
        self._lines = _Lines(stream)
        self._take = take
        self._greeted = self._over = self._begun = False
        self._recipients: list[str] = []

    async def lead(self) -> None:
        await self._say("220 localhost ESMTP paydaemon's demo")
        while not self._over:
            with trio.fail_after(_WITHIN_S):
                await self._say(await self._answer(await self._lines.next()))

    async def _say(self, answer: str) -> None:
        await self._stream.send_all(answer.encode() + _END)

    async def _answer(self, line: bytes | None) -> str:
        if line is None:
            return "500 5.5.2 The line is too long"
        try:
            verb, _, rest = line.decode().partition(" ")
        except UnicodeDecodeError:
            return "500 5.5.2 The line is not UTF-8"
        match verb.upper():
            case "DATA" if not rest:
                return await self._data()
            case "MAIL":
                return self._mail(rest)
            case "RCPT":
                return self._rcpt(rest)
            case other:
                return self._other(other, rest)

    def _other(self, verb: str, rest: str) -> str:
        """What is about no mail."""
        match verb:
            case "EHLO" | "HELO" if rest:
                self._greeted = True
                self._forget()
                return _OFFERS if verb == "EHLO" else "250 localhost"
            case "RSET":
                self._forget()
                return _DONE
            case "NOOP":
                return _DONE
            case "VRFY":
                return "252 2.5.0 Mail for anybody is taken"
            case "QUIT":
                self._over = True
                return "221 2.0.0 Goodbye"
            case _:
                return "500 5.5.2 That is no command here"

    def _mail(self, rest: str) -> str:
        if not self._greeted or self._begun:
            return "503 5.5.1 EHLO comes first, and one mail after the other"
        found = _FROM.fullmatch(rest)
        if found is None or (found[1] and _address(found[1]) is None):  # <> is whom nobody answers
            return "501 5.1.7 That is no sender"
        self._begun = True
        return _DONE

    def _rcpt(self, rest: str) -> str:
        if not self._begun:
            return "503 5.5.1 MAIL comes first"
        found = _TO.fullmatch(rest)
        if found is None or (address := _address(found[1])) is None:
            return "501 5.1.3 That is no recipient"
        if len(self._recipients) == MAX_RECIPIENTS:
            return "452 4.5.3 Too many recipients"
        self._recipients.append(address)
        return _DONE

    async def _data(self) -> str:
        if not self._recipients:
            return "503 5.5.1 RCPT comes first"
        await self._say("354 Go on, and end with a dot alone")
        content, recipients = await self._content(), tuple(self._recipients)
        self._forget()
        if content is None:
            return "552 5.3.4 The mail, or a line of it, is too long"
        try:
            self._take(recipients, content)
        except ValueError:
            return "554 5.6.0 That is no mail"
        return "250 2.0.0 Taken"

    async def _content(self) -> bytes | None:
        """A mail without its stuffing (section 4.5.2), None for too large a one: of that nothing is kept."""
        content, fits = bytearray(), True
        while (line := await self._lines.next()) != b".":
            if line is None or len(content) + len(line) > MAX_MAIL_BYTES:
                fits = False
                content.clear()
            elif fits:
                content += line.removeprefix(b".") + _END
        return bytes(content) if fits else None

    def _forget(self) -> None:
        self._begun = False
        self._recipients.clear()


def _address(text: str) -> str | None:
    """An address, with nothing in it that could not be shown; None for what is none."""
    try:
        return str(parse_mailbox(text))
    except ValueError:
        return None
