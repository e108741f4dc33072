"""A plugin's project from a template: what ``paydaemon plugin new`` writes.

`templates/common` is in every project, and a folder for each kind has the rest. A template is the file that
it becomes, with `.in` behind its name and `@words@` in its text and in its path; nothing else is replaced.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from importlib.metadata import version
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path

from paydaemon.hooks.version import API

NAME = re.compile(r"(?!paydaemon)[a-z][a-z0-9]*(?:[-_][a-z0-9]+)*", re.ASCII)
MAX_NAME = 28
"""What fits into a line of code together with all that the templates put around it."""
PREFIX = "paydaemon-"
"""What a distribution's name begins with."""
OURS = frozenset({"bitcoin", "email", "hedera", "monero", "rates", "socketio", "spellbook", "webhook"})
"""Whose distributions are paydaemon's own, installed or not."""

_WORD = re.compile(r"@([a-z]+)@")
_SUFFIX = ".in"
_PROGRAMS = ("ci",)
_SYMBOL = 8


class Kind(StrEnum):
    """What a plugin's project begins with."""

    CHAIN = "chain"
    NOTIFIER = "notifier"
    RATES = "rates"
    FRONTEND = "frontend"


_SUMMARIES: Mapping[Kind, str] = {
    Kind.CHAIN: "Payments on {} for paydaemon",
    Kind.NOTIFIER: "A way to tell others of payments for paydaemon: {}",
    Kind.RATES: "Exchange rates from {} for paydaemon",
    Kind.FRONTEND: "A way to speak to clients for paydaemon: {}",
}


@dataclass(frozen=True, slots=True)
class Project:
    """A project to be written. Raises `ValueError`, in words, for a name that cannot be a plugin's."""

    name: str
    kind: Kind

    def __post_init__(self) -> None:
        if NAME.fullmatch(self.name) is None or len(self.name) > MAX_NAME:
            raise ValueError(
                f"{self.name!r:.50} cannot be a plugin's name: words of a-z and 0-9, joined by - or _, "
                f"a letter first, {MAX_NAME} characters at most; paydaemon- is put in front of it"
            )

    @property
    def distribution(self) -> str:
        """What is installed, and the project's folder."""
        return PREFIX + self.name.replace("_", "-")

    def write(self, folder: Path) -> int:
        """Write it into a folder that is made for it; returns how many files it has.

        Raises `FileExistsError` where there is something of that name, and other `OSError`s.
        """
        folder.mkdir(parents=True)
        count = 0
        for path, text in self.files():
            target = folder / path
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_text(text, encoding="utf-8")
            if path in _PROGRAMS:
                target.chmod(0o755)
            count += 1
        return count

    def files(self) -> Iterator[tuple[str, str]]:
        """Every file: its path below the project's folder, and what it holds."""
        words = self._words()
        for kind in ("common", self.kind.value):
            for path, template in _templates(files(__name__) / "templates" / kind, ""):
                yield _said(path.removesuffix(_SUFFIX), words), _said(template, words)

    def _words(self) -> Mapping[str, str]:
        parts = re.split(r"[-_]", self.name)
        return {
            "api": str(API),
            "class": "".join(part.capitalize() for part in parts),
            "distribution": self.distribution,
            "module": self.distribution.replace("-", "_"),
            "name": self.name,
            "paydaemon": version("paydaemon"),
            "summary": _SUMMARIES[self.kind].format(self.name),
            "symbol": "".join(parts).upper()[:_SYMBOL],
        }


def _templates(folder: Traversable, below: str) -> Iterator[tuple[str, str]]:
    for one in sorted(folder.iterdir(), key=lambda one: one.name):
        if one.is_dir():
            yield from _templates(one, f"{below}{one.name}/")
        elif one.name.endswith(_SUFFIX):
            yield below + one.name, one.read_text(encoding="utf-8")


def _said(text: str, words: Mapping[str, str]) -> str:
    """The same with each word replaced; `KeyError` for one that nobody knows."""
    return _WORD.sub(lambda found: words[found[1]], text)
