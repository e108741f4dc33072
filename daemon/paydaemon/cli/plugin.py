"""``paydaemon plugin``: for those who write plugins."""

import re
from pathlib import Path

import click

from paydaemon.cli.ending import reason

KINDS = ("chain", "notifier", "rates", "frontend")

NEXT = """\
{distribution}: {count} files in {folder}

  cd {folder}
  pip install -e '.[dev]'      # the plugin, and what it is tested with
  ./ci                         # lints and tests it
  paydaemon plugins --installed

README.md there says what to change first."""


@click.group()
def plugin() -> None:
    """For those who write plugins."""


@plugin.command("new")
@click.argument("name")
@click.option(
    "--kind",
    type=click.Choice(KINDS),
    required=True,
    help="What it brings first: a chain, a way to tell others, exchange rates, or a way to speak to clients.",
)
@click.option(
    "--folder",
    type=click.Path(path_type=Path),
    help="Where to put it, a folder that is not there yet; paydaemon-NAME by default.",
)
def new(name: str, kind: str, folder: Path | None) -> None:
    """Begin a project for the plugin NAME, which works, and whose tests pass."""
    from paydaemon.scaffold import Kind, Project  # noqa: PLC0415 - only where it is wanted

    try:
        project = Project(name, Kind(kind))
        _refuse_taken(name, project.distribution)
        place = folder or Path(project.distribution)
        count = project.write(place)
    except ValueError as error:
        raise click.ClickException(f"NAME: {error}") from error
    except FileExistsError as error:
        raise click.ClickException(f"{error.filename} is there already: name another --folder") from error
    except OSError as error:
        raise click.ClickException(reason(error)) from error
    click.echo(NEXT.format(distribution=project.distribution, count=count, folder=place))


def _refuse_taken(name: str, distribution: str) -> None:
    """Raises `ValueError` for a name that something installed has: the two could not be loaded together.

    Nor can the name of one of ours be had, which somebody will install.
    """
    from paydaemon.plugins import KINDS, load_plugins  # noqa: PLC0415
    from paydaemon.scaffold import OURS, PREFIX  # noqa: PLC0415

    for record in load_plugins().records:
        names = {record.name, *(one for field in KINDS for one in getattr(record, field))}
        if name in names or _normalized(record.distribution or "") == distribution:
            raise ValueError(f'"{name}" is taken by the plugin {record.name} of {record.distribution}')
    if name in OURS:
        raise ValueError(f'"{name}" is taken by a plugin of paydaemon\'s own, {PREFIX}{name}')


def _normalized(distribution: str) -> str:
    """The name that an installer knows it by (PEP 503)."""
    return re.sub(r"[-_.]+", "-", distribution).lower()
