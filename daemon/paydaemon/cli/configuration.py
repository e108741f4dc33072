"""``paydaemon check-config``, and how other commands find and read the configuration.

Nothing here needs the daemon itself, whose imports take longer than what most commands do.
"""

import sys
from pathlib import Path
from typing import NoReturn

import click

from paydaemon.cli.client import DEFAULT_CONFIG, print_json
from paydaemon.config import Config, ConfigError, load_config

EXIT_CONFIG = 78
"""sysexits.h, EX_CONFIG: systemd's ``RestartPreventExitStatus`` can tell it from a crash."""

config_option = click.option(
    "-c",
    "--config",
    type=click.Path(path_type=Path),
    default=DEFAULT_CONFIG,
    show_default=True,
    envvar="PAYDAEMON_CONFIG",
    help="The configuration.",
)


@click.command("check-config")
@config_option
@click.option("--json", "as_json", is_flag=True, help="Print JSON, for programs.")
def check_config(config: Path, as_json: bool) -> None:
    """Say everything that is wrong with the configuration, or that nothing is."""
    try:
        settings = load_config(config)
    except ConfigError as error:
        if not as_json:
            _refuse(error)
        print_json({"problems": [{"path": p.path, "message": p.message} for p in error.problems]})
        sys.exit(EXIT_CONFIG)
    if as_json:
        print_json({"problems": []})
    else:
        click.echo(f"{config}: {settings.counted}, no problems")


def loaded(path: Path) -> Config:
    """The configuration, or the end of the command with all that is wrong with it."""
    try:
        return load_config(path)
    except ConfigError as error:
        _refuse(error)


def _refuse(error: ConfigError) -> NoReturn:
    click.echo(str(error), err=True)
    sys.exit(EXIT_CONFIG)
