"""``paydaemon plugin new``: what it refuses, and what it writes whatever the name is."""

import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from paydaemon.cli.main import cli
from paydaemon.cli.plugin import KINDS
from paydaemon.plugins import LoadedPlugins
from paydaemon.scaffold import MAX_NAME, OURS, Kind, Project
from tests.kit.walk import ROOT

LONG = "c" * 28


def new(*arguments: str) -> Result:
    return CliRunner().invoke(cli, ["plugin", "new", *arguments])


@pytest.mark.parametrize(
    "name",
    [
        "",
        "Coin",
        "my coin",
        "9coin",
        "coin-",
        "my--coin",
        "../coin",
        "cöin",
        "c" * 29,
        "paydaemon-coin",
        "coin\n",
    ],
)
def test_a_name_that_cannot_be_is_refused(name: str, tmp_path: Path) -> None:
    done = new("--kind", "chain", "--folder", str(tmp_path / "there"), "--", name)
    assert (done.exit_code, list(tmp_path.iterdir())) == (1, [])
    assert done.stderr.startswith(f"Error: NAME: {name!r} cannot be a plugin's name: ")


def test_a_name_that_somebody_has_is_refused_with_whose_it_is(tmp_path: Path) -> None:
    for name, owner in (("bitcoin", "bitcoin of paydaemon-bitcoin"), ("kraken", "rates of paydaemon-rates")):
        done = new(name, "--kind", "rates", "--folder", str(tmp_path / "there"))
        assert done.stderr == f'Error: NAME: "{name}" is taken by the plugin {owner}\n'


def test_a_name_whose_distribution_is_installed_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """`my_coin` and `my-coin` are one distribution, and one module."""
    info = tmp_path / "paydaemon_my_coin-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: paydaemon_my_coin\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text("[paydaemon.plugins]\nmy-coin = nowhere\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    done = new("my_coin", "--kind", "chain", "--folder", str(tmp_path / "there"))
    assert done.stderr == 'Error: NAME: "my_coin" is taken by the plugin my-coin of paydaemon_my_coin\n'


def test_the_name_of_one_of_ours_is_refused_where_that_is_not_installed_too(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert {one.name for one in (ROOT / "plugins").iterdir() if (one / "pyproject.toml").is_file()} == OURS
    monkeypatch.setattr("paydaemon.plugins.load_plugins", lambda: LoadedPlugins((), {}, {}, {}))
    done = new("bitcoin", "--kind", "chain", "--folder", str(tmp_path / "there"))
    assert done.stderr == (
        'Error: NAME: "bitcoin" is taken by a plugin of paydaemon\'s own, paydaemon-bitcoin\n'
    )


def test_what_is_there_already_stays_as_it_is(tmp_path: Path) -> None:
    there = tmp_path / "there"
    there.mkdir()
    done = new("coin", "--kind", "chain", "--folder", str(there))
    assert done.stderr == f"Error: {there} is there already: name another --folder\n"
    (tmp_path / "file").touch()
    done = new("coin", "--kind", "chain", "--folder", str(tmp_path / "file" / "there"))
    assert done.stderr == f"Error: {tmp_path / 'file' / 'there'}: Not a directory\n"
    assert list(there.iterdir()) == []


def test_the_kinds_that_can_be_chosen_are_those_there_are() -> None:
    assert tuple(Kind) == KINDS
    assert new("coin", "--kind", "teapot").exit_code == 2


def test_what_comes_next_is_told(tmp_path: Path) -> None:
    there = tmp_path / "there"
    said = new("my_coin", "--kind", "chain", "--folder", str(there)).stdout
    assert said.startswith(
        f"paydaemon-my-coin: {sum(one.is_file() for one in there.rglob('*'))} files in {there}\n"
    )
    assert f"  cd {there}\n" in said
    assert (there / "ci").stat().st_mode & 0o111
    done = subprocess.run([there / "ci", "lnit"], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (2, "usage: ./ci [lint | tests]\n")


@pytest.mark.parametrize("kind", Kind)
def test_it_is_well_formed_whatever_the_name_is(kind: Kind, tmp_path: Path) -> None:
    assert not MAX_NAME - len(LONG)
    for name in ("a", LONG, "long-name_of_several-words-x", "x2-3_4"):
        Project(name, kind).write(tmp_path / name)
        project = tomllib.loads((tmp_path / name / "pyproject.toml").read_text(encoding="utf-8"))["project"]
        [(entry, module)] = project["entry-points"]["paydaemon.plugins"].items()
        assert (entry, module) == (name, "paydaemon_" + name.replace("-", "_") + ".plugin")
    for command in (["check"], ["format", "--check"]):
        ran = [sys.executable, "-m", "ruff", *command, "--no-cache", str(tmp_path)]
        done = subprocess.run(ran, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout
