"""``[notifiers.<id>.limits]``: how much of everything there may be. Nobody has to set any of it."""

from typing import Self

from pydantic import model_validator

from paydaemon.hooks.settings import Settings, number


class PublisherLimits(Settings):
    """What a publisher may take, of time and of bytes."""

    connect_timeout_s: int = number(
        5, 1, 120, "Seconds that a connection to the publisher, and TLS with it, may each take."
    )
    answer_timeout_s: int = number(
        10, 1, 600, "Seconds without a word from the publisher after which it counts as away."
    )
    timeout_s: int = number(
        20, 1, 3_600, "Seconds that telling it once may take, from the connection to its answer."
    )
    answer_bytes: int = number(
        65_536,
        1_024,
        16_777_216,
        "How many bytes of an answer's body are read, and how long a message of its Socket.IO may be.",
    )
    events_at_once: int = number(
        100, 1, 1_000, "How many events go over one connection, where they are told by Socket.IO."
    )

    @model_validator(mode="after")
    def _the_whole_is_not_less(self) -> Self:
        if self.timeout_s < max(self.connect_timeout_s, self.answer_timeout_s):
            raise ValueError("timeout_s must not be less than connect_timeout_s and answer_timeout_s")
        return self
