"""What configuration models are made of, the daemon's and every plugin's alike."""

import operator
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any, Self, TypeVar

from pydantic import BaseModel, ConfigDict, Field, model_validator

M = TypeVar("M", bound=BaseModel)


class Settings(BaseModel):
    """Base of every configuration model: nothing unknown is taken, nothing guessed, nothing changed later."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, allow_inf_nan=False)

    def given(self, key: str) -> bool:
        """Whether there is a value for a key, be it a wrong one.

        For rules across keys: while some are wrong they are asked of the others, and one that reads a wrong
        key is left out. This is no reading.
        """
        return key in self.model_fields_set and vars(self).get(key, ...) is not None


def number(default: int, least: int, most: int, description: str) -> Any:
    """A key that is a whole number from `least` to `most`."""
    return Field(default=default, ge=least, le=most, description=description)


class _NamesAChain:
    """Marks a key whose value is the id of a configured chain."""


ChainId = Annotated[str, Field(min_length=1, max_length=64), _NamesAChain()]
"""A key that names a chain. One that there is not stops the start: nobody is to learn of it by a request."""


def chain_keys(model: type[BaseModel]) -> Iterator[str]:
    """The keys of a table that name a chain."""
    for key, field in model.model_fields.items():
        if any(isinstance(mark, _NamesAChain) for mark in field.metadata):
            yield key


class Secret(Settings):
    """Where a secret is read from: a `file` only the service can read (0600), or a systemd `credential`.

    Never from the environment and never from the configuration file itself: both end up in logs, backups and
    process listings.
    """

    file: str | None = None
    credential: str | None = None

    @model_validator(mode="after")
    def _exactly_one(self) -> Self:
        if self.given("file") == self.given("credential"):
            raise ValueError('give either { file = "/path" } or { credential = "name" }')
        return self

    @property
    def path(self) -> Path:
        """The file that holds it. systemd.exec(5): credentials are files in ``$CREDENTIALS_DIRECTORY``."""
        if self.file is not None:
            return Path(self.file)
        folder = os.environ.get("CREDENTIALS_DIRECTORY")
        if folder is None:
            raise FileNotFoundError(
                f"credential {self.credential!r}: systemd did not start this; "
                "set CREDENTIALS_DIRECTORY to the folder that holds its credentials"
            )
        return Path(folder, str(self.credential))

    def read(self) -> str:
        """The secret, without the line's end. Raises `OSError` where the file cannot be read."""
        return self.path.read_text(encoding="utf-8").rstrip("\r\n")


def resolved(model: M, folder: Path) -> M:
    """The same settings, with relative paths made absolute: they are relative to `folder`."""
    changed = {
        name: moved
        for name in type(model).model_fields
        if (moved := _resolve(value := getattr(model, name), folder)) is not value
    }
    return model.model_copy(update=changed) if changed else model


def _resolve(value: object, folder: Path) -> object:
    match value:
        case Secret(file=str(file)) if not Path(file).is_absolute():
            return Secret(file=str(folder / file))
        case BaseModel():
            return resolved(value, folder)
        case Path() if not value.is_absolute():
            return folder / value
        case tuple() | list():
            moved = [_resolve(inner, folder) for inner in value]
            return value if all(map(operator.is_, moved, value)) else type(value)(moved)
        case dict():
            return {key: _resolve(inner, folder) for key, inner in value.items()}
        case _:
            return value
