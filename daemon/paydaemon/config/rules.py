"""A model's own rules across its keys, each asked by itself.

pydantic asks these ("after" validators of the model) in turn, up to the first that is broken, and only where
every key is right. Here each is asked of what can be read, so a rule must not rely on another one that stands
before it. Tables within a table are looked at in the same way.
"""

import inspect
from collections.abc import Iterator, Mapping, Sequence
from types import SimpleNamespace, UnionType
from typing import Annotated, Any, Union, get_args, get_origin

from pydantic import BaseModel, ValidationError

from paydaemon.config.parts import Unreadable
from paydaemon.config.problems import Problem, Where, explain, problem, told

_MAPPINGS = (dict, Mapping)
_LISTS = (list, tuple, set, frozenset)
_MAX_DEPTH = 20
"""Of tables in tables, where a model holds itself; far beyond what a person writes."""


def broken_rules(part: BaseModel, table: Mapping[str, object], where: Where) -> Iterator[Problem]:
    """What the rules say that read right keys only."""
    for name, rule in type(part).__pydantic_decorators__.model_validators.items():
        if rule.info.mode == "after":
            try:
                _ask(getattr(part, name))
            except ValidationError as error:
                yield from explain(error, type(part), table, where)
            except (ValueError, AssertionError) as error:
                yield problem(where, told(table, str(error)))
            # A rule that fails in another way is at fault itself, or was never meant for this.
            except (Exception, Unreadable):  # noqa: BLE001, S112 - a plugin's rule may raise anything
                continue


def _ask(rule: Any) -> None:
    """A rule may want pydantic's notes beside its model."""
    notes = SimpleNamespace(context=None, config=None, mode="json", data={}, field_name=None)
    rule(*[notes] * len(inspect.signature(rule).parameters))


# --- Tables within a table

Tables = Iterator[tuple[type[BaseModel], Mapping[str, object], Where]]
"""Each with its model and its place."""


def inner_tables(annotation: Any, value: object, where: Where) -> Tables:
    """The tables that a key of this annotation holds; none where it is open which model a table is of."""
    if len(where) > _MAX_DEPTH:
        return
    members = list(_members(annotation))
    if isinstance(value, Mapping):
        yield from _of_mapping(members, value, where)
    elif isinstance(value, list | tuple):
        yield from _of_list(members, value, where)


def _of_mapping(members: Sequence[Any], value: Mapping[str, object], where: Where) -> Tables:
    models = [kind for kind in members if isinstance(kind, type) and issubclass(kind, BaseModel)]
    inners = [get_args(kind)[1] for kind in members if get_origin(kind) in _MAPPINGS]
    if len(models) == 1 and not inners:
        yield models[0], value, where
    elif len(inners) == 1 and not models:
        for key, inner in value.items():
            yield from inner_tables(inners[0], inner, (*where, key))


def _of_list(members: Sequence[Any], value: Sequence[object], where: Where) -> Tables:
    inners = [get_args(kind)[0] for kind in members if get_origin(kind) in _LISTS]
    if len(inners) == 1:
        for place, inner in enumerate(value):
            yield from inner_tables(inners[0], inner, (*where, place))


def _members(annotation: Any) -> Iterator[Any]:
    """``tuple[Node, ...] | None`` → ``tuple[Node, ...]``, ``None``."""
    origin = get_origin(annotation)
    if origin is Annotated:
        yield from _members(get_args(annotation)[0])
    elif origin in (Union, UnionType):
        for member in get_args(annotation):
            yield from _members(member)
    elif origin is not tuple or get_args(annotation)[1:] in ((), (Ellipsis,)):
        yield annotation
