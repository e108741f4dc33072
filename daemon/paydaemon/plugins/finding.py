"""Finding: the entry points of what is installed, each as a candidate that is not loaded yet."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from importlib.metadata import Distribution, distributions

from paydaemon.hooks.specs import GROUP
from paydaemon.plugins.telling import Broken, in_words


@dataclass(frozen=True, slots=True)
class Candidate:
    """A plugin before it is loaded. `load` returns what holds its hooks, or raises."""

    name: str
    distribution: str | None
    version: str | None
    load: Callable[[], object]


def given(extra: Mapping[str, object]) -> Iterator[Candidate]:
    """One candidate for each that was handed over."""
    for name, plugin in extra.items():
        yield Candidate(name, None, None, partial(_itself, plugin))


def installed() -> Iterator[Candidate]:
    """One candidate for each entry point of the group, in a fixed order.

    Not by `importlib.metadata.entry_points`: a malformed file of any one distribution makes it raise for all.
    """
    ours: dict[str, Distribution] = {}
    for distribution in distributions():
        if GROUP in _entry_points_text(distribution):
            # Of two with one name, the first on sys.path is the one that imports come from.
            ours.setdefault(distribution.name.lower(), distribution)
    for name in sorted(ours):
        yield from _candidates(ours[name])


def _entry_points_text(distribution: Distribution) -> str:
    try:
        return distribution.read_text("entry_points.txt") or ""
    except (OSError, UnicodeDecodeError):
        return ""


def _candidates(distribution: Distribution) -> Iterator[Candidate]:
    name, version = distribution.name, distribution.version
    try:
        for entry in sorted(distribution.entry_points.select(group=GROUP)):
            named = entry.pattern.match(entry.value)
            unclear = partial(_fail, f"its entry point is {entry.value!r:.50}, which names no module")
            yield Candidate(entry.name, name, version, entry.load if named else unclear)
    except (ValueError, TypeError) as error:
        yield Candidate(
            name.lower(), name, version, partial(_fail, f"its entry_points.txt: {in_words(error)}")
        )


def _fail(reason: str) -> object:
    raise Broken(reason)


def _itself(plugin: object) -> object:
    return plugin
