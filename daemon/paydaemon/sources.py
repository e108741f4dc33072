"""Rate sources while they run: each supervised, and replaced by itself where its configuration changes."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import partial

import trio

from paydaemon.config import RateConfig
from paydaemon.engine.clock import Clock
from paydaemon.engine.rates import RateBook, SourceHost
from paydaemon.supervisor import Supervisor


@dataclass(slots=True)
class _Running:
    config: RateConfig
    since_ms: int
    scope: trio.CancelScope = field(default_factory=trio.CancelScope)
    ended: trio.Event = field(default_factory=trio.Event)

    def serves(self, wanted: RateConfig) -> bool:
        """Whether nothing has changed. A plugin may make its parts anew each time, so its name decides."""
        now = self.config
        return (now.plugin.name, now.settings) == (wanted.plugin.name, wanted.settings)


class Sources:
    """The configured sources of rates. Runs until cancelled."""

    def __init__(self, rates: RateBook, supervisor: Supervisor, clock: Clock) -> None:
        self._rates = rates
        self._supervisor = supervisor
        self._clock = clock
        self._running: dict[str, _Running] = {}
        self._nursery: trio.Nursery | None = None

    async def run(
        self,
        configured: Mapping[str, RateConfig],
        *,
        task_status: trio.TaskStatus[None] = trio.TASK_STATUS_IGNORED,
    ) -> None:
        """Start every source, and keep them running; `replace` may be called once they are started."""
        async with trio.open_nursery() as nursery:
            self._nursery = nursery
            self.replace(configured)
            task_status.started()
            await trio.sleep_forever()

    def replace(self, configured: Mapping[str, RateConfig]) -> None:
        """Go on with these sources. One that stays as it is notices nothing.

        What a source said that is changed or gone counts no more: its price may be why.
        """
        assert self._nursery is not None
        for name in self._running.keys() | configured.keys():
            running, wanted = self._running.get(name), configured.get(name)
            if running is not None and wanted is not None and running.serves(wanted):
                continue
            if running is not None:
                running.scope.cancel()
                del self._running[name]
            if wanted is not None:
                self._running[name] = _Running(wanted, self._clock())
            self._nursery.start_soon(self._turn, name, running, self._running.get(name))

    def begun(self) -> Mapping[str, int]:
        """Since when each source runs, in ms: before that it cannot have said anything."""
        return {name: running.since_ms for name, running in self._running.items()}

    async def _turn(self, name: str, old: _Running | None, new: _Running | None) -> None:
        if old is not None:
            await old.ended.wait()
            self._rates.forget(name)
        if new is not None:
            plugin = new.config.plugin
            self._rates.expect(name, sets=plugin.sets, max_age_s=plugin.max_age_s)
            await self._keep(name, new)

    async def _keep(self, name: str, running: _Running) -> None:
        source = running.config.plugin.build(running.config.settings)
        host = SourceHost(self._rates, self._clock, name)
        try:
            with running.scope:
                await self._supervisor.run(f"rates {name}", name, partial(source.run, host))
        finally:
            running.ended.set()
