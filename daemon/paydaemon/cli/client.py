"""A client of the daemon's HTTP interface over its Unix socket, and the options that say where that is.

The socket needs no key: whoever can open it is the service's own user or root. Errors come out as one line
with the daemon's own words and exit status 1.
"""

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import quote

import click
import httpx

from paydaemon.cli.ending import reason
from paydaemon.core import unseen
from paydaemon.core.ids import ID, TARGET

TIMEOUT_S = 60.0
NOT_FOUND = 404
DEFAULT_CONFIG = "/etc/paydaemon/paydaemon.toml"

Json = dict[str, Any]
F = TypeVar("F", bound=Callable[..., Any])


class NoAnswer(click.ClickException):
    """Nobody answered at the socket."""


class NotThere(click.ClickException):
    """The daemon has nothing of that id or path."""


def find_socket(socket: Path | None, config: Path) -> Path:
    """The daemon's Unix socket: the one named, or the one its configuration names."""
    if socket is not None:
        return socket
    from paydaemon.config import ConfigError, load_admin_socket  # noqa: PLC0415 - only where it is wanted

    try:
        return load_admin_socket(config)
    except (OSError, ConfigError) as error:
        raise click.ClickException(f"{error}\nname the daemon's --socket, or its --config") from error


def reaches_daemon(command: F) -> F:
    """Options of every command that talks to a daemon: ``--socket``, ``--config`` and ``--json``."""
    options = (
        click.option(
            "--socket",
            type=click.Path(path_type=Path),
            help="The daemon's Unix socket.",
            envvar="PAYDAEMON_SOCKET",
        ),
        click.option(
            "-c",
            "--config",
            type=click.Path(path_type=Path),
            default=DEFAULT_CONFIG,
            show_default=True,
            help="The daemon's configuration, to find its socket by.",
            envvar="PAYDAEMON_CONFIG",
        ),
        click.option("--json", "as_json", is_flag=True, help="Print JSON, for programs."),
    )
    for option in reversed(options):
        command = option(command)
    return command


def path_of_target(template: str, id: str) -> str:
    """The same with the id of a target, such as ``email:operator``."""
    if TARGET.fullmatch(id) is None:
        said = f"id: {id!r} cannot be an id of a target"
        raise click.ClickException(f"{said}: see `paydaemon deliveries targets`")
    return template.format(quote(id, safe=""))


def path_of(template: str, *ids: str) -> str:
    """A path with ids in the place of its ``{}``: what is no id never gets as far as to name another path.

    Raises `click.ClickException` for what cannot be one.
    """
    for id in ids:
        if ID.fullmatch(id) is None:
            raise click.ClickException(
                f"id: {id!r} cannot be an id: those are 1 to 64 of A-Z, a-z, 0-9, - and _"
            )
    return template.format(*(quote(id, safe="") for id in ids))


def call(
    socket: Path,
    method: str,
    path: str,
    *,
    body: Mapping[str, object] | None = None,
    query: Mapping[str, str | int] | None = None,
) -> Json:
    """One request. Raises `NoAnswer`, and `click.ClickException` with the daemon's words where it refuses."""
    # Nothing here speaks TLS: reading the authorities for it would take a good part of most commands.
    transport = httpx.HTTPTransport(uds=str(socket), verify=False)
    with httpx.Client(transport=transport, base_url="http://paydaemon", timeout=TIMEOUT_S) as client:
        try:
            answer = client.request(method, path, json=body, params=query)
        except UnicodeEncodeError as error:
            raise click.ClickException(f"{error.object!r} is not UTF-8") from error
        except httpx.TransportError as error:
            said = f"no daemon answers at {socket} ({reason(error)}): is it running? See `paydaemon doctor`"
            raise NoAnswer(said) from error
    return _unwrap(answer)


def _unwrap(answer: httpx.Response) -> Json:
    try:
        content = answer.json()
    except ValueError as error:
        raise click.ClickException(f"the daemon answered {answer.status_code} without JSON") from error
    if answer.is_success and isinstance(content, dict):
        return content
    refused = NotThere if answer.status_code == NOT_FOUND else click.ClickException
    raise refused(in_its_words(content, answer.status_code))


def in_its_words(content: object, status: int) -> str:
    """What the daemon says of what it refuses."""
    error = content.get("error") if isinstance(content, dict) else None
    if not isinstance(error, dict):
        return f"the daemon answered {status}"
    param = f"{error['param']}: " if error.get("param") else ""
    return f"{param}{error.get('message')}"


def say(line: str) -> None:
    """Print a line in which somebody else's text may stand: what would turn it around, hide in it or move the
    cursor is shown by its number.
    """
    click.echo(unseen.visible(line))


def print_json(content: object) -> None:
    """One line of JSON on stdout."""
    parts = unseen.parts(json.dumps(content, ensure_ascii=False))
    click.echo("".join(json.dumps(part)[1:-1] if hidden else part for hidden, part in parts))
