"""One table → its model, or the problems with it."""

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import TypeVar

from pydantic import BaseModel, ValidationError

from paydaemon.config.files import file_problems, resolved
from paydaemon.config.problems import Problem, Where, explain, problem

M = TypeVar("M", bound=BaseModel)


def check(model: type[M], table: object, where: Where, folder: Path, problems: list[Problem]) -> M | None:
    """The settings that the table at `where` holds, its relative paths taken from `folder`.

    None where the table cannot be used at all. What is wrong with it is added to `problems`.
    """
    if not isinstance(table, Mapping):
        problems.append(problem(where, "must be a table"))
        return None
    settings = _validated(model, table, where, problems)
    if settings is None:
        return None
    settings = resolved(settings, folder)
    problems.extend(file_problems(settings, where))
    return settings


def _validated(
    model: type[M], table: Mapping[str, object], where: Where, problems: list[Problem]
) -> M | None:
    """By way of JSON: TOML has no paths, networks, tuples or enums, and strict JSON mode makes just these."""
    try:
        return model.model_validate_json(json.dumps(table, default=_json))
    except ValidationError as error:
        problems.extend(explain(error, model, table, where))
    except (TypeError, RecursionError):
        problems.append(problem(where, "holds what no configuration file could hold"))
    except Exception as error:  # noqa: BLE001 - a plugin's model may raise anything
        problems.append(problem(where, f"cannot be checked: its model raised {type(error).__name__}"))
    return None


def _json(value: object) -> object:
    """What a value that JSON does not know goes as: paths of embedders as text, TOML's dates as a misfit.

    No key takes a list in a list, so the model says what it wants there.
    """
    return os.fspath(value) if isinstance(value, os.PathLike) else [[]]
