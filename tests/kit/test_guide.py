"""The guide for plugin authors leaves nothing out: hooks, ports, configuration models, cases."""

import inspect
import pkgutil
import re
import subprocess
import sys
from collections.abc import Iterator
from enum import Enum
from importlib import import_module
from pkgutil import resolve_name
from types import ModuleType
from typing import TypeVar

import pytest

import paydaemon.hooks
from paydaemon.doctor.asking import WAIT_S
from paydaemon.hooks import specs
from paydaemon.hooks.version import API, DEPRECATED
from paydaemon.testing.chain_conformance import Can, ChainConformance
from tests.kit.walk import GUIDE, ROOT

PAGE = GUIDE.read_text(encoding="utf-8")
MODULES = [f"paydaemon.hooks.{one.name}" for one in pkgutil.iter_modules(paydaemon.hooks.__path__)]
COMMON = set(dir(Exception())) | {"model_config"}


def test_the_reference_is_what_the_code_says_and_nothing_is_without_words() -> None:
    command = [sys.executable, "tools/make-reference", "--check"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize("module", MODULES)
def test_everything_public_has_its_place(module: str) -> None:
    """Asked of the modules as they are imported, which is another way than the reference is written by."""
    for name, what in public(import_module(module)):
        section = place(module, name)
        for member in members(what):
            said = rf"^- `(?:async )?{member}\b"
            assert re.search(said, section, re.MULTILINE), f"{module}.{name}.{member} has no place there"


@pytest.mark.parametrize("module", MODULES)
def test_values_and_aliases_are_shown(module: str) -> None:
    for name in assigned(import_module(module)):
        heading, value = place(module, name).splitlines()[0], getattr(import_module(module), name)
        shown = heading.strip("#` ").partition(" = ")[2]
        assert shown, f"{module}.{name} is not shown by what it is"
        if isinstance(value, str | int | float):
            assert shown == repr(value)


@pytest.mark.parametrize("module", [*MODULES, "paydaemon.core.errors"])
def test_of_exceptions_it_is_shown_how_they_are_made(module: str) -> None:
    for name, what in public(import_module(module)):
        if inspect.isclass(what) and "__init__" in vars(what) and issubclass(what, Exception):
            made = re.search(rf"^- `{name}\((.*)\)`", place(module, name), re.MULTILINE)
            assert made is not None, f"{module}.{name} does not say how it is made"
            for argument in inspect.signature(what).parameters:
                assert re.search(rf"\b{argument}: ", made[1]), f"{module}.{name} is made without {argument}"


def test_what_of_the_core_the_hooks_speak_of_has_its_place() -> None:
    for module in map(import_module, MODULES):
        for what in vars(module).values():
            home = getattr(what, "__module__", "")
            if home.startswith("paydaemon.core.") and inspect.isclass(what):
                place(home, what.__name__)
        for home, name in re.findall(r"`(paydaemon\.core\.\w+)\.(\w+)", inspect.getsource(module)):
            place(home, name)
    for home, name in (("errors", "invalid"), ("errors", "unavailable"), ("relay", "Transfer")):
        place(f"paydaemon.core.{home}", name)


def test_whatever_is_named_is_there() -> None:
    for name in re.findall(r"`(paydaemon\.(?:core|doctor|hooks|testing)[\w.]*)`", PAGE):
        resolve_name(name)
    assert f"no longer than {WAIT_S:g} s" in PAGE


def place(module: str, name: str) -> str:
    """What the reference has of a name of a module, from its heading on."""
    chapter = re.search(rf"^### `{module}`\n.*?(?=^### |\Z)", PAGE, re.MULTILINE | re.DOTALL)
    assert chapter is not None, f"{module} has no place in {GUIDE.name}"
    section = re.search(
        rf"^#### `(?:async )?(?:class )?{name}\b.*?(?=^#### |\Z)", chapter[0], re.MULTILINE | re.DOTALL
    )
    assert section is not None, f"{module}.{name} has no place in {GUIDE.name}"
    return section[0]


def public(module: ModuleType) -> Iterator[tuple[str, object]]:
    for name, what in vars(module).items():
        own = getattr(what, "__module__", None) == module.__name__
        if own and not name.startswith("_") and (inspect.isclass(what) or inspect.isfunction(what)):
            yield name, what


def assigned(module: ModuleType) -> Iterator[str]:
    """The names that a module gives to values and types."""
    for name in re.findall(r"^([A-Za-z]\w*)(?:: .+)? = ", inspect.getsource(module), re.MULTILINE):
        if not isinstance(getattr(module, name), TypeVar):
            yield name


def members(what: object) -> Iterator[str]:
    if inspect.isclass(what):
        names = {**vars(what), **inspect.get_annotations(what)}
        plain = not issubclass(what, Enum) and not hasattr(what, "_fields")
        yield from (name for name in names if plain and not name.startswith("_") and name not in COMMON)


def test_every_hook_case_and_thing_that_can_be_is_named() -> None:
    hooks = [name for name in vars(specs) if name.startswith("register_")]
    cases = [name for name in dir(ChainConformance) if name.startswith("test_")]
    for name in (*hooks, *cases, *Can.__members__):
        assert f"`{name}" in PAGE, name
    assert len(hooks) == 6
    assert len(cases) == 23


def test_the_version_and_what_will_be_gone_are_told() -> None:
    assert f'PAYDAEMON_API = "{API}"' in PAGE
    for one in DEPRECATED:
        assert f"`{one.what}`" in PAGE.split("\n## Versions\n")[1].split("\n## ")[0]
    assert bool(DEPRECATED) != ("Nothing is deprecated now." in PAGE)
