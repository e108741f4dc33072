"""``paydaemon run`` and ``check-config``."""

import sys
from functools import partial
from pathlib import Path
from typing import NoReturn

import click
import trio

from paydaemon import app
from paydaemon.cli.client import DEFAULT_CONFIG, print_json
from paydaemon.cli.ending import first, reason
from paydaemon.config import Config, ConfigError, load_config
from paydaemon.engine.clock import system_clock
from paydaemon.store.port import StoreInUse, StoreMismatch, StoreUnavailable

EXIT_CONFIG = 78
"""sysexits.h, EX_CONFIG: systemd's ``RestartPreventExitStatus`` can tell it from a crash."""

EXIT_IN_USE = 75
"""sysexits.h, EX_TEMPFAIL: nothing is wrong but that another daemon runs; trying again may help."""

config_option = click.option(
    "-c",
    "--config",
    type=click.Path(path_type=Path),
    default=DEFAULT_CONFIG,
    show_default=True,
    envvar="PAYDAEMON_CONFIG",
    help="The configuration.",
)


@click.command()
@config_option
def run(config: Path) -> None:
    """Run the daemon until it is told to stop (SIGTERM or SIGINT).

    SIGHUP reads the configuration again.
    """
    settings = _load(config)
    try:
        trio.run(app.run, settings, system_clock, partial(load_config, config))
    except* (StoreMismatch, StoreUnavailable, OSError) as group:
        _end(group)


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


def _load(path: Path) -> Config:
    try:
        return load_config(path)
    except ConfigError as error:
        _refuse(error)


def _refuse(error: ConfigError) -> NoReturn:
    click.echo(str(error), err=True)
    sys.exit(EXIT_CONFIG)


def _end(group: BaseExceptionGroup[Exception]) -> NoReturn:
    """Say in one line what kept the daemon from running."""
    error = first(group)
    click.echo(f"paydaemon: {reason(error)}", err=True)
    sys.exit(EXIT_IN_USE if isinstance(error, StoreInUse) else 1)
