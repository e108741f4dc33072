"""The order in which things are looked at, from the configuration to chains, rates and those who are told."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import trio

from paydaemon.config import Config, ConfigError, Places, load_config, load_places
from paydaemon.doctor.chains import absent_findings, examine_chains
from paydaemon.doctor.clock import ClockWatch, clock_findings
from paydaemon.doctor.database import database_findings, look
from paydaemon.doctor.files import config_file_findings, disk_findings
from paydaemon.doctor.notifiers import examine_notifiers, told_findings
from paydaemon.doctor.rates import examine_sources
from paydaemon.doctor.running import Running, port_findings, ready_findings, running_at, socket_findings
from paydaemon.engine.clock import system_clock
from paydaemon.hooks.diagnosis import Finding, ok, problem
from paydaemon.store.sqlite.inspect import Inspected


@dataclass(frozen=True, slots=True)
class Examined:
    """A finding and what it belongs to: ``configuration``, ``disk``, …, a chain as ``chains.<id>``, a
    source of rates as ``rates.<source>``, or a notifier as ``notifiers.<id>``.
    """

    area: str
    finding: Finding


Tell = Callable[[Examined], None]


async def examine(path: Path, tell: Tell) -> None:
    """Look at everything that a daemon with this configuration file needs; tell what is found as it comes."""
    watch = ClockWatch()
    config = _configuration(path, tell)
    try:
        places = load_places(path)
    except ConfigError:
        return
    database = look(places.database)
    running = running_at(places.socket)
    for area, finding in _local(places, database, running, watch, config):
        tell(Examined(area, finding))
    for finding in await ready_findings(running):
        tell(Examined("daemon", finding))
    if config is not None:
        await _of_plugins(config, database, tell)


async def _of_plugins(config: Config, database: Inspected | Finding | None, tell: Tell) -> None:
    """What the plugins find of what they are configured for, and what is recorded of that."""
    known = database if isinstance(database, Inspected) else Inspected(0, 0, None, {}, {}, suspect=False)
    for id, finding in absent_findings(config.chains, known.waiting):
        tell(Examined(f"chains.{id}", finding))
    for id, finding in told_findings(config.notifiers, known.told, system_clock()):
        tell(Examined(f"notifiers.{id}", finding))
    async with trio.open_nursery() as nursery:
        nursery.start_soon(examine_chains, config.chains, known.chains, _telling("chains", tell))
        nursery.start_soon(examine_sources, config.rates, _telling("rates", tell))
        nursery.start_soon(examine_notifiers, config.notifiers, _telling("notifiers", tell))


def _telling(table: str, tell: Tell) -> Callable[[str, Finding], None]:
    return lambda id, finding: tell(Examined(f"{table}.{id}", finding))


def _configuration(path: Path, tell: Tell) -> Config | None:
    """The configuration, where it can be used."""
    config, found = None, list(config_file_findings(path))
    try:
        config = load_config(path)
        found += _right(path, config)
    except ConfigError as error:
        found += [_wrong(one.path, one.message) for one in error.problems]
    for finding in found:
        tell(Examined("configuration", finding))
    return config


def _local(
    places: Places,
    database: Inspected | Finding | None,
    running: Running,
    watch: ClockWatch,
    config: Config | None,
) -> Iterator[tuple[str, Finding]]:
    """What can be looked at without asking anybody else."""
    yield from (("disk", finding) for finding in disk_findings(places.database.parent))
    yield from (("database", finding) for finding in database_findings(places.database, database))
    newest_ms = database.newest_event_ms if isinstance(database, Inspected) else None
    yield from (("clock", finding) for finding in clock_findings(watch, newest_ms))
    yield from (("daemon", finding) for finding in socket_findings(places.socket, running))
    if config is not None:
        yield from (("daemon", finding) for finding in port_findings(config.http.address, running))


def _wrong(path: str, message: str) -> Finding:
    return problem(
        path, message, "correct the file; `paydaemon check-config` says when nothing is wrong with it"
    )


def _right(path: Path, config: Config) -> Iterator[Finding]:
    yield ok("file", f"{path}: {config.counted}")
    for record in config.installed.records:
        if record.status.value == "broken":
            advice = "install a version that works, or name it in plugins.disabled"
            yield problem(f"plugin {record.name}", record.reason, advice)
