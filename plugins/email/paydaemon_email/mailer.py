"""Connections to the server: some, kept for a while, and none that anybody waits for without end."""

import math
import os
import socket
import ssl
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from functools import partial
from ipaddress import ip_address
from typing import TypeVar

import trio

from paydaemon_email.answers import Broken, Refused, Step
from paydaemon_email.config import EmailConfig
from paydaemon_email.message import Envelope
from paydaemon_email.session import Server, Session

T = TypeVar("T")
Say = Callable[[str], None]

_LEAVE_S = 2.0
"""How long a server may take to say goodbye."""
_TIDY_S = 1.0
_CLOSING = 421


def _silent(_: str) -> None:
    pass


class Mailer:
    """Hands mails over. Raises `Refused` and `Broken`."""

    def __init__(self, config: EmailConfig) -> None:
        self._config = config
        self._limits = config.limits
        self._slots = trio.CapacityLimiter(config.limits.connections)
        self._threads = trio.CapacityLimiter(config.limits.connections)
        self._idle: list[tuple[Session, float]] = []

    async def send(self, envelope: Envelope, say: Say = _silent) -> str:
        """Hand one over; returns what the server said when it took it. `say` is told each step."""
        async with self._one(say) as session:
            answer = await self._do(session, lambda: session.hand_over(envelope))
            say(f"taken: {answer}")
            return answer

    async def try_out(self, envelope: Envelope, say: Say = _silent) -> None:
        """All of it but the mail."""
        async with self._one(say) as session:
            await self._do(session, lambda: session.address(envelope))

    async def run(self) -> None:
        """Close what has not been used for a while, until cancelled; then close everything."""
        try:
            while True:
                await trio.sleep(_TIDY_S)
                await self._leave(trio.current_time() - self._limits.idle_s)
        finally:
            await self.close()

    async def close(self) -> None:
        """Take leave of the server."""
        with trio.CancelScope(shield=True):
            await self._leave(math.inf)

    @asynccontextmanager
    async def _one(self, say: Say) -> AsyncIterator[Session]:
        """A session of one's own, kept afterwards where it can still be used."""
        async with self._slots:
            try:
                with trio.fail_after(self._limits.mail_timeout_s):
                    session = await self._kept() or await self._opened(say)
                    async with self._closing(session):
                        yield session
            except trio.TooSlowError:
                raise Broken(Step.DATA, f"it took longer than {self._limits.mail_timeout_s} s") from None

    @asynccontextmanager
    async def _closing(self, session: Session) -> AsyncIterator[None]:
        """Keeps a session that only said no, and closes one that is broken, or used up."""
        is_good = False
        try:
            yield
            is_good = True
        except Refused as refused:
            is_good = refused.code != _CLOSING
            raise
        finally:
            if is_good and session.mails < self._limits.mails_per_connection:
                self._idle.append((session, trio.current_time()))
            else:
                await self._close(session)

    async def _kept(self) -> Session | None:
        while self._idle:
            session, _ = self._idle.pop()
            is_alive = False
            try:
                is_alive = await self._do(session, session.is_alive)
            finally:
                if not is_alive:
                    await self._close(session)
            if is_alive:
                return session
        return None

    async def _opened(self, say: Say) -> Session:
        server = await trio.to_thread.run_sync(server_of, self._config)
        session = Session(server, await _connected(self._config))
        try:
            say(f"connected to {server.name}")
            await self._do(session, session.greet)
            spoken = await self._do(session, session.secure)
            say(f"{spoken}, its certificate is trusted" if spoken else "nothing is encrypted")
            if self._config.password is not None:
                password = _password(self._config)
                await self._do(session, lambda: session.log_in(password))
                say(f"logged in as {server.user}")
        except BaseException:
            await self._close(session)
            raise
        return session

    async def _leave(self, before: float) -> None:
        """Take leave of whatever was last used before then."""
        leaving = [session for session, since in self._idle if since <= before]
        self._idle = [(session, since) for session, since in self._idle if since > before]
        for session in leaving:
            with trio.move_on_after(_LEAVE_S):
                await self._do(session, session.take_leave)
            await self._close(session)

    async def _do(self, session: Session, work: Callable[[], T]) -> T:
        """Some of a session, in a thread. Whoever is cancelled here closes it, and so the thread ends."""
        lead = partial(session.lead, work)
        return await trio.to_thread.run_sync(lead, limiter=self._threads, abandon_on_cancel=True)

    async def _close(self, session: Session) -> None:
        """Cut it, so that its thread ends wherever it waits, and close it then."""
        session.cut()
        with trio.CancelScope(shield=True):
            await trio.to_thread.run_sync(session.lead, session.close, limiter=self._threads)


def server_of(config: EmailConfig) -> Server:
    """Whom the configuration names. Raises `Broken` where its certificates cannot be read."""
    return Server(
        config.host,
        config.server_port,
        None if config.security == "none" else _context(config),
        config.security == "tls",
        config.timeout_s,
        config.user,
    )


def _context(config: EmailConfig) -> ssl.SSLContext:
    """What checks certificates: always, and by name."""
    try:
        return ssl.create_default_context(cafile=config.ca_file)
    except ssl.SSLError:
        raise Broken(Step.TLS, f"ca_file: {config.ca_file} holds no certificates in PEM") from None
    except OSError as error:
        raise Broken(Step.TLS, f"ca_file: {config.ca_file} cannot be read: {error.strerror}") from None


def _password(config: EmailConfig) -> str:
    assert config.password is not None
    try:
        return config.password.read()
    except (OSError, UnicodeDecodeError) as error:
        said = error.strerror if isinstance(error, OSError) and error.strerror else "it is no text"
        raise Broken(Step.AUTH, f"the password cannot be read: {said}") from None


async def _connected(config: EmailConfig) -> socket.socket:
    """A connection, made by trio: a thread could not be called back from looking up a name."""
    try:
        with trio.fail_after(config.timeout_s):
            stream = await trio.open_tcp_stream(config.host, config.server_port)
    except trio.TooSlowError:
        raise Broken(Step.CONNECT, f"no connection in {config.timeout_s:g} s") from None
    except OSError as error:
        raise Broken(Step.CONNECT, _in_words(error)) from None
    if config.security == "none" and not config.allow_plain and not _is_here(stream):
        await stream.aclose()
        raise Broken(Step.CONNECT, 'security = "none" is for this machine, and the server is on another')
    return socket.socket(fileno=stream.socket.detach())


def _is_here(stream: trio.SocketStream) -> bool:
    """By the connection, not by a name: what comes from loopback goes to loopback."""
    return ip_address(stream.socket.getsockname()[0].partition("%")[0]).is_loopback


def _in_words(error: OSError) -> str:
    """Trio gathers what went wrong with each of a name's addresses."""
    inner: BaseException | None = error.__cause__
    while isinstance(inner, BaseExceptionGroup):
        inner = inner.exceptions[0]
    known = inner if isinstance(inner, OSError) else error
    if known.errno is not None and not isinstance(known, socket.gaierror):
        return os.strerror(known.errno)
    return known.strerror or str(known)
