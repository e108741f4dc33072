"""Supervisor: keeps services running, each alone.

A service that raises, returns or does not come up is restarted after a pause that doubles up to a bound;
the others notice nothing. Only cancellation passes through: what would end a process of the plugin's own,
such as `SystemExit` or `KeyboardInterrupt`, is a failure like any other. Signals come by another way.
"""

import math
import random
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

import structlog
import trio

from paydaemon.hooks.ports import ChainMismatch
from paydaemon.logs import leaves, reason_of

JITTER = 0.25
"""A pause is longer by up to this part of it: services that failed together do not return together."""

Start = Callable[..., Awaitable[None]]
"""Runs a service until cancelled. Takes `task_status` and calls its `started()` once the service is up."""

OnFailure = Callable[[str, str, str], Awaitable[None]]
"""Told the service's name, its plugin and the reason, before each pause."""

log = structlog.get_logger(__name__)


class ServiceState(StrEnum):
    """What a service is doing."""

    STARTING = "starting"
    RUNNING = "running"
    WAITING = "waiting"
    STOPPED = "stopped"


@dataclass(frozen=True, slots=True)
class ServiceRecord:
    """What is known of one service.

    `since_ms` is when it came into its state. `last_error` stays after a recovery, and is None as long as
    nothing ever went wrong.
    """

    name: str
    plugin: str
    state: ServiceState
    restarts: int
    last_error: str | None
    since_ms: int


@dataclass(slots=True)
class ServiceLimits:
    """The patience with services; may change while they run."""

    start_timeout_s: float = 600.0
    """How long a service may take to come up; then it is cancelled and restarted."""
    first_pause_s: float = 1.0
    """The pause after a first failure. It doubles with each further one in a row."""
    longest_pause_s: float = 60.0
    """What a pause grows to at most, before its jitter."""
    steady_after_s: float = 60.0
    """A service that ran this long has recovered: its next pause is the first one again."""
    tell_timeout_s: float = 30.0
    """How long `on_failure` may take before the restart goes on without it."""
    stop_timeout_s: float = 10.0
    """How long services may go on once they are cancelled, until the process ends without them."""


class Supervisor:
    """Runs services and restarts them. `clock` gives milliseconds since the Unix epoch."""

    def __init__(
        self, clock: Callable[[], int], on_failure: OnFailure, limits: ServiceLimits | None = None
    ) -> None:
        self._clock = clock
        self._on_failure = on_failure
        self._limits = limits or ServiceLimits()
        self._records: dict[str, ServiceRecord] = {}

    @property
    def services(self) -> Sequence[ServiceRecord]:
        """Every service there is or was, as it is now, in the order of their first start."""
        return tuple(self._records.values())

    async def run(self, name: str, plugin: str, start: Start) -> None:
        """Keep a service running until cancelled. Raises `ValueError` where one of that name runs already."""
        known = self._records.get(name)
        if known is not None and known.state is not ServiceState.STOPPED:
            raise ValueError(f"the service {name!r} runs already")
        self._records[name] = ServiceRecord(name, plugin, ServiceState.STARTING, 0, None, self._clock())
        try:
            await self._keep_running(name, start)
        finally:
            self._change(name, state=ServiceState.STOPPED)

    async def _keep_running(self, name: str, start: Start) -> None:
        failures = 0
        while True:
            reason, was_steady = await self._run_once(name, start)
            failures = 1 if was_steady else failures + 1
            self._change(name, state=ServiceState.WAITING, last_error=reason)
            # A service may turn its cancellation into an error of its own: that is no failure to tell.
            await trio.lowlevel.checkpoint_if_cancelled()
            await self._tell(name, reason)
            await trio.sleep(pause_s(failures, self._limits))
            self._change(name, state=ServiceState.STARTING, restarts=self._records[name].restarts + 1)

    async def _run_once(self, name: str, start: Start) -> tuple[str, bool]:
        """Run a service until it ends: why it did, and whether it had been up for long."""
        reason, up_since = "ended by itself", math.inf
        try:
            async with trio.open_nursery() as nursery:
                await self._bring_up(nursery, start)
                up_since = trio.current_time()
                self._change(name, state=ServiceState.RUNNING)
        except BaseExceptionGroup as group:
            passing, failed = group.split(trio.Cancelled)
            if failed is not None:
                reason = reason_of(failed)
                log.warning("service failed", service=name, reason=reason, exc_info=_traceback(failed))
            if passing is not None:
                raise passing from None
        return reason, trio.current_time() - up_since >= self._limits.steady_after_s

    async def _bring_up(self, nursery: trio.Nursery, start: Start) -> None:
        within_s = self._limits.start_timeout_s
        with trio.move_on_after(within_s) as limit:
            await nursery.start(start)
        if limit.cancelled_caught:
            raise TimeoutError(f"not started within {within_s:g} s")

    async def _tell(self, name: str, reason: str) -> None:
        try:
            with trio.fail_after(self._limits.tell_timeout_s):
                await self._on_failure(name, self._records[name].plugin, reason)
        # Whoever cannot be told must not keep the service down.
        except Exception:
            log.exception("failure could not be told", service=name)

    def _change(
        self,
        name: str,
        *,
        state: ServiceState,
        restarts: int | None = None,
        last_error: str | None = None,
    ) -> None:
        record = self._records[name]
        self._records[name] = replace(
            record,
            state=state,
            since_ms=self._clock(),
            restarts=record.restarts if restarts is None else restarts,
            last_error=record.last_error if last_error is None else last_error,
        )


def pause_s(failures: int, limits: ServiceLimits) -> float:
    """How long to wait after that many failures in a row: doubling, up to the longest, with some jitter."""
    doubled = limits.first_pause_s * 2.0 ** min(failures - 1, 12)
    return min(doubled, limits.longest_pause_s) * (1 + JITTER * random.random())


def _traceback(group: BaseExceptionGroup[BaseException]) -> BaseException | None:
    """What the log shows of where it went wrong: nothing where the words of it say what to do."""
    return None if all(isinstance(error, ChainMismatch) for error in leaves(group)) else group
