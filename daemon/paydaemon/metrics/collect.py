"""Collecting: looks into every room for what it has counted. Reads attributes only; nothing here waits."""

import platform
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from importlib.metadata import version

from paydaemon.core.relay import RelayStatus
from paydaemon.engine.api import Api, Counted
from paydaemon.engine.chains import LiveChain
from paydaemon.engine.clock import Clock
from paydaemon.engine.deliveries import Deliveries, Outcome
from paydaemon.engine.relays import Relays
from paydaemon.frontends import Traffic
from paydaemon.hooks.ports import HealthState
from paydaemon.journal import GROUPS
from paydaemon.metrics import catalogue
from paydaemon.metrics.series import Series
from paydaemon.plugins import PluginRecord
from paydaemon.store.port import StoreMeasures
from paydaemon.supervisor import ServiceState, Supervisor

NO_STATUS = "none"
"""What stands for the status of a request that was never answered."""


@dataclass(frozen=True, slots=True)
class Rooms:
    """Whom to look into. `traffics` gives that of every application there is by then."""

    api: Api
    chains: Mapping[str, LiveChain]
    clock: Clock
    plugins: Sequence[PluginRecord]
    store: StoreMeasures
    supervisor: Supervisor
    traffics: Callable[[], Sequence[Traffic]]


def collect(rooms: Rooms, counted: Counted | None) -> Iterator[Series]:
    """Every metric of ours. What is counted in the database is left out where that could not be asked."""
    yield from _daemon(rooms)
    yield from _rates(rooms)
    yield from _services(rooms.supervisor)
    yield from _traffic(rooms.traffics())
    yield from _connections(rooms.traffics())
    if counted is not None:
        yield from _ledger(counted)
    yield from _payments(rooms.chains)
    yield from _work(rooms.chains)
    yield from _relays(rooms.api.relays)
    yield from _deliveries(rooms.api.deliveries)
    if counted is not None:
        yield from _backlogs(counted, rooms.clock())
    yield from _health(rooms)
    yield from _journal(rooms.api)
    yield from _store(rooms.store)


def _daemon(rooms: Rooms) -> Iterator[Series]:
    build, plugins = map(Series, (catalogue.BUILD, catalogue.PLUGIN))
    build.add(1, version("paydaemon"), platform.python_version())
    for record in rooms.plugins:
        plugins.add(1, record.name, record.version or "", record.status.value)
    yield from (build, plugins)


def _rates(rooms: Rooms) -> Iterator[Series]:
    ages, agreeing = Series(catalogue.RATE_AGE), Series(catalogue.RATE_AGREEING)
    outliers = Series(catalogue.RATE_OUTLIERS)
    newest: dict[str, int] = {}
    for published in rooms.api.rates():
        newest[published.source] = max(published.rate.at_ms, newest.get(published.source, 0))
    for source, at_ms in newest.items():
        ages.add((rooms.clock() - at_ms) / 1000, source)
    for pair, count in rooms.api.rate_measures.agreeing.items():
        agreeing.add(count, pair)
    for source, count in rooms.api.rate_measures.outliers.items():
        outliers.add(count, source)
    yield from (ages, agreeing, outliers)


def _services(supervisor: Supervisor) -> Iterator[Series]:
    states, restarts = Series(catalogue.SERVICE_STATE), Series(catalogue.SERVICE_RESTARTS)
    for record in supervisor.services:
        states.add_choice(record.state, ServiceState, record.name)
        restarts.add(record.restarts, record.name)
    yield from (states, restarts)


def _traffic(traffics: Sequence[Traffic]) -> Iterator[Series]:
    requests, durations = Series(catalogue.REQUESTS), Series(catalogue.DURATION)
    for traffic in traffics:
        for (route, method, status), count in traffic.requests.items():
            requests.add(count, traffic.listener, route, method, str(status or NO_STATUS))
        for (route, method), histogram in traffic.durations_s.items():
            durations.add_histogram(histogram, traffic.listener, route, method)
    yield from (requests, durations)


def _connections(traffics: Sequence[Traffic]) -> Iterator[Series]:
    opened, websockets = Series(catalogue.CONNECTIONS), Series(catalogue.WEBSOCKETS)
    accepted, refused, failed = map(Series, (catalogue.ACCEPTED, catalogue.REFUSED, catalogue.BROKEN))
    for traffic in traffics:
        counts = traffic.connections
        opened.add(counts.open, traffic.listener)
        accepted.add(counts.accepted, traffic.listener)
        refused.add(counts.refused, traffic.listener)
        failed.add(counts.failed, traffic.listener)
        websockets.add(traffic.websockets, traffic.listener)
    yield from (opened, accepted, refused, failed, websockets)


def _ledger(counted: Counted) -> Iterator[Series]:
    invoices, unmatched = Series(catalogue.INVOICES), Series(catalogue.UNMATCHED)
    for status, count in counted.invoices.items():
        invoices.add(count, status)
    unmatched.add(counted.unmatched)
    yield from (invoices, unmatched)


