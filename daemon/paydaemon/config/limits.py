"""``[limits]``: how much of everything there may be. Nobody has to set any of it.

The table itself has what an operator may one day want to turn; its sub-tables have the rest, by the part of
the daemon that keeps to them. `docs/limits.md` says of each what is seen when it is reached.
"""

from paydaemon.hooks.settings import Settings, number

DAY_S = 86_400


class HttpLimitSettings(Settings):
    """``[limits.http]``: what one connection or request can take, beyond the keys of [limits]."""

    head_bytes: int = number(
        16_384, 1_024, 1_048_576, "The largest request line and headers together, in bytes."
    )
    head_fields: int = number(100, 10, 1_000, "How many headers a request may have.")
    head_timeout_s: int = number(
        10,
        1,
        600,
        "How many seconds a request's headers may take from its first byte to their end, and a TLS "
        "handshake from its beginning.",
    )
    body_timeout_s: int = number(
        10, 1, 3_600, "How many seconds a request's body may take, from the end of its headers."
    )
    send_timeout_s: int = number(
        20, 1, 3_600, "For how many seconds a client may take nothing of what is sent to it."
    )
    linger_s: int = number(
        2, 1, 60, "For how many seconds a client may go on sending after the answer that ends its connection."
    )
    grace_s: int = number(
        10,
        0,
        600,
        "For how many seconds requests may go on once the daemon stops. Keep it below TimeoutStopSec of the "
        "service's unit.",
    )
    paces_remembered: int = number(
        10_000,
        1,
        10_000_000,
        "Of how many keys and addresses the pace is remembered; the one longest unheard of is forgotten.",
    )
    page_items: int = number(
        200, 1, 200, "How many items a page of a list holds at most, whatever limit a client asks for."
    )
    backlog: int = number(
        1_024,
        1,
        65_535,
        "How many connections the system holds until the daemon takes them. The kernel's own "
        "net.core.somaxconn bounds it too.",
    )


class WebsocketLimitSettings(Settings):
    """``[limits.websocket]``: what one websocket, or one stream of server-sent events, can take."""

    message_bytes: int = number(4_096, 125, 1_048_576, "The largest message from a client, in bytes.")
    messages_per_s: int = number(
        1, 1, 1_000, "How many messages per second a client may go on sending; none has a meaning."
    )
    messages_burst: int = number(20, 1, 10_000, "How many messages it may send at once before that.")
    ping_every_s: int = number(
        20,
        1,
        600,
        "Every how many seconds a client is pinged, or told a comment by server-sent events, so that one "
        "that is gone is noticed.",
    )
    key_check_every_s: int = number(
        30,
        1,
        3_600,
        "Every how many seconds it is looked whether the key of an open websocket or stream is still valid.",
    )
    live_queue: int = number(
        100, 1, 100_000, "How many live pushes wait for a client that is slow to take them."
    )
    public_streams: int = number(
        1_000, 1, 1_000_000, "How many websockets and streams of one invoice, without a key, are open in all."
    )
    public_streams_per_address: int = number(
        32, 1, 1_000_000, "How many of those are open from one address (IPv6: from one /64)."
    )


class JournalLimitSettings(Settings):
    """``[limits.journal]``: what followers of the journal's events can take together."""

    page_events: int = number(8, 1, 1_000, "How many events a reader is told at once.")
    tail_events: int = number(256, 1, 100_000, "How many of the newest events are held for all readers.")
    replaying: int = number(16, 1, 1_000, "How many readers replay older events at the same time.")
    turn_ms: int = number(
        250, 1, 60_000, "For how many milliseconds a replaying reader keeps the others waiting at most."
    )


class StoreLimitSettings(Settings):
    """``[limits.store]``: how the database is written and read, beyond [limits] store_queue."""

    batch_writes: int = number(256, 1, 10_000, "How many writes share one commit at most.")
    readers: int = number(4, 1, 64, "How many reads are done at the same time.")


