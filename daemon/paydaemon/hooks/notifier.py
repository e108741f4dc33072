"""Notifiers: how a plugin tells others what the journal says.

The daemon keeps the order, the retries and the log of what was tried; a notifier sends what it is handed,
once, and says how that went. Whom it tells are its targets: those of its own configuration (an `Audience`
each), and those that a seller makes through the API (an endpoint). Every target has a place in the journal of
its own, so one that cannot be reached keeps nobody else waiting.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

import trio

from paydaemon.core.events import EventType

TEST_TYPE = "webhook.test"
"""The type of what is sent to try an endpoint: it is nowhere in the journal."""


@dataclass(frozen=True, slots=True)
class Audience:
    """Somebody whom the notifier's own configuration names.

    `name` is a word such as ``operator``, of a-z, 0-9 and -; the target's id is the notifier's with it,
    ``email:operator``. Empty `types` mean: every event, and no `seller_id`: every seller's, and those that
    are nobody's. `batch` is how many notices it takes in one call at most: whoever has many waiting can be
    told in one message.
    """

    name: str
    types: frozenset[EventType] = frozenset()
    seller_id: str | None = None
    batch: int = 1


@dataclass(frozen=True, slots=True)
class Target:
    """Somebody to be told, by the notifier of the configured id `notifier`.

    `id` is the target's for good. `seller_id` says whose events it is told, None for every seller's. `name`
    is the audience's, None for an endpoint; `settings` are an endpoint's as `Notifier.check` returned them,
    and `secrets` the keys that it may be signed for with, newest first. Both are empty for an audience.
    """

    id: str
    notifier: str
    name: str | None
    seller_id: str | None
    settings: Mapping[str, object] = field(default_factory=dict)
    secrets: tuple[str, ...] = field(default=(), repr=False)


@dataclass(frozen=True, slots=True)
class Notice:
    """One event for one target. `body` is the event as ``GET /v1/events`` shows it, and the invoice in it has
    its ``checkout_url``.

    `delivery_id` is the same at every attempt; `attempt` counts from 1. `event_id` is the event's, by which
    whoever is told can leave out what they have; it happened at `created_at_ms`, and is about `invoice_id` or
    about no invoice. `type` is an `EventType`, or
    `TEST_TYPE` where an endpoint is only tried: such a notice has the `seq` 0.
    """

    delivery_id: str
    attempt: int
    seq: int
    event_id: str
    type: str
    created_at_ms: int
    invoice_id: str | None
    body: Mapping[str, object]


@dataclass(frozen=True, slots=True)
class Told:
    """It was taken. `status` is the answer's number (HTTP, SMTP), `detail` what was said, in one line."""

    status: int | None = None
    detail: str = ""


class NotTold(Exception):
    """It was not taken, or nobody knows.

    `reason` is one line without secrets: it is kept, and shown to the seller. `status` is the answer's
    number, where there was one. `retry_after_s` is what the recipient asked for. `for_good` says that trying
    again cannot help, and is about this notice alone. `target_down` says that the trouble is the target's and
    not this notice's: the others for it are not tried meanwhile, but one at a time after pauses that grow.
    Where another is taken and this one then fails again, it is taken for this one's own trouble all the same.
    """

    def __init__(
        self,
        reason: str,
        *,
        status: int | None = None,
        retry_after_s: float | None = None,
        for_good: bool = False,
        target_down: bool = True,
    ) -> None:
        super().__init__(reason)
        self.reason = reason
        self.status = status
        self.retry_after_s = retry_after_s
        self.for_good = for_good
        self.target_down = target_down


class Notifier(Protocol):
    """One configured way to tell others, ``[notifiers.<id>]``."""

    @property
    def id(self) -> str:
        """The configured name."""

    @property
    def audiences(self) -> Sequence[Audience]:
        """Whom its own configuration names; may be nobody."""

    def check(self, settings: Mapping[str, object]) -> Mapping[str, object]:
        """An endpoint's settings as they are to be kept. Raises `BadSetting` (`ValueError`) naming the field.

        A notifier that has no endpoints refuses all. Asked when a seller makes or changes one; must not wait.
        """

    async def run(self, *, task_status: trio.TaskStatus[None] = trio.TASK_STATUS_IGNORED) -> None:
        """Hold what lasts longer than one notice (connections) until cancelled; restarted where it ends.

        Nothing is told before it has called ``task_status.started()``, within ``[limits.plugins]
        start_timeout_s``, or while it is down.
        """

    async def tell(self, target: Target, notices: Sequence[Notice]) -> Told:
        """Tell the target, in this order: one notice, or up to its audience's `batch`, all of them or none.

        Raises `NotTold`; anything else raised is a fault of the plugin's and tried again as well. The daemon
        cancels a call that takes longer than the configured time: it counts as not told. A notice may come
        again although it was taken, so whoever is told sees the event's id. Calls for different targets, and
        for different invoices of one, come at the same time; those of an audience with a `batch` do not.
        """


class BadSetting(ValueError):
    """An endpoint's setting that cannot be: `field` names it, and `reason` says why. Sellers see both."""

    def __init__(self, field: str, reason: str) -> None:
        super().__init__(f"{field}: {reason}")
        self.field = field
        self.reason = reason


@dataclass(frozen=True, slots=True)
class RecipientFacts:
    """What a running recipient says of itself.

    `settings` is the body of the ``[notifiers.<id>]`` table by which it is told. `endpoint` is the body of
    the ``POST /v1/webhooks`` that makes it one; None where the settings say it all.
    """

    settings: Mapping[str, object]
    endpoint: Mapping[str, object] | None = None


class Recipient(Protocol):
    """Somebody on this machine who is told, for ``paydaemon demo`` and in its process, not the daemon's."""

    async def run(
        self,
        seller_id: str,
        say: Callable[[str], None],
        *,
        task_status: trio.TaskStatus[RecipientFacts] = trio.TASK_STATUS_IGNORED,
    ) -> None:
        """Take what is told about a seller's invoices, and `say` in a line what it was, until cancelled."""

    def trust(self, secret: str) -> None:
        """What its endpoint's notices are signed with: called once there is one, before any is told."""