def _payments(chains: Mapping[str, LiveChain]) -> Iterator[Series]:
    payments, amounts = Series(catalogue.PAYMENTS), Series(catalogue.AMOUNTS)
    for id, live in chains.items():
        for (asset, state), count in live.measures.payments.items():
            payments.add(count, id, asset, state)
        for (asset, state), amount_minor in live.measures.amounts_minor.items():
            amounts.add(amount_minor, id, asset, state)
    yield from (payments, amounts)


def _work(chains: Mapping[str, LiveChain]) -> Iterator[Series]:
    detection, look, observe = map(Series, (catalogue.DETECTION, catalogue.LOOK, catalogue.OBSERVE))
    for id, live in chains.items():
        detection.add_histogram(live.measures.detected_s, id)
        look.add_histogram(live.measures.looked_s, id)
        observe.add_histogram(live.measures.observed_s, id)
    yield from (detection, look, observe)


def _relays(relays: Relays) -> Iterator[Series]:
    statuses, under_way = Series(catalogue.RELAYS), Series(catalogue.RELAYS_UNDER_WAY)
    submissions, refused = Series(catalogue.SUBMISSIONS), Series(catalogue.RELAYS_REFUSED)
    precheck, outcome = Series(catalogue.PRECHECK), Series(catalogue.OUTCOME)
    now = Counter((course.relay.chain, course.relay.status) for course in relays.courses.values())
    for id, relayer in relays.relayers.items():
        measures = relayer.measures
        submissions.add(measures.submissions, id)
        for status in RelayStatus:
            statuses.add(measures.statuses[status], id, status)
            if not status.is_final:
                under_way.add(now[id, status], id, status)
        for code, count in measures.refused.items():
            refused.add(count, id, code)
        precheck.add_histogram(measures.precheck_s, id)
        outcome.add_histogram(measures.outcome_s, id)
    yield from (statuses, under_way, submissions, refused, precheck, outcome)


def _deliveries(deliveries: Deliveries) -> Iterator[Series]:
    attempts, given_up, took, under_way = map(
        Series, (catalogue.ATTEMPTS, catalogue.GIVEN_UP, catalogue.ATTEMPT, catalogue.UNDER_WAY)
    )
    under_way.add(deliveries.lanes.under_way)
    for id, notifier in deliveries.notifiers.items():
        for outcome in Outcome:
            attempts.add(notifier.measures.attempts[outcome], id, outcome)
        given_up.add(notifier.measures.parked, id)
        took.add_histogram(notifier.measures.took_s, id)
    yield from (attempts, given_up, took, under_way)


def _backlogs(counted: Counted, now_ms: int) -> Iterator[Series]:
    pending, parked, oldest = map(Series, (catalogue.PENDING, catalogue.PARKED, catalogue.OLDEST))
    for group, backlog in counted.backlogs.items():
        pending.add(backlog.pending, group)
        parked.add(backlog.parked, group)
        oldest.add(0 if backlog.oldest_ms is None else (now_ms - backlog.oldest_ms) / 1000, group)
    yield from (pending, parked, oldest)


def _health(rooms: Rooms) -> Iterator[Series]:
    states, lags, heights = map(Series, (catalogue.CHAIN_STATE, catalogue.CHAIN_LAG, catalogue.CHAIN_HEIGHT))
    for chain in rooms.api.chains():
        states.add_choice(chain.state, HealthState, chain.id)
        if chain.as_of_ms is not None:
            lags.add((rooms.clock() - chain.as_of_ms) / 1000, chain.id)
        if chain.height is not None:
            heights.add(chain.height, chain.id)
    yield from (states, lags, heights)


def _journal(api: Api) -> Iterator[Series]:
    newest, followers, lags = map(Series, (catalogue.LAST_SEQ, catalogue.FOLLOWERS, catalogue.JOURNAL_LAG))
    last_seq = api.journal.last_seq
    newest.add(last_seq)
    groups: dict[str, list[int]] = {group: [] for group in GROUPS}
    for follower in api.journal.followers:
        groups.setdefault(follower.group, []).append(api.journal.behind(follower))
    for group, behind in groups.items():
        followers.add(len(behind), group)
        lags.add(max(behind, default=0), group)
    yield from (newest, followers, lags)


def _store(measures: StoreMeasures) -> Iterator[Series]:
    waiting, failed = Series(catalogue.WAITING), Series(catalogue.COMMITS_FAILED)
    waiting.add(measures.writes_waiting, "write")
    waiting.add(measures.reads_waiting, "read")
    failed.add(measures.failed)
    yield from (waiting, failed)
    for entry, histogram in (
        (catalogue.COMMIT, measures.commit_s),
        (catalogue.SYNC, measures.sync_s),
        (catalogue.BATCH, measures.batch),
    ):
        series = Series(entry)
        series.add_histogram(histogram)
        yield series
