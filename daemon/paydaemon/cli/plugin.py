"""``paydaemon plugin``: for those who write plugins."""

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
        _refuse_taken(name)
        place = folder or Path(project.distribution)
        count = project.write(place)
    except ValueError as error:
        raise click.ClickException(f"NAME: {error}") from error
    except FileExistsError as error:
        raise click.ClickException(f"{error.filename} is there already: name another --folder") from error
    except OSError as error:
        raise click.ClickException(reason(error)) from error
    click.echo(NEXT.format(distribution=project.distribution, count=count, folder=place))


def _refuse_taken(name: str) -> None:
    """Raises `ValueError` for a name that something installed has: the two could not be loaded together.

    Nor can the name of one of ours be had, which somebody will install.
    """
    from paydaemon.plugins import load_plugins  # noqa: PLC0415
    from paydaemon.scaffold import OURS, PREFIX  # noqa: PLC0415

    for record in load_plugins().records:
        brought = (record.chains, record.rate_sources, record.notifiers, record.frontends)
        if name == record.name or any(name in names for names in brought):
            raise ValueError(f'"{name}" is taken by the plugin {record.name} of {record.distribution}')
    if name in OURS:
        raise ValueError(f'"{name}" is taken by a plugin of paydaemon\'s own, {PREFIX}{name}')
