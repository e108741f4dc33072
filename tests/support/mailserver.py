"""A real mail server, aiosmtpd, as a program: `python -m tests.support.mailserver FOLDER LISTENERS`.

LISTENERS is JSON: by name, whether it speaks TLS, and by which certificate. It prints their ports in one
line, keeps every mail that it takes in FOLDER/mails, and looks into FOLDER/behaviour.json before each answer,
so that a test can change its mind at any time; each `order` counts from its own beginning. It ends when its
stdin does.
"""

import asyncio
import json
import ssl
import sys
from collections import Counter
from pathlib import Path
from typing import Any

from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session

Json = dict[str, Any]

USER, PASSWORD = "clerk", "correct horse battery"


class Manners:
    """What it does instead of taking a mail, read anew each time, and what it has been asked."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._mails = folder / "mails"
        self._asked: Counter[str] = Counter()
        self._order = 0

    def now(self) -> Json:
        found: Json = json.loads((self._folder / "behaviour.json").read_text())
        if found["order"] != self._order:  # told anew: what was asked before does not count
            self._order = found["order"]
            self._asked.clear()
        return found

    def keep(self, server: "Server", session: Session, envelope: Envelope) -> None:
        kept = {
            "listener": server.listener,
            "peer": 0 if session.peer is None else session.peer[1],
            "from": envelope.mail_from,
            "to": envelope.rcpt_tos,
            "user": getattr(session.auth_data, "login", b"").decode() or None,
            "tls": server.is_encrypted,
            "content": (envelope.original_content or b"").decode("utf-8"),
        }
        number = len(list(self._mails.iterdir()))
        fresh = self._folder / f"{number}.new"
        fresh.write_text(json.dumps(kept))
        fresh.rename(self._mails / f"{number:06}.json")

    # aiosmtpd's hooks

    async def handle_MAIL(  # noqa: N802 - aiosmtpd's name
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        if answer := self.now().get("mail"):
            return str(answer)
        envelope.mail_from = address
        return "250 OK"

    async def handle_RCPT(  # noqa: N802
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        refused = self.now().get("rcpt", {}).get(address)
        self._asked[address] += 1
        if refused and self._asked[address] <= refused.get("times", 1_000_000):
            return str(refused["answer"])
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: "Server", session: Session, envelope: Envelope) -> str:  # noqa: N802
        behaviour = self.now()
        await asyncio.sleep(behaviour.get("data_s", 0))
        if answer := behaviour.get("data"):
            return str(answer)
        self.keep(server, session, envelope)
        if behaviour.get("drop") == "after the dot":
            server.hang_up()
        return "250 2.0.0 Ok: queued as 4F2c1"


class Server(SMTP):
    """One conversation."""

    def __init__(self, manners: Manners, listener: str, **settings: Any) -> None:
        super().__init__(
            manners,
            hostname="post.test",
            enable_SMTPUTF8=not manners.now().get("ascii", False),
            authenticator=_authenticate,
            auth_require_tls=False,
            auth_required=manners.now().get("auth_required", False),
            **settings,
        )
        self.listener = listener
        self._manners = manners

    @property
    def is_encrypted(self) -> bool:
        """Whether TLS is spoken, from the beginning or by now."""
        return self.transport is not None and self.transport.get_extra_info("ssl_object") is not None

    def hang_up(self) -> None:
        """End the connection without a word."""
        assert isinstance(self.transport, asyncio.Transport)
        self.transport.abort()

    async def push(self, status: Any) -> None:
        behaviour = self._manners.now()
        if behaviour.get("closing") and not str(status).startswith("2"):
            status = "421 4.3.2 shutting down"
        await super().push(status)
        if behaviour.get("drop") == "before the dot" and str(status).startswith("354"):
            self.hang_up()


def _authenticate(
    server: SMTP, session: Session, envelope: Envelope, mechanism: str, data: LoginPassword
) -> AuthResult:
    right = (data.login, data.password) == (USER.encode(), PASSWORD.encode())
    return AuthResult(
        success=right,
        handled=False,
        auth_data=data,
        message=None if right else "535 5.7.8 wrong: " + data.password.decode(),
    )


def _context(settings: Json) -> ssl.SSLContext | None:
    if "certificate" not in settings:
        return None
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(settings["certificate"], settings["key"])
    return context


async def main(folder: Path, listeners: Json) -> None:
    manners = Manners(folder)
    loop = asyncio.get_running_loop()
    ports, servers = {}, []
    for name, settings in listeners.items():
        context = _context(settings)
        implicit = context if settings["security"] == "tls" else None
        later = (
            {"tls_context": context, "require_starttls": True} if settings["security"] == "starttls" else {}
        )
        server = await loop.create_server(
            lambda name=name, later=later: Server(manners, name, **later), "127.0.0.1", 0, ssl=implicit
        )
        ports[name] = server.sockets[0].getsockname()[1]
        servers.append(server)
    print(json.dumps(ports), flush=True)
    await loop.run_in_executor(None, sys.stdin.read)


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1]), json.loads(sys.argv[2])))
