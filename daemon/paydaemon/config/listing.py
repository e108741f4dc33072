"""Every key there is, with its default and meaning: documentation and the example are tested against it."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel
from pydantic_core import to_jsonable_python

from paydaemon.config.parse import TABLES
from paydaemon.config.problems import models_in
from paydaemon.hooks.settings import Secret
from paydaemon.plugins import LoadedPlugins


@dataclass(frozen=True, slots=True)
class Key:
    """One key. `default` is as TOML writes it, None where there is none; `required`: it must be given."""

    table: str
    name: str
    required: bool
    default: object
    description: str

    @property
    def path(self) -> str:
        """The key with its table in front."""
        return f"{self.table}.{self.name}"


def keys(plugins: LoadedPlugins) -> Iterator[Key]:
    """Every key of the daemon and of every plugin loaded. A chain's table bears the name of its kind."""
    for name, model in TABLES.items():
        yield from _keys(model, name)
    for name, source in plugins.rate_sources.items():
        yield from _keys(source.config, f"rates.{name}")
    for name, chain in plugins.chains.items():
        yield Key(f"chains.{name}", "plugin", True, None, "The kind of chain.")
        yield from _keys(chain.config, f"chains.{name}")


def _keys(model: type[BaseModel], table: str) -> Iterator[Key]:
    defaults = _defaults(model)
    for name, field in model.model_fields.items():
        inner = [found for found in models_in(field.annotation) if found is not Secret]
        for found in inner:
            yield from _keys(found, f"{table}.{name}")
        if not inner:
            default = to_jsonable_python(defaults.get(name))
            yield Key(table, name, field.is_required(), default, field.description or "")


def _defaults(model: type[BaseModel]) -> Mapping[str, Any]:
    """By field; a default may be made from those before it."""
    found: dict[str, Any] = {}
    for name, field in model.model_fields.items():
        if not field.is_required():
            found[name] = field.get_default(call_default_factory=True, validated_data=found)
    return found
