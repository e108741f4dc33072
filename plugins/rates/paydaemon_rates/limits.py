"""``[rates.<source>.limits]``: how much of everything there may be. Nobody has to set any of it."""

from paydaemon.hooks.settings import Settings, number


class SourceLimits(Settings):
    """What one source, and whoever answers in its name, can take."""

    answer_bytes: int = number(
        1_048_576, 1_024, 67_108_864, "The largest answer that is read, or message of a websocket, in bytes."
    )
    longest_pause_s: int = number(
        300,
        5,
        86_400,
        "The most seconds until a source that failed is asked again; each failure in a row doubles them.",
    )


class TimelessLimits(SourceLimits):
    """The same for a source whose answers do not say when they were true."""

    frozen_s: int = number(
        300,
        10,
        86_400,
        "After how many seconds without any change in its answers a source counts as frozen: its prices are "
        "then as of their last change.",
    )


class StreamLimits(TimelessLimits):
    """The same for a source that is listened to as well."""

    silent_s: int = number(
        10, 2, 600, "After how many seconds without a message its websocket counts as away."
    )
