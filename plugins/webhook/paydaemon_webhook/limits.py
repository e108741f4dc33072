"""``[notifiers.<id>.limits]``: how much of everything there may be. Nobody has to set any of it."""

from typing import Self

from pydantic import model_validator

from paydaemon.hooks.settings import Settings, number


class WebhookLimits(Settings):
    """What one endpoint, or all of them together, can take."""

    connect_timeout_s: int = number(
        5, 1, 120, "Seconds that finding an endpoint, a connection to it, and TLS with it may each take."
    )
    answer_timeout_s: int = number(
        10, 1, 600, "Seconds without a word from an endpoint after which it counts as away."
    )
    timeout_s: int = number(
        20, 1, 3_600, "Seconds that one notice may take, from finding the endpoint to its answer."
    )
    answer_bytes: int = number(
        65_536,
        0,
        16_777_216,
        "How many bytes of an answer's body are read, so that its connection can be kept. They are thrown "
        "away.",
    )
    connections: int = number(8, 1, 1_000, "How many connections to one endpoint are open at the same time.")
    idle_s: int = number(20, 1, 600, "For how many seconds a connection is kept for the next notice.")
    endpoints_kept: int = number(
        1_000, 1, 100_000, "To how many endpoints connections are kept when nothing is on its way to them."
    )
    lookups: int = number(64, 1, 1_000, "How many names are looked up at the same time.")

    @model_validator(mode="after")
    def _the_whole_is_not_less(self) -> Self:
        if self.timeout_s < max(self.connect_timeout_s, self.answer_timeout_s):
            raise ValueError("timeout_s must not be less than connect_timeout_s and answer_timeout_s")
        return self
