"""The composition root: the only room that knows everyone.

Read `run` as the daemon's table of contents. What is started first is stopped last: nobody is told anything
before the store is open, and the store closes after the last one who writes to it.
"""

import gc
import signal
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, closing
from dataclasses import dataclass
from functools import partial

import structlog
import trio

from paydaemon import logs, notify
from paydaemon.config import Config
from paydaemon.configured import (
    history_rules,
    invoice_defaults,
    live_chain,
    live_frontend,
    live_notifier,
    session_rules,
)
from paydaemon.core.access import LOCAL_OPERATOR
from paydaemon.core.acts import act
from paydaemon.core.events import Draft, EventType
from paydaemon.doors import Doors
from paydaemon.ending import SEEN_OFF_S, Holder, nursery_that_ends
from paydaemon.engine.accounts import Accounts
from paydaemon.engine.api import Api
from paydaemon.engine.chains import ChainStatus, HealthWatch, LiveChain, absent_chains
from paydaemon.engine.clock import Clock, system_clock
from paydaemon.engine.deliveries import Deliveries
from paydaemon.engine.host import Host
from paydaemon.engine.inquiries import Inquiries
from paydaemon.engine.invoices import Invoices
from paydaemon.engine.live import LiveHub
from paydaemon.engine.preparations import Preparations
from paydaemon.engine.ratehistory import RateHistory
from paydaemon.engine.rates import RateBook
from paydaemon.engine.ratewatch import RateWatch
from paydaemon.engine.relays import Relays
from paydaemon.engine.sessions import Sessions
from paydaemon.frontends.activation import take_passed
from paydaemon.frontends.app import make_app
from paydaemon.frontends.guests import GuestHost, LiveFrontend
from paydaemon.frontends.listener import serve
from paydaemon.frontends.settings import FrontendSettings
from paydaemon.frontends.tcp import TcpListener, open_public
from paydaemon.frontends.unix import UnixListener, open_unix
from paydaemon.journal import Journal
from paydaemon.limits import AllLimits, limits_of
from paydaemon.metrics import Metrics, Rooms
from paydaemon.notify import Manager
from paydaemon.pulse import Pulse
from paydaemon.reload import Reload
from paydaemon.roster import announce, plugin_row, service_row
from paydaemon.sources import Sources
from paydaemon.store.port import Store
from paydaemon.store.sqlite import open_store
from paydaemon.supervisor import ServiceState, Supervisor

log = structlog.get_logger(__name__)


SWITCH_INTERVAL_S = 0.001
"""How long a busy thread keeps the interpreter from the others: a fifth of the default, so that the store's
writer is not kept waiting by the loop. Measured with 64 writers waiting and a busy loop: 4,200 transactions a
second instead of 3,100, and the slowest hundredth after 25 ms instead of 76.
"""

COLLECTED_EVERY = (5_000, 10, 10)
"""Python's cyclic garbage collector: after so many new objects a young collection, and so on. By default the
first is 700, at which the thousands of objects that live as long as a connection are looked through again and
again. Measured over three turns each with 64 connections that create invoices: 3 % more of them for each
second of processor time, and the slowest hundredth after 246 to 254 ms instead of 288 to 333. More rarely is
a little faster still, and each crowd of connections leaves some 20 MiB behind.
"""


async def run(config: Config, clock: Clock = system_clock, read: Callable[[], Config] | None = None) -> None:
    """Run the daemon until SIGTERM or SIGINT. At SIGHUP `read` reads its configuration anew."""
    logs.configure(config.daemon.log_format, config.daemon.log_level)
    sys.setswitchinterval(SWITCH_INTERVAL_S)
    stop = trio.Event()
    async with trio.open_nursery() as nursery:
        await nursery.start(_stop_on_signal, stop)
        await run_until(stop, config, clock, read or (lambda: config), up=lambda _: _spare_the_collector())
        nursery.cancel_scope.cancel()
    log.info("stopped")


