"""One conversation with a mail server, by the standard library's smtplib: blocking, so it is led in a thread.

smtplib has been right about SMTP for decades, and mails are few and slow: a thread for each of a few
connections costs nothing. (aiosmtplib is made for asyncio, which nothing else here needs.) What smtplib
cannot do is be interrupted, and an answer that comes byte by byte may take for ever. So a second descriptor
of the socket is kept: to shut it down by that wakes the thread, wherever it waits. It is closed only once the
thread has left, for its number may be another socket's a moment later.

After STARTTLS nothing that was said in the open counts: smtplib forgets it, read or not (RFC 3207, 5).
"""

import contextlib
import smtplib
import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TypeVar

from paydaemon_email.answers import Broken, Refused, Step, class_of
from paydaemon_email.message import Envelope
from paydaemon_email.text import one_line

T = TypeVar("T")

_METHODS = ("PLAIN", "LOGIN", "CRAM-MD5")
"""Ways to log in that smtplib knows, the plainest first: TLS is what keeps it secret."""

_TAKEN = 250


@dataclass(frozen=True, slots=True)
class Server:
    """Whom to talk to. `context` checks its certificate; None: nothing is encrypted."""

    host: str
    port: int
    context: ssl.SSLContext | None
    tls_first: bool
    timeout_s: float
    user: str | None = None

    @property
    def name(self) -> str:
        """For people."""
        return f"{self.host}:{self.port}"


class Session:
    """One connection. Its methods raise `Refused` and `Broken`; `cut` may be called by any thread, at any
    time.
    """

    def __init__(self, server: Server, sock: socket.socket) -> None:
        self.mails = 0
        self._server = server
        self._sock = sock
        self._second = sock.dup()
        self._smtp: _Smtp | None = None
        self._in_use = threading.Lock()

    def lead(self, work: Callable[[], T]) -> T:
        """Do some of it, while nobody else does, and nobody closes it."""
        with self._in_use:
            return work()

    def greet(self) -> None:
        """Begin: TLS where it comes first, the server's greeting, and what it can do."""
        self._sock.settimeout(self._server.timeout_s)
        if self._server.tls_first and self._server.context is not None:
            with _asking(Step.TLS, self._server):
                self._sock = self._server.context.wrap_socket(self._sock, server_hostname=self._server.host)
        with _asking(Step.GREETING, self._server):
            self._smtp = _Smtp(self._sock, self._server)
            self._smtp.ehlo_or_helo_if_needed()

    def secure(self) -> str:
        """Begin TLS where it has not begun; returns which release of it is spoken, empty for none."""
        context, smtp = self._server.context, self._open
        if context is not None and not self._server.tls_first:
            with _asking(Step.TLS, self._server):
                if not smtp.has_extn("starttls"):
                    raise Broken(Step.TLS, "the server offers no STARTTLS, and nothing is sent in the open")
                smtp.starttls(context=context)
                smtp.ehlo_or_helo_if_needed()
        return (smtp.sock.version() or "") if isinstance(smtp.sock, ssl.SSLSocket) else ""

    def log_in(self, password: str) -> None:
        """Say who we are, by the first way that both sides know."""
        if not password.isascii():
            raise Broken(Step.AUTH, "the password has characters beyond ASCII")
        smtp, offered = self._open, self._open.esmtp_features.get("auth", "").upper().split()
        method = next((method for method in _METHODS if method in offered), None)
        if method is None:
            raise Broken(Step.AUTH, "the server offers no way to log in that is known here")
        with _asking(Step.AUTH, self._server, is_secret=True):
            smtp.log_in_by(method, str(self._server.user), password)

    def hand_over(self, envelope: Envelope) -> str:
        """Hand a mail over; returns what the server said when it took it."""
        self.mails += 1
        self.address(envelope)
        with _asking(Step.DATA, self._server):
            self._expect(Step.DATA, self._open.docmd("data"), 354)
        with _asking(Step.END, self._server, besides=": it may have been taken"):
            self._open.send(_stuffed(envelope.content))
            return self._expect(Step.END, self._open.getreply())

    def address(self, envelope: Envelope) -> None:
        """Say whom a mail is from and for."""
        options = ["SMTPUTF8"] if envelope.needs_smtputf8 else []
        if options and not self._open.has_extn("smtputf8"):
            raise Refused(
                Step.RECIPIENT, 553, "5.6.7 an address is beyond ASCII, and the server has no SMTPUTF8"
            )
        with _asking(Step.SENDER, self._server):
            self._expect(Step.SENDER, self._open.mail(str(envelope.sender), options))
        with _asking(Step.RECIPIENT, self._server):
            answer = self._open.rcpt(str(envelope.recipient))
            self._expect(Step.RECIPIENT, answer, _TAKEN, 251, 252)

    def is_alive(self) -> bool:
        """Whether the server still listens; whatever was begun is forgotten."""
        try:
            return self._open.rset()[0] == _TAKEN
        except (OSError, smtplib.SMTPException):
            return False

    def take_leave(self) -> None:
        """Say goodbye."""
        with contextlib.suppress(OSError, smtplib.SMTPException):
            self._open.quit()

    def close(self) -> None:
        """Close without a word, once nobody leads it."""
        if self._smtp is not None:
            self._smtp.close()
        self._sock.close()
        self._second.close()

    def cut(self) -> None:
        """Wake whoever waits for the server: the connection is gone."""
        with contextlib.suppress(OSError):
            self._second.shutdown(socket.SHUT_RDWR)

    @property
    def _open(self) -> "_Smtp":
        assert self._smtp is not None, "greet() comes first"
        return self._smtp

    def _expect(self, step: Step, answer: tuple[int, bytes], *taken: int) -> str:
        code, text = answer[0], _decoded(answer[1])
        if code not in (taken or (_TAKEN,)):
            raise _no(step, code, text)
        return one_line(f"{code} {text}")


