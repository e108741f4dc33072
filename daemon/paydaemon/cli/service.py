"""``paydaemon run``."""

import sys
from functools import partial
from pathlib import Path
from typing import NoReturn

import click
import trio

from paydaemon import app
from paydaemon.cli.configuration import config_option, loaded
from paydaemon.cli.ending import first, reason
from paydaemon.config import load_config
from paydaemon.engine.clock import system_clock
from paydaemon.store.port import StoreInUse, StoreMismatch, StoreUnavailable

EXIT_IN_USE = 75
"""sysexits.h, EX_TEMPFAIL: nothing is wrong but that another daemon runs; trying again may help."""


@click.command()
@config_option
def run(config: Path) -> None:
    """Run the daemon until it is told to stop (SIGTERM or SIGINT).

    SIGHUP reads the configuration again.
    """
    settings = loaded(config)
    try:
        trio.run(app.run, settings, system_clock, partial(load_config, config))
    except* (StoreMismatch, StoreUnavailable, OSError) as group:
        _end(group)


def _end(group: BaseExceptionGroup[Exception]) -> NoReturn:
    """Say in one line what kept the daemon from running."""
    error = first(group)
    click.echo(f"paydaemon: {reason(error)}", err=True)
    sys.exit(EXIT_IN_USE if isinstance(error, StoreInUse) else 1)
