"""A supervisor at work under a mock clock, and services of every kind."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import trio

from paydaemon.supervisor import ServiceLimits, ServiceRecord, ServiceState, Supervisor

Status = trio.TaskStatus[None]


def now_ms() -> int:
    return round(trio.current_time() * 1000)


@dataclass
class Told:
    """What `on_failure` was told, and when."""

    failures: list[tuple[str, str, str]] = field(default_factory=list)
    at_s: list[float] = field(default_factory=list)

    async def __call__(self, name: str, plugin: str, reason: str) -> None:
        self.failures.append((name, plugin, reason))
        self.at_s.append(trio.current_time())

    @property
    def reasons(self) -> list[str]:
        return [reason for _, _, reason in self.failures]


@dataclass
class Trial:
    """A supervisor at work, and what it told."""

    supervisor: Supervisor
    told: Told
    nursery: trio.Nursery

    def start(self, name: str, service: Callable[..., Awaitable[None]]) -> None:
        self.nursery.start_soon(self.supervisor.run, name, "a-plugin", service)

    def record(self, name: str) -> ServiceRecord:
        (found,) = [one for one in self.supervisor.services if one.name == name]
        return found


@asynccontextmanager
async def trial(**limits: float) -> AsyncIterator[Trial]:
    """A supervisor with these limits, and the usual ones."""
    told = Told()
    supervisor = Supervisor(now_ms, told, ServiceLimits(**limits))
    async with trio.open_nursery() as nursery:
        yield Trial(supervisor, told, nursery)
        nursery.cancel_scope.cancel()
    assert {one.state for one in supervisor.services} <= {ServiceState.STOPPED}


async def steady(*, task_status: Status) -> None:
    task_status.started()
    await trio.sleep_forever()


async def fails_at_once(*, task_status: Status) -> None:
    raise ConnectionError("no node")


async def fails_later(*, task_status: Status) -> None:
    task_status.started()
    await trio.sleep(5)
    raise ConnectionError("node gone")


async def never_comes_up(*, task_status: Status) -> None:
    await trio.sleep_forever()
