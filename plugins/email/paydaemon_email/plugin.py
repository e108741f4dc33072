"""What the daemon finds through the entry point ``email``."""

from collections.abc import Sequence

import click

from paydaemon.hooks.specs import NotifierPlugin, hookimpl
from paydaemon_email.command import email
from paydaemon_email.config import EmailConfig
from paydaemon_email.diagnosis import diagnose
from paydaemon_email.notifier import EmailNotifier
from paydaemon_email.receiver import DemoReceiver

PAYDAEMON_API = "1.0"


@hookimpl
def register_notifiers() -> Sequence[NotifierPlugin]:
    """Mails, by a server of the operator's choice."""
    return (
        NotifierPlugin(
            name="email",
            config=EmailConfig,
            build=EmailNotifier,
            diagnose=diagnose,
            recipient=DemoReceiver,
        ),
    )


@hookimpl
def register_commands() -> Sequence[click.Command]:
    """``paydaemon email``."""
    return (email,)
