"""What a plugin's author types, from a checkout and an empty folder, as the guide shows it; and where to.

The place has no network and nothing of this workspace but what `make wheels` builds of it: the guide's own
words say where pip finds that. What else is locked is seen as if somebody had installed it.
"""

import os
import re
import subprocess
import sys
import sysconfig
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]
GUIDE = ROOT / "docs" / "plugin-authors.md"
OURS = ("_editable_impl_", "paydaemon", "pip-", "pip", "editables.pth", "distutils-precedence")
OURS_ALONE = ("_hypothesis", "hypothesis", "schemathesis", "pytest_trio", "pytest_xdist", "xdist")
"""What the tests of this workspace need, and those of a plugin do not."""
TIMEOUT_S = 300


@dataclass(frozen=True, slots=True)
class Typed:
    """One command of the guide, and the lines that it is said to print; `…` stands for anything."""

    command: str
    prints: tuple[str, ...]

    def is_told_by(self, out: str) -> bool:
        """Whether those lines came, in this order."""
        found = iter(out.splitlines())
        return all(any(_like(line).fullmatch(one) for one in found) for line in self.prints)


def typed() -> Iterator[Typed]:
    """Every command of the guide's walk, in its order."""
    walk = GUIDE.read_text(encoding="utf-8").split("\n## The walk\n")[1].split("\n## ")[0]
    for block in re.findall(r"```console\n(.*?)```", walk, re.DOTALL):
        for part in re.split(r"^\$ ", block, flags=re.MULTILINE)[1:]:
            command, *prints = part.splitlines()
            yield Typed(command, tuple(line.rstrip() for line in prints if line.strip()))


def _like(line: str) -> re.Pattern[str]:
    return re.compile(r"\s*" + ".*".join(map(re.escape, line.strip().split("…"))) + r"\s*")


class Place:
    """A checkout, and the environment of whoever types there."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder / "paydaemon"
        _check_out(self.folder)
        locked = folder / "locked"
        _link(locked)
        kept = {name: os.environ[name] for name in ("HOME", "LANG", "TMPDIR") if name in os.environ}
        self._env: Mapping[str, str] = {
            **kept,
            "PATH": os.pathsep.join([*_interpreter(folder), os.defpath, sysconfig.get_path("scripts")]),
            "PYTHONPATH": str(locked),
            "PIP_NO_INDEX": "1",
            "PIP_NO_BUILD_ISOLATION": "0",  # 0 is what turns it off: pip takes it for --build-isolation
            "PIP_DISABLE_PIP_VERSION_CHECK": "1",
            "PIP_QUIET": "1",
        }

    def type(self, *lines: str) -> str:
        """Type some lines into one shell; returns what it says. Raises `AssertionError` where one fails."""
        script = "set -eu\n" + "\n".join(lines)
        done = subprocess.run(
            ["bash", "-c", script],
            cwd=self.folder,
            env=self._env,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=TIMEOUT_S,
            check=False,
        )
        assert done.returncode == 0, f"{script}\n{done.stdout[-6000:]}"
        return done.stdout


def _check_out(folder: Path) -> None:
    """The daemon and the Makefile, set up, and what is locked gathered already. No plugins."""
    folder.mkdir()
    for name in ("daemon", "requirements", "tools", "Makefile"):
        (folder / name).symlink_to(ROOT / name)
    for done in (".venv/.locked", ".venv/.stamp", "build/wheels/.locked", "plugins/.none"):
        (folder / done).parent.mkdir(parents=True, exist_ok=True)
        (folder / done).touch()
    (folder / ".venv" / "bin").symlink_to(sysconfig.get_path("scripts"))


def _link(locked: Path) -> None:
    """All that is locked but what is of this workspace."""
    locked.mkdir()
    for one in Path(sysconfig.get_path("purelib")).iterdir():
        if not one.name.startswith((*OURS, *OURS_ALONE)):
            (locked / one.name).symlink_to(one)


def _interpreter(folder: Path) -> Iterator[str]:
    """A folder with the interpreter that made this virtualenv, by the name that the guide calls it."""
    programs = folder / "bin"
    programs.mkdir()
    (programs / "python3.11").symlink_to(Path(sys.base_prefix, "bin", "python3.11"))
    yield str(programs)
