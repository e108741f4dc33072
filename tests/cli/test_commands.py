"""Our own commands: each is where the table says, and none waits for what only others need."""

import subprocess
import sys
from importlib import import_module
from pathlib import Path

import click
import pytest

from paydaemon.cli.main import OWN

HEAVY = {"quart", "hypercorn", "pydantic", "sqlite3", "prometheus_client", "paydaemon.app"}


@pytest.mark.parametrize("name", OWN)
def test_a_command_is_where_the_table_says(name: str) -> None:
    module, _, variable = OWN[name].partition(":")
    command = getattr(import_module(module), variable)
    assert isinstance(command, click.Command)
    assert command.name == name


@pytest.mark.parametrize(
    "arguments",
    [("--version",), ("invoice", "list", "--socket", "nobody.sock"), ("events", "--help")],
    ids=str,
)
def test_a_command_that_asks_the_daemon_does_not_import_it(arguments: tuple[str, ...]) -> None:
    code = f"""
import sys
from paydaemon.cli.main import cli
try:
    cli({list(arguments)!r})
finally:
    print(*sys.modules, file=sys.stderr)
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    imported = set(done.stderr.split())
    assert "paydaemon.cli.commands" in imported
    assert imported & HEAVY == set()


def test_why_nobody_answers_is_told_in_words(tmp_path: Path) -> None:
    nobody = tmp_path / "nobody.sock"
    command = [sys.executable, "-m", "paydaemon", "invoice", "list", "--socket", str(nobody)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert f"no daemon answers at {nobody} (No such file or directory): is it running?" in done.stderr
