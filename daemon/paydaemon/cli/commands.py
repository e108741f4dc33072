"""The command line's commands: ours, each imported when it is asked for, and behind them those of plugins.

What one command needs costs no other its time: the daemon's own imports take longer than most commands do.
Plugins are looked for only where a name is not one of ours, or all names are wanted. A plugin that cannot be
loaded brings none, and stops no other command.
"""

from collections.abc import Mapping
from importlib import import_module
from typing import Any

import click

_BROUGHT = "paydaemon.cli.commands"


class CommandGroup(click.Group):
    """A group of commands by name, as `MODULE:OBJECT`, with every plugin's commands in it too.

    Of two with one name, ours is the one that runs.
    """

    def __init__(self, *args: Any, own: Mapping[str, str], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._own = own

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        where = self._own.get(cmd_name)
        return _brought(ctx).get(cmd_name) if where is None else _imported(where)

    def list_commands(self, ctx: click.Context) -> list[str]:
        return sorted({*self._own, *_brought(ctx)})


def _imported(where: str) -> click.Command:
    module, _, name = where.partition(":")
    command: click.Command = getattr(import_module(module), name)
    return command


def _brought(ctx: click.Context) -> Mapping[str, click.Command]:
    """Looked for once in a run."""
    from paydaemon.plugins import load_plugins  # noqa: PLC0415 - only where they are wanted

    found: Mapping[str, click.Command] | None = ctx.meta.get(_BROUGHT)
    if found is None:
        found = ctx.meta[_BROUGHT] = load_plugins().commands
    return found
