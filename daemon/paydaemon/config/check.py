"""One table → its model, or the problems with it."""

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import TypeVar

from pydantic import BaseModel, ValidationError

from paydaemon.config.files import file_problems
from paydaemon.config.parts import part_of
from paydaemon.config.problems import Problem, Where, explain, problem
from paydaemon.config.rules import broken_rules, inner_tables
from paydaemon.hooks.settings import Secret, resolved

M = TypeVar("M", bound=BaseModel)


def check(model: type[M], table: object, where: Where, folder: Path, problems: list[Problem]) -> M | None:
    """The settings that the table at `where` holds, its relative paths taken from `folder`.

    Where keys of it are wrong they are a part (`paydaemon.config.parts`), so that what there is to say of the
    others can be said. None where nothing can be built on them. What is wrong is added to `problems`.
    """
    if not isinstance(table, Mapping):
        problems.append(problem(where, "must be a table"))
        return None
    found: list[Problem] = []
    settings = _validated(model, table, where, folder, found)
    problems.extend(dict.fromkeys(found))
    return settings


def _validated(
    model: type[M], table: Mapping[str, object], where: Where, folder: Path, found: list[Problem]
) -> M | None:
    """By way of JSON: TOML has no paths, networks, tuples or enums, and strict JSON mode makes just these."""
    text = ""
    try:
        text = json.dumps(table, default=_json)
        return _with_files(model.model_validate_json(text), where, folder, found)
    except ValidationError as error:
        found.extend(explain(error, model, table, where))
        part = part_of(model, table, text)
        return None if part is None else _rest(model, part, table, where, folder, found)
    except (TypeError, RecursionError):
        found.append(problem(where, "holds what no configuration file could hold"))
    except Exception as error:  # noqa: BLE001 - a plugin's model may raise anything
        found.append(problem(where, f"cannot be checked: its model raised {type(error).__name__}"))
    return None


def _with_files(settings: M, where: Where, folder: Path, found: list[Problem]) -> M:
    settings = resolved(settings, folder)
    found.extend(file_problems(settings, where))
    return settings


def _rest(
    model: type[M], part: M, table: Mapping[str, object], where: Where, folder: Path, found: list[Problem]
) -> M | None:
    """What a table's wrong keys hide: what else is in the tables they hold, broken rules, and files.

    None where a rule is broken: what is built on settings may rely on their rules.
    """
    for name, field in model.model_fields.items():
        if name in table and name not in type(part).model_fields:
            for kind, inner, place in inner_tables(field.annotation, table[name], (*where, name)):
                check(kind, inner, place, folder, found)
    broken = list(broken_rules(part, table, where))
    found.extend(broken)
    # Where a secret is, is one thing: with half of it there is no file to look at.
    if not isinstance(part, Secret):
        part = _with_files(part, where, folder, found)
    return None if broken else part


def _json(value: object) -> object:
    """What a value that JSON does not know goes as: paths of embedders as text, TOML's dates as a misfit.

    No key takes a list in a list, so the model says what it wants there.
    """
    return os.fspath(value) if isinstance(value, os.PathLike) else [[]]
