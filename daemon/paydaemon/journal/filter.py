"""Which events a reader wants, and may see."""

from collections.abc import Collection
from dataclasses import dataclass

from paydaemon.core.access import Principal
from paydaemon.core.events import Event, EventType


@dataclass(frozen=True, slots=True)
class Filter:
    """Which events a reader wants. Empty `types`, and what is None, mean: any."""

    types: Collection[EventType] = ()
    invoice_id: str | None = None
    seller_id: str | None = None


ANY = Filter()


@dataclass(frozen=True, slots=True)
class View:
    """What one reader sees. Readers with the same view are told the very same events.

    None, and empty `types`, mean: any. `seller_id` is whose events alone are seen, be it that the reader may
    see no others or wants no others.
    """

    seller_id: str | None
    types: frozenset[EventType]
    invoice_id: str | None

    @classmethod
    def of(cls, principal: Principal, wanted: Filter) -> "View":
        """What a principal sees who wants some of it: a seller never sees another's."""
        seller_id = wanted.seller_id if principal.is_operator else principal.seller_id
        return cls(seller_id, frozenset(wanted.types), wanted.invoice_id)

    def shows(self, event: Event) -> bool:
        """Whether this one is seen."""
        return (
            self.seller_id in (None, event.seller_id)
            and (not self.types or event.type in self.types)
            and self.invoice_id in (None, event.invoice_id)
        )


EVERYTHING = View(None, frozenset(), None)
