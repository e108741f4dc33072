"""Which keys of the configuration are read: one that nobody reads has no effect."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from pydantic import BaseModel

from paydaemon.hooks.settings import Settings

Read = set[tuple[type[BaseModel], str]]
"""Each key by its model."""


@contextmanager
def reads() -> Iterator[Read]:
    """Every key that is read while the block runs."""
    seen: Read = set()

    def note(self: Settings, name: str) -> Any:
        kind = type(self)
        if name in kind.__pydantic_fields__:
            seen.add((kind, name))
        return object.__getattribute__(self, name)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Settings, "__getattribute__", note)
        yield seen