class LedgerLimitSettings(Settings):
    """``[limits.ledger]``: how much is done in one go, and remembered."""

    keys_remembered: int = number(
        10_000, 1, 10_000_000, "How many API keys are remembered, so that they need not be read again."
    )
    destination_attempts: int = number(
        20, 1, 1_000, "How often an invoice is drawn up while its destinations turn out to be used already."
    )
    clocks_at_once: int = number(500, 1, 100_000, "How many invoices expire in one write.")
    clock_turns: int = number(10, 1, 1_000, "How many such writes follow one word of a chain.")
    confirming_at_once: int = number(
        1_000, 1, 100_000, "How many payments a new block is told of by live pushes."
    )


class RelayLimitSettings(Settings):
    """``[limits.relay]``: what those who hand in transactions can take, and how long networks may."""

    transaction_bytes: int = number(
        49_152,
        1_024,
        16_777_216,
        "The largest transaction, in bytes as it is handed in. [limits] body_bytes bounds it too.",
    )
    keyless_sockets: int = number(
        1_000, 1, 1_000_000, "How many websockets without a key are open at once, in all."
    )
    keyless_idle_s: int = number(
        300,
        1,
        86_400,
        "For how many seconds such a websocket may be open with nothing on its way; it is closed within "
        "twice that.",
    )
    in_flight: int = number(
        64, 1, 100_000, "How many messages of one websocket are dealt with at the same time."
    )
    updates_queue: int = number(
        1_000, 1, 1_000_000, "How many messages wait for a websocket's client that is slow to take them."
    )
    unresolved: int = number(
        10_000, 1, 10_000_000, "How many transactions may wait for their outcome before no more are taken."
    )
    prepared: int = number(
        10_000,
        1,
        10_000_000,
        "How many payments that were prepared for wallets are remembered, so that whoever asks again gets "
        "the same one.",
    )
    questions_per_client: int = number(
        20,
        1,
        100_000,
        "How many questions in a network's own form one key, or one address (IPv6: one /64), may have "
        "answered at the same time. Keep it far below what a chain answers at once.",
    )
    answer_wait_s: int = number(
        20,
        1,
        3_600,
        "How many seconds an answer waits for the network; then it tells what is known. Keep it below "
        "[limits] request_timeout_s.",
    )
    submit_timeout_s: int = number(
        60, 1, 3_600, "How many seconds a chain may take to hand a transaction to its network."
    )
    follow_timeout_s: int = number(
        600, 1, DAY_S, "How many seconds a chain may look for a transaction's outcome in one go."
    )
    follow_pause_s: int = number(
        1, 1, 60, "Seconds until a chain is asked again that knew no outcome; each time doubles them."
    )
    follow_longest_pause_s: int = number(60, 1, 3_600, "The most seconds that such a pause grows to.")


class DeliveryLimitSettings(Settings):
    """``[limits.deliveries]``: how much is told others at once, how often, and how long it is kept."""

    at_once: int = number(
        64, 1, 10_000, "How many notices are on their way at once, to targets that answer, in all."
    )
    at_once_failing: int = number(
        16, 1, 10_000, "How many more, to targets that could not be reached before."
    )
    at_once_target: int = number(8, 1, 1_000, "How many notices are on their way to one target at once.")
    notice_timeout_s: int = number(30, 1, 600, "How many seconds a notifier may take to tell a target.")
    events_at_once: int = number(100, 1, 10_000, "How many events become deliveries in one write.")
    retry_pause_s: int = number(
        5,
        1,
        3_600,
        "The most seconds until what was not taken is tried again; each failure in a row doubles them.",
    )
    retry_longest_pause_s: int = number(
        21_600,
        1,
        7 * DAY_S,
        "The most seconds that such a pause grows to, also where the recipient asks for a longer one.",
    )
    retry_for_s: int = number(
        3 * DAY_S, 1, 366 * DAY_S, "How many seconds after its first attempt a delivery is parked."
    )
    attempts_kept: int = number(20, 1, 1_000, "How many attempts at one delivery are kept.")
    delivered_for_s: int = number(
        30 * DAY_S, 1, 3_660 * DAY_S, "For how many seconds a delivery is kept after it was taken."
    )
    parked_for_s: int = number(
        90 * DAY_S, 1, 3_660 * DAY_S, "For how many seconds a delivery is kept after it was parked."
    )
    endpoints: int = number(16, 1, 10_000, "How many webhooks a seller, or the operator, may have.")
    old_secret_for_s: int = number(
        DAY_S,
        1,
        30 * DAY_S,
        "For how many seconds a webhook's notices are signed with its old secret too, once it has a new one.",
    )


