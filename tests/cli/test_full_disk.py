"""Where stdout cannot be written, a command says so in one line, and which key it has made all the same."""

import re
import sys
from pathlib import Path

import pytest
import trio

from tests.support.served import Served

FULL = Path("/dev/full")


async def onto_a_full_disk(*arguments: str) -> tuple[int, list[str]]:
    """A command's exit code, and its lines on stderr."""
    command = [sys.executable, "-m", "paydaemon", *arguments]
    with FULL.open("wb") as full:  # noqa: ASYNC230 - a device does not wait
        done = await trio.run_process(command, stdout=full, capture_stderr=True, check=False)
    return done.returncode, done.stderr.decode().splitlines()


@pytest.mark.parametrize(
    "command", [("seller", "list"), ("events", "--json"), ("events", "--follow"), ("--help",), ("--version",)]
)
async def test_a_command_that_cannot_say_what_it_should(daemon: Served, command: tuple[str, ...]) -> None:
    await daemon.invoice()
    where = () if command[0].startswith("-") else ("--socket", str(daemon.socket))
    code, said = await onto_a_full_disk(*command, *where)
    assert (code, said) == (1, ["Error: the answer cannot be written to stdout: No space left on device"])


@pytest.mark.parametrize(
    ("command", "way_out"),
    [
        (("seller", "add", "cafe"), "seller rotate cafe"),
        (("seller", "rotate", "shop", "--json"), "seller rotate shop"),
        (("operator", "add"), "key revoke key_"),
    ],
)
async def test_a_key_that_cannot_be_shown_is_named(
    daemon: Served, command: tuple[str, ...], way_out: str
) -> None:
    code, [said] = await onto_a_full_disk(*command, "--socket", str(daemon.socket))
    found = re.match("Error: the key (key_[a-z2-7]+) was made, and cannot be shown: No space left", said)
    assert code == 1
    assert found is not None, said
    assert f"be rid of it by `paydaemon {way_out}" in said
    assert found[1] in {key.id for key in await daemon.engine.api.accounts.keys()}
