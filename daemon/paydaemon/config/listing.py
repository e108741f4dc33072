"""Every key there is, with default, bounds and meaning: the documentation is tested against it."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Any, Literal, get_args, get_origin

from pydantic import BaseModel
from pydantic.fields import FieldInfo
from pydantic_core import to_jsonable_python

from paydaemon.config.parse import TABLES
from paydaemon.config.problems import models_in
from paydaemon.hooks.settings import Secret
from paydaemon.plugins import LoadedPlugins


@dataclass(frozen=True, slots=True)
class Key:
    """One key. `default` is as TOML writes it, None where there is none; `required`: it must be given.

    `least` and `most` bound a number; `choices` are the only texts there can be, where there are such.
    """

    table: str
    name: str
    required: bool
    default: object
    description: str
    least: object = None
    most: object = None
    choices: tuple[str, ...] = ()

    @property
    def path(self) -> str:
        """The key with its table in front."""
        return f"{self.table}.{self.name}"


def keys(plugins: LoadedPlugins) -> Iterator[Key]:
    """Every key of the daemon and of every plugin loaded. The table of a chain, notifier or frontend bears
    the name of its kind.
    """
    for name, model in TABLES.items():
        yield from _keys(model, name)
    for name, source in plugins.rate_sources.items():
        yield from _keys(source.config, f"rates.{name}")
    for name, chain in plugins.chains.items():
        yield Key(f"chains.{name}", "plugin", True, None, "The kind of chain.")
        yield from _keys(chain.config, f"chains.{name}")
    for name, notifier in plugins.notifiers.items():
        yield Key(f"notifiers.{name}", "plugin", True, None, "The way to tell.")
        yield from _keys(notifier.config, f"notifiers.{name}")
    for name, frontend in plugins.frontends.items():
        yield Key(f"frontends.{name}", "plugin", True, None, "The way to speak to clients.")
        yield from _keys(frontend.config, f"frontends.{name}")


def _keys(model: type[BaseModel], table: str) -> Iterator[Key]:
    defaults = _defaults(model)
    for name, field in model.model_fields.items():
        inner = [found for found in models_in(field.annotation) if found is not Secret]
        for found in inner:
            yield from _keys(found, f"{table}.{name}")
        if not inner:
            yield _key(table, name, field, defaults.get(name))


def _key(table: str, name: str, field: FieldInfo, default: object) -> Key:
    return Key(
        table,
        name,
        field.is_required(),
        to_jsonable_python(default),
        field.description or "",
        _bound(field, "ge"),
        _bound(field, "le"),
        tuple(_choices(field.annotation)),
    )


def _bound(field: FieldInfo, name: str) -> object:
    return next((getattr(bound, name) for bound in field.metadata if hasattr(bound, name)), None)


def _choices(annotation: Any) -> Iterator[str]:
    if get_origin(annotation) is Literal:
        yield from map(str, get_args(annotation))
    elif isinstance(annotation, type) and issubclass(annotation, Enum):
        yield from (str(member.value) for member in annotation)
    else:
        for inner in get_args(annotation):
            yield from _choices(inner)


def _defaults(model: type[BaseModel]) -> Mapping[str, Any]:
    """By field; a default may be made from those before it."""
    found: dict[str, Any] = {}
    for name, field in model.model_fields.items():
        if not field.is_required():
            found[name] = field.get_default(call_default_factory=True, validated_data=found)
    return found
