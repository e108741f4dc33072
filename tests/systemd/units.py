"""The units as these tests see them, and the tools of systemd that judge them."""

import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[2]
SERVICE = ROOT / "systemd" / "paydaemon.service"
SOCKET = ROOT / "systemd" / "paydaemon.socket"


def values(unit: Path, key: str) -> list[str]:
    """Every value that a unit gives a key, in order."""
    pairs = (line.partition("=") for line in unit.read_text(encoding="utf-8").splitlines())
    return [value for name, _, value in pairs if name == key]


def value(unit: Path, key: str) -> str:
    """The only value that a unit gives a key."""
    (only,) = values(unit, key)
    return only


def analyze(*arguments: str | Path) -> str:
    """What `systemd-analyze` says, on either stream. It must succeed, and it must be there."""
    tool = shutil.which("systemd-analyze")
    assert tool is not None, "these tests need systemd-analyze: apt-get install systemd"
    done = subprocess.run(
        [tool, *arguments], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False
    )
    assert done.returncode == 0, done.stdout
    return done.stdout


def system_calls(filters: list[str]) -> set[str]:
    """The names of the system calls that a unit's values of ``SystemCallFilter`` leave (systemd.exec(5))."""
    allowed: set[str] = set()
    for words in filters:
        named = {name for word in words.removeprefix("~").split() for name in _calls_in(word)}
        allowed = allowed - named if words.startswith("~") else allowed | named
    return allowed


def _calls_in(word: str) -> Iterator[str]:
    if not word.startswith("@"):
        yield word
        return
    for line in analyze("syscall-filter", "--no-pager", word).splitlines():
        name = line.strip()
        if line.startswith(" ") and not name.startswith("#"):
            yield from _calls_in(name)
