"""The commands that plugins bring, behind our own.

Plugins are looked for only where a name is not one of ours, or all names are wanted: the daily commands wait
for nobody's imports. A plugin that cannot be loaded brings none, and stops no other command.
"""

from collections.abc import Mapping

import click

from paydaemon.plugins import load_plugins

_BROUGHT = "paydaemon.cli.commands"


class CommandGroup(click.Group):
    """A group with every plugin's commands in it too. Of two with one name, ours is the one that runs."""

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        own = super().get_command(ctx, cmd_name)
        return own if own is not None else _brought(ctx).get(cmd_name)

    def list_commands(self, ctx: click.Context) -> list[str]:
        return sorted({*super().list_commands(ctx), *_brought(ctx)})


def _brought(ctx: click.Context) -> Mapping[str, click.Command]:
    """Looked for once in a run."""
    found: Mapping[str, click.Command] | None = ctx.meta.get(_BROUGHT)
    if found is None:
        found = ctx.meta[_BROUGHT] = load_plugins().commands
    return found