async def run_until(
    stop: trio.Event,
    config: Config,
    clock: Clock = system_clock,
    read: Callable[[], Config] | None = None,
    *,
    up: Callable[["Daemon"], None] = lambda daemon: None,
) -> None:
    """Run the daemon until `stop`, in any thread: without `read` it takes no signal, and ends no process.

    `up` is called once everything runs that nobody has to ask for, before the daemon listens.
    """
    announce(config.installed.records)
    database = config.daemon.database
    database.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    with closing(notify.from_environment()) as manager:
        async with _store(config) as store:
            daemon = compose(config, store, clock)
            ends = nursery_that_ends(daemon.limits.services, daemon.holding)
            async with trio.open_nursery() if read is None else ends as nursery:
                await _start(daemon, nursery)
                up(daemon)
                pulse = Pulse(manager, store, daemon.chain_status)
                nursery.start_soon(pulse.run)
                if read is not None:
                    reload = Reload(config, read, daemon.become, daemon.reloaded, manager, pulse)
                    await nursery.start(reload.run)
                await _serve_until(stop, daemon, manager, nursery)
                nursery.cancel_scope.cancel()


def _spare_the_collector() -> None:
    """What is there by now stays for good: it is looked through no more."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(*COLLECTED_EVERY)


def _store(config: Config) -> AbstractAsyncContextManager[Store]:
    limits = config.limits
    return open_store(
        config.daemon.database,
        queue_limit=limits.store_queue,
        batch_limit=limits.store.batch_writes,
        read_connections=limits.store.readers,
    )


@dataclass(frozen=True, slots=True)
class Daemon:
    """Everything that one daemon is made of, wired together and not yet running."""

    config: Config
    limits: AllLimits
    clock: Clock
    store: Store
    rates: RateBook
    sources: Sources
    live: LiveHub
    chains: Mapping[str, LiveChain]
    guests: Sequence[LiveFrontend]
    health: HealthWatch
    rate_watch: RateWatch
    supervisor: Supervisor
    invoices: Invoices
    doors: Doors
    api: Api
    measured: Metrics

    def become(self, config: Config) -> None:
        """Take over what a changed configuration says, as far as it can be while the daemon runs.

        Raises `OSError` where the certificate cannot be read; nothing has changed then.
        """
        self.doors.read_certificate(config)
        self.limits.become(config.limits)
        self.doors.configured(config)
        logs.configure(config.daemon.log_format, config.daemon.log_level)
        self.rates.rules = config.quotes.rules
        self.api.rate_history.rules = history_rules(config)
        self.api.sessions.rules = session_rules(config)
        self.invoices.defaults = invoice_defaults(config)
        for chain in self.chains.values():
            chain.stale_after_ms = 1000 * config.health.stale_after_s
            chain.wait_s = config.limits.plugin_wait_s
        self.sources.replace(config.rates)

    async def reloaded(self, changed: Sequence[str]) -> None:
        """Journal that the configuration was read again, and which keys have another value now."""
        kind = EventType.ADMIN_CONFIGURATION_RELOADED
        await self.api.note(act(kind, LOCAL_OPERATOR, changed=list(changed)))

    def chain_status(self) -> Sequence[ChainStatus]:
        """How every chain is doing."""
        return [chain.status() for chain in self.chains.values()]

    def plugins(self) -> Sequence[Mapping[str, object]]:
        """One record for each installed plugin (`paydaemon.frontends.Status`)."""
        services, chains = self.supervisor.services, self.chain_status()
        return [plugin_row(record, services, chains) for record in self.config.installed.records]

    def services(self) -> Sequence[Mapping[str, object]]:
        """One record for each supervised service (`paydaemon.frontends.Status`)."""
        return [service_row(record) for record in self.supervisor.services]

    def holding(self) -> Iterator[Holder]:
        """What of a plugin still runs, or still answers somebody."""
        answering = {f"frontend {guest.id}" for guest in self.guests if guest.under_way}
        for record in self.supervisor.services:
            if record.state is not ServiceState.STOPPED or record.name in answering:
                yield Holder(record.name, record.plugin)

    async def metrics(self) -> bytes:
        """Everything that is measured, in Prometheus' text format (`paydaemon.frontends.Status`)."""
        return await self.measured.render()


