"""A post office: a mail server in a process of its own, what it has taken, and how to spoil its manners."""

import email
import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email import policy
from email.message import EmailMessage
from ipaddress import ip_address
from itertools import count
from pathlib import Path
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from tests.support.mailserver import PASSWORD, USER

ROOT = Path(__file__).parents[2]


@dataclass(frozen=True, slots=True)
class Mail:
    """One mail as it was taken: what the server was told, and what it was handed."""

    listener: str
    peer: int
    sender: str
    recipients: list[str]
    user: str | None
    tls: bool
    raw: str
    message: EmailMessage

    @property
    def text(self) -> str:
        part = self.message.get_body(("plain",))
        assert part is not None
        return str(part.get_content()).replace("\r\n", "\n")

    @property
    def html(self) -> str:
        part = self.message.get_body(("html",))
        assert part is not None
        return str(part.get_content()).replace("\r\n", "\n")


class PostOffice:
    """The server's ports by name, its authority's certificate, and its memory."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.ca_file, self._listeners = make_certificates(folder)
        self.ports: dict[str, int] = {}
        self._orders = count(1)
        (folder / "mails").mkdir()
        self.behave()

    def behave(self, **behaviour: Any) -> None:
        """How it treats what comes from now on; nothing: well."""
        fresh = self._folder / "behaviour.new"
        fresh.write_text(json.dumps({"order": next(self._orders), **behaviour}))
        fresh.rename(self._folder / "behaviour.json")

    def mails(self) -> list[Mail]:
        """What it has taken."""
        return [_mail(json.loads(path.read_text())) for path in sorted((self._folder / "mails").iterdir())]

    def forget(self) -> None:
        """Behave well, and know of no mail."""
        self.behave()
        for path in (self._folder / "mails").iterdir():
            path.unlink()

    def settings(self, listener: str = "starttls", **others: object) -> dict[str, object]:
        """A notifier's table by which to reach it, without `plugin`."""
        own: dict[str, object] = {
            "host": "localhost",
            "port": self.ports[listener],
            "security": self._listeners[listener]["security"],
            "sender": "payments@shop.example",
            "operators": {"ops": "ops@shop.example"},
        }
        return own | ({} if listener == "plain" else {"ca_file": str(self.ca_file)}) | others

    def login(self, folder: Path, password: str = PASSWORD) -> dict[str, Any]:
        """Its user and, in a file, the password."""
        file = folder / "smtp-password"
        file.write_text(password)
        file.chmod(0o600)
        return {"user": USER, "password": {"file": str(file)}}

    @contextmanager
    def open(self) -> Iterator["PostOffice"]:
        """Run it, until this is left."""
        command = [
            sys.executable,
            "-m",
            "tests.support.mailserver",
            str(self._folder),
            json.dumps(self._listeners),
        ]
        with subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
            assert process.stdout is not None
            try:
                self.ports = json.loads(process.stdout.readline())
                yield self
            finally:
                process.kill()


def _mail(kept: dict[str, Any]) -> Mail:
    message = email.message_from_bytes(kept["content"].encode(), policy=policy.SMTPUTF8)
    assert isinstance(message, EmailMessage)
    assert not message.defects
    return Mail(
        kept["listener"],
        kept["peer"],
        kept["from"],
        kept["to"],
        kept["user"],
        kept["tls"],
        kept["content"],
        message,
    )


# --- Certificates


def make_certificates(folder: Path) -> tuple[Path, dict[str, dict[str, str]]]:
    """An authority of our own, and what each listener shows of it."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "paydaemon test authority")])
    authority = _signed(name, name, key, key, days=2, authority=True)
    ca_file = folder / "ca.pem"
    ca_file.write_bytes(authority.public_bytes(serialization.Encoding.PEM))
    shown = {
        "starttls": ("starttls", "localhost", 2),
        "tls": ("tls", "localhost", 2),
        "other": ("starttls", "elsewhere.example", 2),
        "expired": ("starttls", "localhost", -1),
    }
    listeners = {"plain": {"security": "none"}}
    for listener, (security, host, days) in shown.items():
        own = ec.generate_private_key(ec.SECP256R1())
        subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, host)])
        made = _signed(subject, name, own, key, days=days, host=host)
        listeners[listener] = {"security": security, **_written(folder / listener, made, own)}
    return ca_file, listeners


def _signed(
    subject: x509.Name,
    issuer: x509.Name,
    key: ec.EllipticCurvePrivateKey,
    by: ec.EllipticCurvePrivateKey,
    *,
    days: int,
    authority: bool = False,
    host: str | None = None,
) -> x509.Certificate:
    now = datetime.now(UTC)
    builder = (
        x509.CertificateBuilder(issuer, subject, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - timedelta(days=3))
        .not_valid_after(now + timedelta(days=days))
        .add_extension(x509.BasicConstraints(ca=authority, path_length=None), critical=True)
    )
    if host is not None:
        names: list[x509.GeneralName] = [x509.DNSName(host)]
        if host == "localhost":
            names.append(x509.IPAddress(ip_address("127.0.0.1")))
        builder = builder.add_extension(x509.SubjectAlternativeName(names), critical=False)
    return builder.sign(by, hashes.SHA256())


def _written(stem: Path, made: x509.Certificate, key: ec.EllipticCurvePrivateKey) -> dict[str, str]:
    certificate, private = stem.with_suffix(".crt"), stem.with_suffix(".key")
    certificate.write_bytes(made.public_bytes(serialization.Encoding.PEM))
    private.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
    )
    return {"certificate": str(certificate), "key": str(private)}
