"""The notifier: one audience, who is told one word of each transaction, and how that went."""

from collections.abc import Mapping, Sequence
from typing import Protocol

import structlog
import trio

from paydaemon.hooks.notifier import Audience, BadSetting, Notice, NotTold, Target, Told
from paydaemon.hooks.trust import trusting
from paydaemon_socketio.publisher.config import PublisherConfig
from paydaemon_socketio.publisher.emitting import Emitter
from paydaemon_socketio.publisher.posting import Poster
from paydaemon_socketio.publisher.way import NoWay
from paydaemon_socketio.publisher.word import EVENTS, Json, Word, word_of

log = structlog.get_logger(__name__)

SITE = "site"
"""The audience: what sells, on the publisher's side."""


class Way(Protocol):
    """How words get there."""

    async def run(self, *, task_status: trio.TaskStatus[None] = trio.TASK_STATUS_IGNORED) -> None:
        """Hold what lasts longer than one call, until cancelled."""

    async def tell(self, words: Sequence[Word]) -> Told:
        """Tell all of them, in this order. Raises `NotTold`, and `NoWay`."""


class PublisherNotifier:
    """``[notifiers.<id>]`` of the kind ``publisher``.

    Raises `ValueError` for certificates that cannot be used.
    """

    def __init__(self, id: str, config: PublisherConfig) -> None:
        self.id = id
        self._config = config
        context = trusting(config.ca_file)
        self._way: Way = Emitter(config, context) if config.url is None else Poster(config, context)

    @property
    def audiences(self) -> Sequence[Audience]:
        """The publisher. Over a socket several events are told at once, as a connection is made for them."""
        batch = self._config.limits.events_at_once if self._config.url is None else 1
        return (Audience(SITE, EVENTS, self._config.seller, batch),)

    def check(self, settings: Mapping[str, object]) -> Mapping[str, object]:
        """There is nothing that a seller could set."""
        raise BadSetting("notifier", "takes no endpoints: whom it tells is in the configuration")

    async def run(self, *, task_status: trio.TaskStatus[None] = trio.TASK_STATUS_IGNORED) -> None:
        """As long as the way there lasts."""
        await self._way.run(task_status=task_status)

    async def tell(self, target: Target, notices: Sequence[Notice]) -> Told:
        """Tell what these are worth, if anything."""
        words = [word for notice in notices if (word := self._word(notice)) is not None]
        if not words:
            return Told(detail="nothing that it is told")
        try:
            return await self._way.tell(words)
        except NoWay as trouble:
            log.debug("a publisher could not be told", target=target.id, reason=str(trouble))
            raise NotTold(str(trouble)) from None

    def _word(self, notice: Notice) -> Word | None:
        data = notice.body["data"]
        relay: Json = data["relay"] if isinstance(data, Mapping) else {}
        return word_of(notice.type, relay) if relay["chain"] == self._config.chain else None