def compose(config: Config, store: Store, clock: Clock) -> Daemon:
    """Build every part and hand each what it needs."""
    limits = limits_of(config.limits)
    rates = RateBook(clock, config.quotes.rules, limits.engine)
    supervisor = Supervisor(clock, _Failures(store, clock), limits.services)
    live = LiveHub(limits.engine)
    journal = Journal(store, limits.journal)
    accounts = Accounts(store, clock, limits.engine)
    chains = {id: live_chain(config, id, store, clock) for id in config.chains}
    invoices = Invoices(store, chains, rates, clock, invoice_defaults(config), limits.engine)
    relays = Relays(store, chains, clock, config.relay.policy, limits.engine)
    notifiers = {id: live_notifier(config, id, limits.deliveries) for id in config.notifiers}
    deliveries = Deliveries(store, notifiers, clock, limits.deliveries)
    sources = Sources(rates, supervisor, clock)
    history = RateHistory(store, rates, clock, history_rules(config))
    inquiries = Inquiries(chains, config.relay.policy, limits.engine)
    sessions = Sessions(store, accounts, clock, limits.engine, session_rules(config))
    preparations = Preparations(store, chains, relays, clock, limits.engine)
    others = deliveries, history, inquiries, sessions, preparations
    api = Api(store, accounts, invoices, journal, live, rates, chains, relays, clock, *others)
    doors = Doors(config, limits.frontends)
    plugins, traffics = config.installed.records, lambda: [app.traffic for app in doors.apps]
    return Daemon(
        config=config,
        limits=limits,
        clock=clock,
        store=store,
        rates=rates,
        sources=sources,
        live=live,
        chains=chains,
        guests=[live_frontend(config, id) for id in config.frontends],
        health=HealthWatch(store, chains, clock),
        rate_watch=RateWatch(store, rates, clock),
        supervisor=supervisor,
        invoices=invoices,
        doors=doors,
        api=api,
        measured=Metrics(
            Rooms(api, chains, clock, plugins, store.measures, supervisor, traffics, sources.begun)
        ),
    )


class _Failures:
    """Journals what the supervisor tells of a failing service."""

    def __init__(self, store: Store, clock: Clock) -> None:
        self._store = store
        self._clock = clock

    async def __call__(self, service: str, plugin: str, reason: str) -> None:
        draft = Draft(EventType.PLUGIN_FAILED, {"service": service, "plugin": plugin, "reason": reason})
        await self._store.transact(lambda tx: tx.append(draft, self._clock()))


async def _start(daemon: Daemon, nursery: trio.Nursery) -> None:
    """All that goes on by itself."""
    daemon.api.absent = await absent_chains(daemon.store, daemon.chains)
    await daemon.api.rate_history.prime()
    await nursery.start(daemon.sources.run, daemon.config.rates)
    nursery.start_soon(daemon.api.rate_history.run)
    _start_chains(nursery, daemon)
    _start_notifiers(nursery, daemon)
    nursery.start_soon(daemon.health.run)
    nursery.start_soon(daemon.rate_watch.run)
    await nursery.start(daemon.api.relays.run)
    await nursery.start(daemon.api.journal.run)


def _start_chains(nursery: trio.Nursery, daemon: Daemon) -> None:
    for id, live in daemon.chains.items():
        limits, measures = daemon.limits.engine, live.measures
        host = Host(
            daemon.store,
            live.chain,
            daemon.clock,
            daemon.live,
            limits=limits,
            measures=measures,
            configured=daemon.chains,
            on_complete=live.seen_complete,
        )
        nursery.start_soon(daemon.supervisor.run, f"chain {id}", live.plugin, partial(live.run, host))


