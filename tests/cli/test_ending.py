"""How commands end."""

import errno
import os
import signal
import weakref

import click
import pytest
import trio

from paydaemon.cli.ending import interruptible, reason, run


class Referred:
    """Something to refer to weakly."""


def _press_ctrl_c(_: object = None) -> None:
    os.kill(os.getpid(), signal.SIGINT)


def test_an_interrupt_comes_out_as_such() -> None:
    async def start() -> None:
        async with interruptible():
            _press_ctrl_c()
            await trio.sleep_forever()

    with pytest.raises(KeyboardInterrupt):
        run(start)


def test_an_interrupt_in_the_middle_of_a_callback_is_not_lost() -> None:
    async def start() -> None:
        referred = Referred()
        reference = weakref.ref(referred, _press_ctrl_c)
        async with interruptible():
            del referred
            assert reference() is None
            await trio.sleep_forever()

    with pytest.raises(KeyboardInterrupt):
        run(start)


def test_what_is_under_way_is_cleaned_up_first() -> None:
    done: list[str] = []

    async def start() -> None:
        async with interruptible():
            try:
                _press_ctrl_c()
                await trio.sleep_forever()
            finally:
                done.append("cleaned up")

    with pytest.raises(KeyboardInterrupt):
        run(start)
    assert done == ["cleaned up"]


def test_a_commands_own_error_comes_out_bare() -> None:
    async def start(words: str) -> None:
        async with trio.open_nursery():
            raise click.ClickException(words)

    with pytest.raises(click.ClickException, match="no such thing"):
        run(start, "no such thing")


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (ValueError("our own words"), "our own words"),
        (ConnectionError(errno.ECONNREFUSED, "Connection refused"), "Connection refused"),
        (PermissionError(errno.EACCES, "Permission denied", "a.toml"), "a.toml: Permission denied"),
        (ValueError(OSError(errno.ENOSPC, "No space left on device")), "No space left on device"),
    ],
    ids=repr,
)
def test_a_reason_is_in_words(error: Exception, said: str) -> None:
    assert reason(error) == said
