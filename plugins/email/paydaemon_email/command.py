"""``paydaemon email``: whether mails arrive, tried by the configuration that the daemon has."""

import json
import time
import tomllib
from collections.abc import Mapping
from pathlib import Path

import click
import trio
from pydantic import ValidationError

from paydaemon.hooks.settings import resolved
from paydaemon_email.addresses import Mailbox, parse_mailbox
from paydaemon_email.answers import Broken, Refused, not_told
from paydaemon_email.config import EmailConfig
from paydaemon_email.mailer import Mailer
from paydaemon_email.templates import Templates
from paydaemon_email.writing import Writer

_KIND = "email"


def _address(_: click.Context, __: click.Parameter, given: str | None) -> Mailbox | None:
    try:
        return None if given is None else parse_mailbox(given)
    except ValueError as error:
        raise click.BadParameter(str(error)) from error


@click.group()
def email() -> None:
    """Mails: whether they arrive."""


@email.command()
@click.option(
    "-c",
    "--config",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    envvar="PAYDAEMON_CONFIG",
    default=Path("/etc/paydaemon/paydaemon.toml"),
    show_default=True,
    help="The configuration.",
)
@click.option("--notifier", "id", metavar="ID", help="Which [notifiers.ID], where there are several.")
@click.option("--to", callback=_address, metavar="ADDRESS", help="Who gets it, instead of all operators.")
def test(config: Path, id: str | None, to: Mailbox | None) -> None:
    """Send a test mail by the configured server, and say each step.

    It goes to each of the operators, one after the other, or to the one address given. Run it as the daemon's
    user or as root: it reads the password. Exit status 1 where one of them was not taken.
    """
    settings = _settings(config, id)
    recipients = [parse_mailbox(address) for address in settings.operators.values()] if to is None else [to]
    if not recipients:
        raise click.ClickException("no operators are configured: say whom it is for by --to")
    failures = trio.run(_send, settings, recipients)
    if failures:
        raise SystemExit(1)


async def _send(config: EmailConfig, recipients: list[Mailbox]) -> int:
    """Returns how many were not taken."""
    writer, mailer = Writer(config, Templates(config.templates)), Mailer(config)
    failures = 0
    try:
        for recipient in recipients:
            click.echo(f"to {recipient}:")
            envelope = writer.test(recipient, config.server_name, time.time_ns() // 1_000_000)
            try:
                await mailer.send(envelope, lambda step: click.echo(f"  {step}"))
            except (Refused, Broken) as trouble:
                failures += 1
                click.echo(f"  NOT TAKEN: {not_told(trouble, config.server_name).reason}")
    finally:
        await mailer.close()
    return failures


def _settings(path: Path, id: str | None) -> EmailConfig:
    """The table, by its model alone: ``paydaemon check-config`` says more of what is wrong with it."""
    id, table = _table(path, id)
    own = {key: value for key, value in table.items() if key != "plugin"}
    try:
        return resolved(EmailConfig.model_validate_json(json.dumps(own)), path.parent.absolute())
    except (ValidationError, TypeError) as error:
        said = f"[notifiers.{id}]: `paydaemon check-config` says what is wrong"
        raise click.ClickException(said) from error


def _table(path: Path, id: str | None) -> tuple[str, Mapping[str, object]]:
    try:
        notifiers = tomllib.loads(path.read_text(encoding="utf-8")).get("notifiers", {})
    except (OSError, ValueError) as error:
        raise click.ClickException(f"{path} cannot be read: {error}") from error
    found = {
        name: table
        for name, table in notifiers.items()
        if isinstance(table, Mapping) and table.get("plugin") == _KIND and id in (None, name)
    }
    if len(found) == 1:
        return next(iter(found.items()))
    if found:
        raise click.ClickException(f"there are several: say which by --notifier {'|'.join(found)}")
    raise click.ClickException(f'{path} has no [notifiers.{id or _KIND}] with plugin = "{_KIND}"')
