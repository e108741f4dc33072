"""The address book: kept as the network has it, through the mirror node.

It is read each day, and sooner where a node cannot be reached: it may be elsewhere now. What the operator
wrote stands; with TLS the book still says which certificates are the nodes' own, where the operator did not.
"""

import structlog
import trio

from paydaemon_hedera import addresses
from paydaemon_hedera.addresses import Addresses
from paydaemon_hedera.config import HederaConfig
from paydaemon_hedera.errors import MirrorUnavailable
from paydaemon_hedera.mirror import Mirror
from paydaemon_hedera.nodes import Nodes

log = structlog.get_logger(__name__)

_EVERY_S = 86_400.0


class Book:
    """Keeps `nodes` where they are."""

    def __init__(self, config: HederaConfig, mirror: Mirror, nodes: Nodes) -> None:
        self._config = config
        self._mirror = mirror
        self._nodes = nodes
        self._configured = (
            None if config.nodes is None else addresses.configured(config.nodes, config.certificate_hashes)
        )
        if self._configured is not None and not config.speaks_tls:
            nodes.become(self._configured)

    async def keep(self) -> None:
        """Until cancelled; at once done where the operator's word is all there is to know."""
        while self._configured is None or self._config.speaks_tls:
            again_s = float(self._config.limits.book_again_s)
            try:
                self._nodes.become(await self._read())
            except MirrorUnavailable as away:
                log.warning("the address book could not be read", reason=away.reason)
            else:
                again_s = await self._missed(again_s)
            await trio.sleep(again_s)

    async def _missed(self, again_s: float) -> float:
        """Wait for a day, or until a node is missed; returns how long to wait then."""
        self._nodes.missed = trio.Event()
        began_at = trio.current_time()
        with trio.move_on_after(_EVERY_S):
            await self._nodes.missed.wait()
        return max(0.0, began_at + again_s - trio.current_time())

    async def _read(self) -> Addresses:
        is_public = self._config.network != "local"
        said = await self._mirror.nodes()
        book = addresses.from_mirror(said, tls=self._config.speaks_tls, usual=is_public)
        if self._configured is not None:
            return addresses.with_hashes(self._configured, book)
        if not book:
            raise MirrorUnavailable("the mirror's address book holds no node that can be used")
        return book
