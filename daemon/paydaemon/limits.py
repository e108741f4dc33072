"""The configured limits as each part of the daemon keeps to them; a reload changes them for all at once.

A part that has limits has them as a dataclass, whose fields are called like the keys. So there is no limit
without a key.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Any, TypeVar

from pydantic import BaseModel

from paydaemon.config import LimitSettings
from paydaemon.engine.deliveries import DeliveryLimits
from paydaemon.engine.limits import EngineLimits
from paydaemon.frontends.settings import Limits
from paydaemon.journal import JournalLimits
from paydaemon.supervisor import ServiceLimits

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

T = TypeVar("T", bound="DataclassInstance")


@dataclass(frozen=True, slots=True)
class AllLimits:
    """What every part looks at, each at its own."""

    frontends: Limits
    journal: JournalLimits
    engine: EngineLimits
    services: ServiceLimits
    deliveries: DeliveryLimits

    def become(self, settings: LimitSettings) -> None:
        """Take over what a changed configuration says. What has begun may go on under the old limits."""
        new = limits_of(settings)
        for part in fields(self):
            _become(getattr(self, part.name), getattr(new, part.name))


def limits_of(settings: LimitSettings) -> AllLimits:
    """The limits of a configuration, handed out to those who keep to them."""
    said = dict(_values([settings]))
    return AllLimits(
        _made(Limits, said),
        _made(JournalLimits, said),
        _made(EngineLimits, said),
        _made(ServiceLimits, said),
        _made(DeliveryLimits, said),
    )


def _values(tables: Iterable[BaseModel]) -> Iterator[tuple[str, object]]:
    """Every key with its value. No two sub-tables have a key of the same name."""
    for table in tables:
        inner = [value for _, value in table if isinstance(value, BaseModel)]
        yield from ((name, value) for name, value in table if not isinstance(value, BaseModel))
        yield from _values(inner)


def _made(kind: type[T], said: dict[str, Any]) -> T:
    return kind(**{field.name: said[field.name] for field in fields(kind)})


def _become(limits: "DataclassInstance", new: "DataclassInstance") -> None:
    for field in fields(limits):
        setattr(limits, field.name, getattr(new, field.name))
