"""A kind of chain with every sort of key, and a document that it is content with."""

from collections.abc import Mapping
from enum import StrEnum
from pathlib import Path
from types import SimpleNamespace
from typing import Any, Literal, Self

import pytest
from pydantic import Field, field_validator, model_validator

from paydaemon.config import Config, ConfigError, parse_config
from paydaemon.hooks.settings import Secret, Settings
from paydaemon.hooks.specs import ChainPlugin, hookimpl
from paydaemon.plugins import load_plugins


class Mode(StrEnum):
    FAST = "fast"
    CAREFUL = "careful"


class Node(Settings):
    host: str
    password: Secret | None = None
    data: Path | None = None


class CoinSettings(Settings):
    rpc_url: str
    network: Literal["main", "test"] = "main"
    mode: Mode = Mode.FAST
    depth: int = Field(default=6, ge=1, le=100)
    share: float = Field(default=0.5, gt=0, lt=1)
    enabled: bool = True
    label: str = Field(default="ok", min_length=2, max_length=5, pattern="^[a-z]+$")
    password: Secret | None = None
    cookie: Path | None = None
    main_node: Node | None = None
    nodes: tuple[Node, ...] = Field(default=(), max_length=2)
    places: dict[str, Path] = Field(default_factory=dict)
    where: Path | Secret | None = None
    key: str = "public"

    @field_validator("key")
    @classmethod
    def _no_private_keys(cls, key: str) -> str:
        if key.startswith("xprv"):
            raise ValueError(f"{key} is a private key")
        if key == "explode":
            raise LookupError("a fault of the plugin's, with a secret in it")
        return key

    @model_validator(mode="after")
    def _not_both(self) -> Self:
        if self.password and self.cookie:
            raise ValueError("give either password or cookie")
        return self


def build(id: str, settings: CoinSettings) -> Any:
    if settings.key == "cannot build":
        raise ValueError(f"depth and share cannot work together with {settings.rpc_url}")
    if settings.key == "fault":
        raise ZeroDivisionError("by zero")
    return SimpleNamespace(id=id, assets=(), depths=None)


@hookimpl
def register_chains() -> list[ChainPlugin]:
    return [ChainPlugin("coin", CoinSettings, build)]


@hookimpl
def register_chain() -> list[ChainPlugin]:
    """A hook whose name is misspelt."""
    return []


COIN = SimpleNamespace(register_chains=register_chains)
BROKEN = SimpleNamespace(register_chain=register_chain)
PLUGINS = load_plugins(["bitcoin"], {"coin": COIN, "broken": BROKEN})
GOOD: Mapping[str, Any] = {"plugin": "coin", "rpc_url": "http://127.0.0.1:1"}


def parsed(folder: Path | None = None, /, **tables: object) -> Config:
    """A document with one good chain and these tables, parsed."""
    return parse_config({"chains": {"main": GOOD}, **tables}, PLUGINS, folder=folder)


def coin(folder: Path | None = None, /, **keys: object) -> CoinSettings:
    """The settings of a chain with these keys."""
    settings = parsed(folder, chains={"main": {**GOOD, **keys}}).chains["main"].settings
    assert isinstance(settings, CoinSettings)
    return settings


def problems(folder: Path | None = None, /, **tables: object) -> list[str]:
    """What is wrong with a document of one good chain and these tables."""
    with pytest.raises(ConfigError) as caught:
        parsed(folder, **tables)
    return str(caught.value).split("\n")


def coin_problems(folder: Path | None = None, /, **keys: object) -> list[str]:
    """What is wrong with a chain that has these keys."""
    return problems(folder, chains={"main": {**GOOD, **keys}})
