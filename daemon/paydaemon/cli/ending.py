"""How a command ends: nurseries put every error into a group, and a person wants one line, in words."""

import os
import signal
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from typing import NoReturn, TypeVarTuple

import click
import trio

Ts = TypeVarTuple("Ts")


def run(start: Callable[[*Ts], Awaitable[None]], *arguments: *Ts) -> None:
    """Run `start` to its end.

    An interrupt, a `click.ClickException` and what the system refuses come out as such. A group that holds
    anything else tells of a mistake in the program, and comes out whole.
    """
    try:
        trio.run(start, *arguments)
    except BaseExceptionGroup as group:
        _, unexpected = group.split((click.ClickException, KeyboardInterrupt, OSError))
        if unexpected is not None:
            raise
        raise first(group) from None


@asynccontextmanager
async def interruptible() -> AsyncIterator[None]:
    """An interrupt cancels what is done in here, however long it waits, and comes out as such.

    Python by itself raises `KeyboardInterrupt` in whatever is being done just then. Where that is a callback
    that nothing can be raised from, such as a weak reference's, it is lost, and the command goes on for ever.
    """
    with trio.open_signal_receiver(signal.SIGINT) as interrupts:
        async with trio.open_nursery() as nursery:
            nursery.start_soon(_interrupted, interrupts)
            yield
            nursery.cancel_scope.cancel()


async def _interrupted(interrupts: AsyncIterator[int]) -> NoReturn:
    await anext(interrupts)
    raise KeyboardInterrupt


@contextmanager
def told_on_stdout() -> Iterator[None]:
    """A command whose words cannot be written, such as on a full disk, ends with one line on stderr."""
    try:
        yield
    except OSError as error:
        if error.filename is not None:
            raise  # of a file, and not of stdout
        click.echo(f"Error: the answer cannot be written to stdout: {reason(error)}", err=True)
        sys.exit(1)
    finally:
        _let_go_of_stdout()


def _let_go_of_stdout() -> None:
    """What could not be written is not tried again when Python ends: that would be told once more."""
    try:
        sys.stdout.flush()
    except OSError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def first(group: BaseExceptionGroup[BaseException]) -> BaseException:
    """The first exception in a group that is no group itself."""
    found: BaseException = group
    while isinstance(found, BaseExceptionGroup):
        found = found.exceptions[0]
    return found


def reason(error: BaseException) -> str:
    """Why it failed, in the system's words and without its number, also where a library has wrapped them.

    What was raised ``from None`` has words of its own, but where it holds what the system said (httpcore).
    """
    origin: BaseException | None = error
    while origin is not None and not isinstance(origin, OSError):
        origin = _behind(origin)
    if origin is None or origin.errno is None:
        return str(error)
    words = origin.strerror or os.strerror(origin.errno)
    return words if origin.filename is None else f"{origin.filename}: {words}"


def _behind(error: BaseException) -> BaseException | None:
    """What an error was made of."""
    if error.__cause__ is not None:
        return error.__cause__
    if error.args and isinstance(error.args[0], OSError):
        return error.args[0]
    return None if error.__suppress_context__ else error.__context__
