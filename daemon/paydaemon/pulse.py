"""The daemon's pulse: tells the service manager that it lives, and in one line how it is doing.

The watchdog is fed by a task of trio's loop, after the store's writer has answered it. So a loop that no
longer turns, or a writer that hangs, ends the feeding, and the manager ends the daemon. A writer that
*refuses* has answered: a full disk is not mended by a restart.
"""

from collections.abc import Callable, Sequence

import trio

from paydaemon.engine.chains import ChainStatus
from paydaemon.hooks.ports import HealthState
from paydaemon.notify import Manager
from paydaemon.store.port import Store, StoreBusy, StoreUnavailable

TELL_EVERY_S = 1.0
FEEDS_IN_TIME = 3
"""How often the watchdog is fed within the time it waits: twice is advised (sd_watchdog_enabled(3))."""
ASK_AGAIN_S = 0.1


class Pulse:
    """Runs until cancelled."""

    def __init__(self, manager: Manager, store: Store, chains: Callable[[], Sequence[ChainStatus]]) -> None:
        self._note = ""
        self._news = trio.Event()
        self._manager = manager
        self._store = store
        self._chains = chains

    async def run(self) -> None:
        """Feed the watchdog, where there is one, and keep the status line true."""
        async with trio.open_nursery() as nursery:
            if self._manager.watchdog_s is not None:
                nursery.start_soon(self._feed, self._manager.watchdog_s / FEEDS_IN_TIME)
            nursery.start_soon(self._tell)

    def say(self, note: str) -> None:
        """Add a note to the status line, such as what waits for a restart; it replaces the one before."""
        self._note = note
        self._news.set()

    async def _feed(self, every_s: float) -> None:
        while True:
            await self._writer_answers()
            self._manager.feed()
            await trio.sleep(every_s)

    async def _writer_answers(self) -> None:
        while True:
            try:
                await self._store.transact(lambda tx: None)
            except StoreBusy:  # refused before the writer saw it
                await trio.sleep(ASK_AGAIN_S)
            except StoreUnavailable:
                return
            else:
                return

    async def _tell(self) -> None:
        told = ""
        while True:
            line = "; ".join(filter(None, (status_line(self._chains()), self._note)))
            if line != told:
                self._manager.status(line)
                told = line
            self._news = trio.Event()
            with trio.move_on_after(TELL_EVERY_S):
                await self._news.wait()


def status_line(chains: Sequence[ChainStatus]) -> str:
    """``2 chains healthy; bitcoin at height 812345; …``, and what is the matter with those that are not."""
    healthy = sum(chain.state is HealthState.HEALTHY for chain in chains)
    of = "" if healthy == len(chains) else f" of {len(chains)}"
    noun = "chain" if len(chains) == 1 else "chains"
    return "; ".join((f"{healthy}{of} {noun} healthy", *map(_about, chains)))


def _about(chain: ChainStatus) -> str:
    height = "" if chain.height is None else f" at height {chain.height}"
    if chain.state is HealthState.HEALTHY:
        return f"{chain.id}{height or ' complete'}"
    reason = f": {chain.reason}" if chain.reason else ""
    return f"{chain.id} {chain.state.value}{height}{reason}"
