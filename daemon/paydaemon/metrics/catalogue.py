"""The catalogue: every metric of ours with its name, its type, its labels and what it means.

Names end with their unit, as Prometheus asks (https://prometheus.io/docs/practices/naming/). Every label's
values are bounded by the configuration or by an enumeration. ``docs/metrics.md`` has the same table; a test
compares it with what a daemon serves.
"""

from dataclasses import dataclass
from enum import StrEnum


class Kind(StrEnum):
    """What Prometheus calls the type of a metric."""

    COUNTER = "counter"
    GAUGE = "gauge"
    HISTOGRAM = "histogram"


@dataclass(frozen=True, slots=True)
class Entry:
    """One metric. A counter's name ends in ``_total``."""

    name: str
    kind: Kind
    labels: tuple[str, ...]
    about: str


def _counter(name: str, about: str, *labels: str) -> Entry:
    return Entry(f"paydaemon_{name}", Kind.COUNTER, labels, about)


def _gauge(name: str, about: str, *labels: str) -> Entry:
    return Entry(f"paydaemon_{name}", Kind.GAUGE, labels, about)


def _histogram(name: str, about: str, *labels: str) -> Entry:
    return Entry(f"paydaemon_{name}", Kind.HISTOGRAM, labels, about)


BUILD = _gauge("build_info", "Always 1; the labels say what runs.", "version", "python")
PLUGIN = _gauge("plugin_info", "Always 1; the labels say what is installed.", "plugin", "version", "status")
SERVICE_STATE = _gauge("service_state", "1 for the state that a service is in, else 0.", "service", "state")
SERVICE_RESTARTS = _counter("service_restarts_total", "How often a service was restarted.", "service")
RATE_AGE = _gauge("rate_age_seconds", "How long ago a source said its newest rate.", "source")
RATE_AGREEING = _gauge(
    "rate_agreeing_sources",
    "How many sources agree on the rate of a pair that was quoted before; 0 where there is none.",
    "pair",
)
RATE_OUTLIERS = _counter(
    "rate_outliers_total", "How often a source's price came to be too far from the others.", "source"
)

REQUESTS = _counter("http_requests_total", "Requests.", "listener", "route", "method", "status")
DURATION = _histogram(
    "http_request_duration_seconds",
    "From a request's headers to the beginning of its answer, without websockets.",
    "listener",
    "route",
    "method",
)
CONNECTIONS = _gauge("http_connections", "Connections open now.", "listener")
ACCEPTED = _counter("http_connections_accepted_total", "Connections that came in.", "listener")
REFUSED = _counter(
    "http_connections_refused_total", "Connections closed unread, for one limit or another.", "listener"
)
BROKEN = _counter("http_connections_failed_total", "Connections ended by a fault or no TLS.", "listener")
WEBSOCKETS = _gauge("websockets", "Websockets open now.", "listener")

INVOICES = _gauge("invoices", "Invoices in each status, all there are.", "status")
UNMATCHED = _gauge("payments_unmatched", "Payments that belong to no invoice.")
PAYMENTS = _counter("payments_total", "Payments that came into a state.", "chain", "asset", "state")
AMOUNTS = _counter(
    "payments_minor_total",
    "What these payments amount to, in the asset's smallest unit. Approximate: for graphs only.",
    "chain",
    "asset",
    "state",
)

DETECTION = _histogram(
    "payment_detection_seconds",
    "From a chain's own time of first sight of a payment to its being recorded.",
    "chain",
)
LOOK = _histogram("chain_look_seconds", "One look at a chain's network, as its plugin tells it.", "chain")
OBSERVE = _histogram("chain_observe_seconds", "Recording what a chain said at once.", "chain")
CHAIN_STATE = _gauge("chain_state", "1 for the state that a chain is in, else 0.", "chain", "state")
CHAIN_LAG = _gauge("chain_lag_seconds", "How long ago a chain was last seen complete.", "chain")
CHAIN_HEIGHT = _gauge("chain_height", "The newest block up to which a chain was seen complete.", "chain")

RELAYS = _counter("relays_total", "Relays that came into a status.", "chain", "status")
RELAYS_UNDER_WAY = _gauge("relays_under_way", "Relays without an outcome now.", "chain", "status")
SUBMISSIONS = _counter("relay_submissions_total", "Transactions handed in, any of them again too.", "chain")
RELAYS_REFUSED = _counter("relay_refusals_total", "Transactions that were not taken.", "chain", "code")
PRECHECK = _histogram(
    "relay_precheck_seconds", "From a relay's being recorded to the network's first word.", "chain"
)
OUTCOME = _histogram("relay_outcome_seconds", "From a relay's being recorded to its outcome.", "chain")

PENDING = _gauge("deliveries_pending", "Deliveries that wait.", "target")
PARKED = _gauge("deliveries_parked", "Deliveries that were given up, and are kept.", "target")
OLDEST = _gauge("deliveries_oldest_seconds", "How long ago the oldest event happened that waits.", "target")
UNDER_WAY = _gauge("deliveries_under_way", "Notices that are being sent now.")
ATTEMPTS = _counter("delivery_attempts_total", "Attempts to tell somebody.", "notifier", "outcome")
GIVEN_UP = _counter("deliveries_given_up_total", "Deliveries that were parked.", "notifier")
ATTEMPT = _histogram("delivery_attempt_seconds", "One attempt to tell somebody.", "notifier")

LAST_SEQ = _gauge("journal_last_seq", "The number of the newest event.")
FOLLOWERS = _gauge("journal_followers", "Readers that follow the journal now.", "group")
JOURNAL_LAG = _gauge("journal_lag_events", "How far the slowest of them is behind.", "group")

WAITING = _gauge("store_waiting", "Transactions and reads that wait for the store or are at it.", "kind")
COMMIT = _histogram("store_commit_duration_seconds", "A whole commit, with the work of its transactions.")
SYNC = _histogram("store_sync_duration_seconds", "The disk's part of a commit.")
BATCH = _histogram("store_batch_transactions", "How many transactions shared a commit.")
COMMITS_FAILED = _counter("store_commits_failed_total", "Commits that did not come about.")
