"""``[frontends.<id>.limits]``: how much of everything there may be. Nobody has to set any of it."""

from paydaemon.hooks.settings import Settings, number


class SocketIoLimits(Settings):
    """What one client, or all of them together, can take."""

    sessions: int = number(1_000, 1, 1_000_000, "How many sessions are open at once, in all.")
    sessions_per_client: int = number(
        64, 1, 1_000_000, "How many of those are open from one address (IPv6: from one /64)."
    )
    events_under_way: int = number(
        64, 1, 10_000, "How many events of one session are dealt with at the same time."
    )
    queued_messages: int = number(
        256, 8, 100_000, "How many messages wait for a client that is slow to take them."
    )
    queued_bytes: int = number(
        1_048_576,
        4_096,
        1_073_741_824,
        "How many bytes of messages wait for it; a single message may have more.",
    )
    attachment_bytes: int = number(
        49_152,
        1_024,
        16_777_216,
        "The largest transaction or question that an event carries, in bytes; of a text, those that its "
        "base64 stands for.",
    )
    attachments: int = number(1, 1, 16, "How many attachments one message may have. No event needs a second.")
    body_bytes: int = number(131_072, 1_024, 16_777_216, "The largest body of a polling request, in bytes.")
    ping_interval_s: int = number(
        25, 1, 600, "Every how many seconds the one side of a session pings the other."
    )
    ping_timeout_s: int = number(
        20, 1, 600, "For how many seconds more a client may be silent before it counts as gone."
    )
    speak_within_s: int = number(
        20, 1, 3_600, "After how many seconds a session is ended that was opened and then not used."
    )
    upgrade_within_s: int = number(
        10, 1, 600, "How many seconds a session's move from polling to a websocket may take."
    )
    receipt_wait_s: int = number(
        15, 0, 600, "For how many seconds a receipt is asked for again that is not there yet."
    )

    @property
    def message_bytes(self) -> int:
        """How large a message may be: what it carries, in base64, and what stands around that."""
        return 4 * self.attachment_bytes // 3 + 1_024
