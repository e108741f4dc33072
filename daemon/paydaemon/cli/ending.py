"""How a command ends that runs trio: nurseries put every error into a group, and a person wants one line."""

from collections.abc import Awaitable, Callable
from typing import TypeVarTuple

import click
import trio

Ts = TypeVarTuple("Ts")


def run(start: Callable[[*Ts], Awaitable[None]], *arguments: *Ts) -> None:
    """Run `start` to its end.

    An interrupt and a `click.ClickException` come out as such. A group that holds anything else tells of a
    mistake in the program, and comes out whole.
    """
    try:
        trio.run(start, *arguments)
    except BaseExceptionGroup as group:
        _, unexpected = group.split((click.ClickException, KeyboardInterrupt))
        if unexpected is not None:
            raise
        raise first(group) from None


def first(group: BaseExceptionGroup[BaseException]) -> BaseException:
    """The first exception in a group that is no group itself."""
    found: BaseException = group
    while isinstance(found, BaseExceptionGroup):
        found = found.exceptions[0]
    return found
