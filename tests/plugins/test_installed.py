"""Plugins that are installed: by entry point, each copy once, with its commands."""

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType

import click
import pytest
from click.testing import CliRunner

from paydaemon.cli.main import cli
from paydaemon.plugins import PluginRecord, PluginStatus, load_plugins
from tests.plugins.parts import (
    DIG,
    build,
    load,
    plugin,
    record,
    refused,
)


@pytest.fixture
def install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., None]]:
    """Puts a distribution on sys.path, as an installer would."""
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.setattr(sys, "dont_write_bytecode", True)

    def make(name: str, entry_points: str | bytes, **modules: str) -> None:
        info = tmp_path / f"{name}-1.2.dist-info"
        info.mkdir()
        (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.2\n")
        content = entry_points if isinstance(entry_points, bytes) else entry_points.encode()
        (info / "entry_points.txt").write_bytes(content)
        for module, source in modules.items():
            (tmp_path / f"{module}.py").write_text(source)

    yield make
    for module in [name for name in sys.modules if name.startswith("installed_")]:
        del sys.modules[module]


GOOD = """
from paydaemon.hooks.settings import Settings
from paydaemon.hooks.specs import RateSourcePlugin, hookimpl

@hookimpl
def register_rate_sources():
    return [RateSourcePlugin("installed", Settings, lambda settings: None)]
"""


def test_an_installed_plugin(install: Callable[..., None]) -> None:
    install("Some_Rates", "[paydaemon.plugins]\ngood = installed_good\n", installed_good=GOOD)
    found = record(load_plugins(), "good")
    assert found == PluginRecord(
        "good", "Some_Rates", "1.2", PluginStatus.LOADED, "", rate_sources=("installed",), api="1.0"
    )


def test_imports_that_fail(install: Callable[..., None]) -> None:
    install(
        "aaa",
        "[paydaemon.plugins]\n"
        "absent = installed_absent\n"
        "needy = installed_needy\n"
        "typo = installed_typo\n"
        "quits = installed_quits\n"
        "panics = installed_panics\n"
        "unclear = !!!\n"
        "part = installed_good:nothing\n"
        "good = installed_good\n",
        installed_needy="\nimport no_such_library\n",
        installed_typo="def (:\n",
        installed_quits="import sys\nsys.exit('bye')\n",
        installed_panics="class Panic(BaseException): pass\nraise Panic('native')\n",
        installed_good=GOOD,
    )
    loaded = load_plugins()
    reasons = {one.name: one.reason for one in loaded.records if one.distribution == "aaa"}
    assert reasons["absent"] == (
        "cannot be imported: ModuleNotFoundError: No module named 'installed_absent'"
    )
    assert reasons["needy"] == (
        "cannot be imported: ModuleNotFoundError: No module named 'no_such_library'"
        " (installed_needy.py, line 2)"
    )
    assert reasons["typo"].startswith("cannot be imported: ")
    assert "SyntaxError" in reasons["typo"]
    assert reasons["quits"] == "cannot be imported: SystemExit: bye (installed_quits.py, line 2)"
    assert reasons["panics"] == (
        "cannot be imported: installed_panics.Panic: native (installed_panics.py, line 2)"
    )
    assert reasons["unclear"] == "its entry point is '!!!', which names no module"
    assert reasons["part"].startswith(
        "cannot be imported: AttributeError: module 'installed_good' has no attribute"
    )
    assert reasons["good"] == ""
    assert record(loaded, "rates").status is PluginStatus.LOADED


def test_entry_points_that_cannot_be_read(install: Callable[..., None]) -> None:
    install("bbb", "[paydaemon.plugins]\nthis is no entry point\n")
    install("ccc", "[paydaemon.plugins]\nbad = 1 + 1\n")
    install("ddd", "[console_scripts]\nthis is no entry point\n")
    install("eee", b"[paydaemon.plugins]\n\xff = x\n")
    loaded = load_plugins()
    assert record(loaded, "bbb").status is PluginStatus.BROKEN
    assert record(loaded, "bbb").reason.startswith("its entry_points.txt: ")
    assert record(loaded, "bad").status is PluginStatus.BROKEN
    assert not [one for one in loaded.records if one.distribution == "ddd"]
    assert record(loaded, "rates").status is PluginStatus.LOADED


def test_a_command_goes_on_whatever_others_have_installed(tmp_path: Path) -> None:
    """Also in libraries that look through all that is installed, as pydantic does for plugins of its own."""
    for name, text in (("bad", b"[x]\nthis is no entry point\n"), ("worse", b"[x]\n\xff = y\n")):
        info = tmp_path / f"{name}-1.0.dist-info"
        info.mkdir()
        (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n")
        (info / "entry_points.txt").write_bytes(text)
    command = [sys.executable, "-m", "paydaemon", "plugins", "--installed", "--json"]
    done = subprocess.run(
        command, env={**os.environ, "PYTHONPATH": str(tmp_path)}, capture_output=True, check=True, text=True
    )
    assert {one["status"] for one in json.loads(done.stdout)["data"]} == {"loaded"}


def test_what_a_plugin_prints_does_not_go_where_a_program_reads(
    install: Callable[..., None], capsys: pytest.CaptureFixture[str]
) -> None:
    install("aaa", "[paydaemon.plugins]\ngood = installed_good\n", installed_good=f"print('hello')\n{GOOD}")
    assert record(load_plugins(), "good").status is PluginStatus.LOADED
    assert capsys.readouterr() == ("", "hello\n")


def test_the_first_of_two_copies_counts(
    install: Callable[..., None], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    install("some_rates", "[paydaemon.plugins]\ngood = installed_good\n", installed_good=GOOD)
    elsewhere = tmp_path / "elsewhere" / "some_rates-0.9.dist-info"
    elsewhere.mkdir(parents=True)
    (elsewhere / "METADATA").write_text("Metadata-Version: 2.1\nName: some_rates\nVersion: 0.9\n")
    (elsewhere / "entry_points.txt").write_text("[paydaemon.plugins]\ngood = installed_good\n")
    monkeypatch.setattr(sys, "path", [*sys.path, str(elsewhere.parent)])
    assert record(load_plugins(), "good").version == "1.2"


def test_modules_can_be_handed_over() -> None:
    module = ModuleType("handed_over")
    exec(GOOD, module.__dict__)
    assert record(load({"handed": module}), "handed").rate_sources == ("installed",)


# --- Commands


DIGGER = """
import click
from paydaemon.hooks.specs import hookimpl

@click.command()
def dig():
    "Dig for coins."
    click.echo("found one")

@click.command("check-config")
def mine():
    click.echo("not ours")

@hookimpl
def register_commands():
    return [dig, mine]
"""


def test_a_plugins_command_is_one_of_paydaemons(install: Callable[..., None]) -> None:
    install("Digger", "[paydaemon.plugins]\ndigger = installed_digger\n", installed_digger=DIGGER)
    install("Worse", "[paydaemon.plugins]\nworse = installed_worse\n", installed_worse="raise SystemExit(3)")
    run = CliRunner()
    assert run.invoke(cli, ["dig"]).stdout == "found one\n"
    listed = run.invoke(cli, ["--help"])
    assert listed.exit_code == 0
    assert "Dig for coins." in listed.stdout
    assert listed.stdout.count("check-config") == 1
    assert "not ours" not in run.invoke(cli, ["check-config", "--config", "/nowhere"]).output
    assert run.invoke(cli, ["digg"]).exit_code == 2


def test_a_command_that_is_none() -> None:
    assert refused(plugin(register_commands=lambda: [build])).startswith(
        "register_commands() must return a list of Command"
    )
    assert refused(plugin(register_commands=lambda: [click.Command(None)])).startswith(
        "register_commands() returned the name None"
    )
    twice = plugin(register_commands=lambda: [DIG, click.Command("dig")])
    assert refused(twice) == 'it brings the command "dig" twice'
