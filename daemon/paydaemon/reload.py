"""Reload: SIGHUP reads the configuration again and takes over what a running daemon can.

A configuration with a mistake changes nothing at all. What is right but needs a restart is named, in the log
and in the status line, until it has had one or is taken back.
"""

import signal
from collections.abc import Awaitable, Callable, Sequence

import structlog
import trio

from paydaemon.config import Config, ConfigError
from paydaemon.config.changes import differences, taken_over
from paydaemon.notify import Manager
from paydaemon.pulse import Pulse
from paydaemon.store.port import StoreUnavailable

log = structlog.get_logger(__name__)

Apply = Callable[[Config], None]
"""Makes the running daemon what a configuration says, as far as it can be changed. Raises `OSError` where a
file that it needs is gone since it was checked, and has then changed nothing.
"""

Record = Callable[[Sequence[str]], Awaitable[None]]
"""Journals which keys have another value now. Raises `StoreUnavailable`."""


class Reload:
    """Waits for SIGHUP until cancelled. `read` reads the configuration anew, and raises `ConfigError`."""

    def __init__(
        self,
        config: Config,
        read: Callable[[], Config],
        apply: Apply,
        record: Record,
        manager: Manager,
        pulse: Pulse,
    ) -> None:
        self._running = config
        self._read = read
        self._apply = apply
        self._record = record
        self._manager = manager
        self._pulse = pulse

    async def run(self, *, task_status: trio.TaskStatus[None] = trio.TASK_STATUS_IGNORED) -> None:
        """Reload at each SIGHUP; those that come meanwhile count as one."""
        with trio.open_signal_receiver(signal.SIGHUP) as signals:
            task_status.started()
            async for _ in signals:
                self._manager.reloading()
                await self._reload()
                self._manager.ready()

    async def _reload(self) -> None:
        try:
            new = await trio.to_thread.run_sync(self._read)
            wanted = taken_over(self._running, new)
            self._apply(wanted)
        except ConfigError as error:
            self._refuse([str(problem) for problem in error.problems])
        except OSError as error:
            self._refuse([str(error)])
        else:
            await self._take(wanted, new)

    def _refuse(self, problems: Sequence[str]) -> None:
        for problem in problems:
            log.error("the configuration is wrong, nothing of it is taken over", problem=problem)
        self._pulse.say(f"reload refused: {'; '.join(problems)}")

    async def _take(self, wanted: Config, new: Config) -> None:
        changed = list(differences(self._running, wanted))
        waiting = list(differences(wanted, new))
        self._running = wanted
        log.info("the configuration was read again", changed=changed, needs_restart=waiting)
        self._pulse.say(f"restart to change {', '.join(waiting)}" if waiting else "")
        try:
            await self._record(changed)
        except StoreUnavailable as error:
            log.warning("the reload could not be journaled", error=str(error))