def _start_notifiers(nursery: trio.Nursery, daemon: Daemon) -> None:
    for id, live in daemon.api.deliveries.notifiers.items():
        nursery.start_soon(daemon.supervisor.run, f"notifier {id}", live.plugin, live.run)


async def _serve_until(stop: trio.Event, daemon: Daemon, manager: Manager, background: trio.Nursery) -> None:
    """Serve until told to stop, and until requests are answered or have had their time."""
    served = trio.Event()

    async def serve_all() -> None:
        await _serve(daemon, stop, manager, background)
        served.set()

    background.start_soon(serve_all)
    await stop.wait()
    with trio.move_on_after(daemon.limits.frontends.grace_s + SEEN_OFF_S):
        await served.wait()


async def _serve(daemon: Daemon, stop: trio.Event, manager: Manager, background: trio.Nursery) -> None:
    """Answer on the public address and the Unix socket until told to stop; finish what is under way.

    Others are told from when the public address is known: their links begin with it.
    """
    config, doors, passed = daemon.config, daemon.doors, take_passed()
    async with (
        open_unix(config.admin.socket, passed.admin) as admin,
        open_public(config.http.address, passed.public, backlog=config.limits.http.backlog) as public,
        trio.open_nursery() as nursery,
    ):
        settings = _frontend_settings(config, public[0].port, doors)
        _tell_listening(config, settings, public, admin)
        daemon.api.deliveries.public_url = settings.public_url
        background.start_soon(daemon.api.deliveries.run)
        for guest in daemon.guests:
            run = partial(guest.run, GuestHost(guest.id, daemon.api, settings, stop))
            background.start_soon(daemon.supervisor.run, f"frontend {guest.id}", guest.plugin, run)
        for listeners, administration in ((public, False), ([admin], True)):
            guests = () if administration else daemon.guests
            app = make_app(daemon.api, settings, daemon, stop, administration=administration, guests=guests)
            doors.apps.append(app)
            tls = None if administration else doors.tls
            served = partial(serve, app, listeners, settings, stop=stop, traffic=app.traffic, tls=tls)
            await nursery.start(served)
        manager.ready()
        await stop.wait()
        manager.stopping()


def _tell_listening(
    config: Config, settings: FrontendSettings, public: Sequence[TcpListener], admin: UnixListener
) -> None:
    bind = ", ".join(map(str, public))
    log.info("listening", bind=bind, admin=str(admin), public_url=settings.public_url)
    if "bind" in config.http.model_fields_set and config.http.address.port not in (0, public[0].port):
        log.warning("http.bind is not used: the service manager passes the address", bind=bind)
    if str(admin) != f"unix:{config.admin.socket}":
        log.warning("admin.socket is not used: the service manager passes the socket", admin=str(admin))


def _frontend_settings(config: Config, port: int, doors: Doors) -> FrontendSettings:
    return FrontendSettings(
        public_url=config.http.public_url_at(port),
        trusted_proxies=config.http.trusted_proxies,
        relay_public=config.relay.public,
        relay_origins=config.relay.origins,
        relay_checkout=config.relay.checkout,
        frame_ancestors=config.checkout.frame_ancestors,
        wallets=tuple(wallet.read_bytes() for wallet in config.checkout.wallets),
        wallet_origins=config.checkout.wallet_origins,
        desk=doors.desk,
        limits=doors.limits,
        log_requests=config.daemon.log_requests,
    )


async def _stop_on_signal(
    stop: trio.Event, *, task_status: trio.TaskStatus[None] = trio.TASK_STATUS_IGNORED
) -> None:
    with trio.open_signal_receiver(signal.SIGTERM, signal.SIGINT) as signals:
        task_status.started()
        async for number in signals:
            log.info("stopping", signal=signal.Signals(number).name)
            stop.set()