class _Smtp(smtplib.SMTP):
    """smtplib on a connection that stands already."""

    def __init__(self, sock: socket.socket, server: Server) -> None:
        self._given = sock
        # A name of our own would be looked up, for as long as that takes; RFC 5321, 4.1.3 takes an address.
        address = sock.getsockname()[0].partition("%")[0]
        hello = f"[IPv6:{address}]" if ":" in address else f"[{address}]"
        super().__init__(server.host, server.port, local_hostname=hello, timeout=server.timeout_s)

    def connect(self, host: str = "", port: int = 0, source_address: object = None) -> tuple[int, bytes]:
        self.sock = self._given
        self.file = None
        return self.getreply()

    def log_in_by(self, method: str, user: str, password: str) -> None:
        """Log in by one way: a server that has refused the password once is not given it again by another."""
        self.user, self.password = user, password
        ways: dict[str, Callable[..., str]] = {
            "PLAIN": self.auth_plain,
            "LOGIN": self.auth_login,
            "CRAM-MD5": self.auth_cram_md5,
        }
        self.auth(method, ways[method])


@contextmanager
def _asking(step: Step, server: Server, *, besides: str = "", is_secret: bool = False) -> Iterator[None]:
    """What smtplib and the system raise → what it means here. What is said to a secret is not repeated."""
    late = f"no answer in {server.timeout_s:g} s{besides}"
    lost = f"the connection was lost{besides}"
    try:
        yield
    except smtplib.SMTPResponseException as error:
        text = _decoded(error.smtp_error)
        raise _no(step, error.smtp_code, class_of(text) if is_secret else text) from None
    except smtplib.SMTPServerDisconnected as error:
        is_late = isinstance(error.__context__, TimeoutError)
        raise Broken(step, late if is_late else lost) from None
    except TimeoutError:
        raise Broken(step, late) from None
    except ssl.SSLCertVerificationError as error:
        raise Broken(step, f"the certificate is not trusted: {error.verify_message}") from None
    except ssl.SSLError as error:
        raise Broken(step, f"TLS failed: {error.reason or lost}") from None
    except (smtplib.SMTPException, OSError):
        raise Broken(step, lost) from None


def _no(step: Step, code: int, text: str) -> Refused | Broken:
    """A refusal, or what is no answer at all: who speaks like that is not spoken to any further."""
    return Refused(step, code, text) if 200 <= code <= 599 else Broken(step, "that was no answer of SMTP")


def _stuffed(content: bytes) -> bytes:
    """A mail as it goes over the line: RFC 5321, section 4.5.2. Its lines end in CRLF."""
    stuffed = content.replace(b"\r\n.", b"\r\n..")
    return (b"." if content.startswith(b".") else b"") + stuffed.removesuffix(b"\r\n") + b"\r\n.\r\n"


def _decoded(text: bytes | str) -> str:
    return text if isinstance(text, str) else text.decode("utf-8", "replace")
