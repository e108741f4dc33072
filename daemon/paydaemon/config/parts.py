"""What can be read of a table in which keys are wrong.

pydantic gives nothing back where one key is wrong, so whatever looks at several keys, or at the file that one
names, would have its say only once all the others are right, and the operator would learn of mistakes one by
one. A part is an instance of the same model that holds the right keys only. To read another raises
`Unreadable`: what can be said without it is said now, and the rest might only follow from what is told of it.
"""

from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import Annotated, Any, TypeVar, cast

from pydantic import AfterValidator, BaseModel, Field, ValidationInfo, create_model

from paydaemon.suggest import nearest

M = TypeVar("M", bound=BaseModel)
T = TypeVar("T")


class Unreadable(BaseException):
    """A wrong key was read. No `Exception`, so that no rule takes it for the fault that it looks for."""


class _Part:
    """Comes before a model among the bases of its part."""

    def __getattr__(self, name: str) -> Any:  # asked only for what the part does not hold
        if any(name in getattr(base, "__pydantic_fields__", ()) for base in type(self).__mro__):
            raise Unreadable(name)
        return super().__getattr__(name)  # type: ignore[misc]

    def given(self, key: str) -> bool:
        """`Settings.given`. A misspelt key is neither given nor left out."""
        if key not in self.model_fields_set:
            getattr(self, key)
        return super().given(key)  # type: ignore[misc, no-any-return]


def part_of(model: type[M], table: Mapping[str, object], text: str) -> M | None:
    """The right keys of a table, of which `text` is the JSON. None where the model breaks off at a key."""
    right: dict[str, object] | None = None

    def note(value: object, info: ValidationInfo) -> object:
        nonlocal right
        right = dict(info.data)
        return value

    # A last key, whose validator is shown all the right ones before it.
    last: Any = (Annotated[Any, AfterValidator(note)], Field(default=None, validate_default=True))
    kind: Any = create_model(model.__name__, __base__=(_Part, model), paydaemon_last=last)
    with suppress(Exception):
        kind.model_validate_json(text)
    if right is None:
        return None
    meant = _misspelt(table, model.model_fields)
    right = {name: value for name, value in right.items() if name not in meant}
    kind.__pydantic_fields__ = {name: model.model_fields[name] for name in right}
    return cast(M, kind.model_construct(table.keys() & model.model_fields.keys(), **right))


def _misspelt(table: Mapping[str, object], known: Mapping[str, object]) -> set[str]:
    """The keys that unknown ones were probably meant to be."""
    missing = known.keys() - table.keys()
    meant = {nearest(key, missing) for key in table if key not in known}
    return {key for key in meant if key is not None}


def is_part(settings: BaseModel) -> bool:
    """Whether keys of it are wrong."""
    return isinstance(settings, _Part)


def readable(read: Callable[[], T], otherwise: T) -> T:
    """What `read` reads, or `otherwise` where a key that it needs is wrong."""
    try:
        return read()
    except Unreadable:
        return otherwise
