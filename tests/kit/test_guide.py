"""The guide for plugin authors leaves nothing out: hooks, ports, configuration models, cases."""

import inspect
import pkgutil
import re
import subprocess
import sys
from collections.abc import Iterator
from enum import Enum
from importlib import import_module
from types import ModuleType

import pytest

import paydaemon.hooks
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
    chapter = PAGE.split(f"\n### `{module}`\n")[1].split("\n### `")[0]
    for name, what in public(import_module(module)):
        section = re.search(
            rf"^#### `(?:async )?(?:class )?{name}\b.*?(?=^#### |\Z)", chapter, re.MULTILINE | re.DOTALL
        )
        assert section is not None, f"{module}.{name} has no place in {GUIDE.name}"
        for member in members(what):
            said = rf"^- `(?:async )?{member}\b"
            assert re.search(said, section[0], re.MULTILINE), f"{module}.{name}.{member} has no place there"


def public(module: ModuleType) -> Iterator[tuple[str, object]]:
    for name, what in vars(module).items():
        own = getattr(what, "__module__", None) == module.__name__
        if own and not name.startswith("_") and (inspect.isclass(what) or inspect.isfunction(what)):
            yield name, what


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
