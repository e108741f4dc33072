"""``[chains.<id>.limits]``: how much of everything there may be. Nobody has to set any of it."""

from paydaemon.hooks.settings import Settings, number


class MoneroLimits(Settings):
    """What monerod, its wallet and whoever speaks in their name can take."""

    rpc_tries: int = number(
        3, 1, 20, "How often a call that does no harm twice is tried before the node counts as away."
    )
    rpc_answer_bytes: int = number(
        67_108_864, 1_048_576, 4_294_967_296, "The largest answer of the node or its wallet, in bytes."
    )
    catch_up_timeout_s: int = number(
        86_400,
        60,
        31_622_400,
        "How many seconds the wallet may take to catch up with the chain, which is stale after rpc_timeout_s "
        "of them.",
    )
    rescan_timeout_s: int = number(
        2_592_000, 3_600, 31_622_400, "How many seconds a rescan of the wallet may take."
    )
    reconnect_pause_s: int = number(
        5, 1, 300, "The most seconds between two tries to reach a node that is away."
    )
    look_tries: int = number(20, 2, 1_000, "How often a look is begun anew because a block came meanwhile.")
    asked_at_once: int = number(
        100, 1, 100, "How many transactions the node is asked about in one go; a restricted node takes 100."
    )
    told_at_once: int = number(500, 1, 1_000, "How many observations the daemon is told in one go.")
