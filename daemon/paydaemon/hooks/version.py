"""The version of everything that plugins are written against: the hooks, the ports, and `paydaemon.core`.

A plugin's module says which one it was written for, beside its hooks::

    PAYDAEMON_API = "1.0"

The daemon takes every plugin of its own major version whose minor one is not above its own, and refuses the
others before it calls any of their hooks. One that says nothing was written before there was a choice.
"""

import difflib
import re
from collections.abc import Collection
from dataclasses import dataclass
from typing import NamedTuple

ATTRIBUTE = "PAYDAEMON_API"
"""What a plugin's module says its version by."""

_ALIKE = 0.8  # from there on, a name is taken for a misspelt one; 1 is the name itself
_VERSION = re.compile(r"(0|[1-9][0-9]{0,3})\.(0|[1-9][0-9]{0,3})", re.ASCII)


class ApiVersion(NamedTuple):
    """With another `major` something is gone or means something else; with another `minor` there is more."""

    major: int
    minor: int

    def __str__(self) -> str:
        return f"{self.major}.{self.minor}"


API = ApiVersion(1, 0)
"""What this daemon has."""
UNSAID = ApiVersion(1, 0)
"""What a plugin that says nothing was written for."""


def version_of(plugin: object) -> ApiVersion:
    """What a plugin says that it was written for. Raises `ValueError` for what is no version."""
    said: object = getattr(plugin, ATTRIBUTE, None)
    if said is None:
        _refuse_misspelt(plugin)
        return UNSAID
    found = _VERSION.fullmatch(said) if isinstance(said, str) else None
    if found is None:
        raise ValueError(f'{ATTRIBUTE} must be text such as "{API}", not {said!r:.50}')
    return ApiVersion(int(found[1]), int(found[2]))


def _refuse_misspelt(plugin: object) -> None:
    said = [name for name in dir(plugin) if name.isupper() and name != ATTRIBUTE]
    for name in difflib.get_close_matches(ATTRIBUTE, said, 1, _ALIKE):
        raise ValueError(f"it says {name}: is {ATTRIBUTE} meant?")


def refusal(wanted: ApiVersion, ours: ApiVersion = API) -> str | None:
    """Why a plugin that was written for `wanted` cannot be used, and what to do; None where it can."""
    if wanted.major == ours.major and wanted.minor <= ours.minor:
        return None
    newer = f"a paydaemon that has plugin API {wanted}"
    oldest = ApiVersion(ours.major, 0)
    other = f"a release of the plugin for {ours if ours == oldest else f'{oldest} to {ours}'}"
    first, second = (newer, other) if wanted > ours else (other, newer)
    return f"it needs plugin API {wanted}, and this daemon has {ours}: install {first}, or {second}"


@dataclass(frozen=True, slots=True)
class Deprecation:
    """Something that goes with the next major version: a hook, or a field of what hooks return.

    `what` is its name, ``register_chains`` or ``ChainPlugin.diagnose``; `since` is the version that it is
    deprecated in, and `instead` says what to do.
    """

    what: str
    since: ApiVersion
    instead: str

    def __str__(self) -> str:
        gone = ApiVersion(self.since.major + 1, 0)
        return f"{self.what} is deprecated since plugin API {self.since} and gone in {gone}: {self.instead}"


DEPRECATED: Collection[Deprecation] = ()
"""What still works and will not for ever. A plugin that uses some of it is told so at every start."""