class DeskLimitSettings(Settings):
    """``[limits.desk]``: how often one may try to log in, and what is done at once for those who have."""

    login_burst: int = number(10, 1, 10_000, "How many logins one address (IPv6: one /64) may try at once.")
    login_pause_s: int = number(30, 1, 86_400, "After how many seconds it may try once more.")
    logins_burst: int = number(100, 1, 100_000, "How many logins all addresses together may try at once.")
    logins_pause_s: int = number(1, 1, 3_600, "After how many seconds they may try once more.")
    sessions: int = number(20, 1, 1_000, "How many sessions one key may have; a further one ends the oldest.")
    exports: int = number(
        4, 1, 1_000, "How many exports are written at the same time, at the desk and through the API."
    )


class PluginLimitSettings(Settings):
    """``[limits.plugins]``: what one plugin can take, beyond [limits] plugin_wait_s."""

    start_timeout_s: int = number(600, 1, DAY_S, "How many seconds a part of a plugin may take to start.")
    first_pause_s: int = number(
        1, 1, 60, "Seconds until one that failed is started again; each failure in a row doubles them."
    )
    longest_pause_s: int = number(60, 1, 3_600, "The most seconds that such a pause grows to.")
    steady_after_s: int = number(
        60, 1, DAY_S, "After how many seconds of running the next pause is the first one again."
    )
    tell_timeout_s: int = number(
        30, 1, 600, "How many seconds the journal may take to note a failure before the restart goes on."
    )
    stop_timeout_s: int = number(
        10,
        1,
        600,
        "How many seconds plugins may take to stop, after requests have had limits.http.grace_s. Keep both "
        "together below TimeoutStopSec of the service's unit.",
    )
    # A chain's own portions must always fit: the Bitcoin plugin tells at most 1000 at once.
    observations: int = number(
        10_000, 1_000, 1_000_000, "How many observations of payments a chain may tell in one go."
    )
    rates: int = number(10_000, 1, 1_000_000, "Of how many pairs one source's rates are remembered.")


class LimitSettings(Settings):
    """``[limits]``: what one client, plugin or burst can take at most."""

    body_bytes: int = number(65_536, 1_024, 16_777_216, "The largest body of a request, in bytes.")
    json_depth: int = number(32, 4, 128, "How deep lists and objects in a request may be nested.")
    connections: int = number(2_000, 1, 1_000_000, "How many connections are open at once, in all.")
    connections_per_address: int = number(
        256,
        1,
        1_000_000,
        "How many connections are open at once from one address (IPv6: from one /64). "
        "Trusted proxies are exempt.",
    )
    requests_per_s: int = number(
        50, 1, 1_000_000, "How many requests per second one key, and one address, may go on making."
    )
    requests_burst: int = number(100, 1, 1_000_000, "How many requests it may make at once before that.")
    request_timeout_s: int = number(30, 1, 3_600, "How many seconds a request may take.")
    idle_timeout_s: int = number(75, 1, 3_600, "After how many seconds an idle connection is closed.")
    store_queue: int = number(
        10_000,
        1,
        1_000_000,
        "How many writes, and how many reads, wait for the database before requests are refused.",
    )
    plugin_wait_s: int = number(
        10, 1, 600, "How many seconds a chain may take to give one destination, or to check one transaction."
    )
    http: HttpLimitSettings = HttpLimitSettings()
    websocket: WebsocketLimitSettings = WebsocketLimitSettings()
    journal: JournalLimitSettings = JournalLimitSettings()
    store: StoreLimitSettings = StoreLimitSettings()
    ledger: LedgerLimitSettings = LedgerLimitSettings()
    relay: RelayLimitSettings = RelayLimitSettings()
    desk: DeskLimitSettings = DeskLimitSettings()
    plugins: PluginLimitSettings = PluginLimitSettings()
    deliveries: DeliveryLimitSettings = DeliveryLimitSettings()
