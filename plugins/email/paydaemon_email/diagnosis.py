"""What ``paydaemon doctor`` is told of a mail server: whether it would take mails, without sending one."""

from collections.abc import AsyncIterator, Iterator, Mapping

from paydaemon.hooks.diagnosis import Finding, ok, problem
from paydaemon_email.addresses import parse_mailbox
from paydaemon_email.answers import Broken, Refused, Step
from paydaemon_email.config import EmailConfig
from paydaemon_email.mailer import Mailer
from paydaemon_email.message import Envelope

_ADVICE: Mapping[Step, str] = {
    Step.CONNECT: "look after host and port, the server, and the way there",
    Step.TLS: "look after security, ca_file, and the server's certificate",
    Step.GREETING: "look after the server, and whether port and security belong together",
    Step.AUTH: "look after user and password",
    Step.SENDER: "set a sender that the server lets this user send as",
    Step.RECIPIENT: "look after the address, and whether the server relays for this user",
}


async def diagnose(id: str, config: EmailConfig) -> AsyncIterator[Finding]:
    """Look at the server that `config` names (`paydaemon.hooks.diagnosis.DiagnoseNotifier`)."""
    mailer = Mailer(config)
    try:
        said: list[str] = []
        for what, envelope in _envelopes(config):
            try:
                await mailer.try_out(envelope, said.append)
            except (Refused, Broken) as trouble:
                yield _trouble(what, trouble)
                if isinstance(trouble, Broken) or trouble.step is not Step.RECIPIENT:
                    return
            else:
                yield ok(what, f"{config.server_name} would take mails ({', '.join(said)})")
    finally:
        await mailer.close()


def _envelopes(config: EmailConfig) -> Iterator[tuple[str, Envelope]]:
    sender = config.sender_mailbox
    if not config.operators:
        yield "sender", Envelope(sender, sender, b"")
    for name, address in config.operators.items():
        yield f"operator {name}", Envelope(sender, parse_mailbox(address), b"")


def _trouble(what: str, trouble: Refused | Broken) -> Finding:
    advice = _ADVICE.get(trouble.step, "look after the server")
    return problem(what if trouble.step is Step.RECIPIENT else "server", _words(trouble), advice)


def _words(trouble: Refused | Broken) -> str:
    if isinstance(trouble, Refused):
        return f"it refused {trouble.step}: {trouble.code} {trouble.text}".rstrip()
    return f"{trouble.step}: {trouble.reason}"
