"""``[chains.<id>.limits]``: how much of everything there may be. Nobody has to set any of it."""

from paydaemon.hooks.settings import Settings, number


class BitcoinLimits(Settings):
    """What the node, its wallet and whoever speaks in their name can take."""

    rpc_tries: int = number(
        4, 1, 20, "How often a call that does no harm twice is tried before the node counts as away."
    )
    rpc_answer_bytes: int = number(
        268_435_456, 1_048_576, 4_294_967_296, "The largest answer of the node, in bytes."
    )
    long_call_timeout_s: int = number(
        600,
        10,
        86_400,
        "How many seconds the node may take to load or list its wallet, or to derive very many addresses.",
    )
    rescan_timeout_s: int = number(
        2_592_000, 3_600, 31_622_400, "How many seconds a rescan of the node's wallet may take."
    )
    reconnect_pause_s: int = number(
        5, 1, 300, "The most seconds between two tries to reach a node that is away."
    )
    list_tries: int = number(
        20, 2, 1_000, "How often the wallet's list is read anew because a block came meanwhile."
    )
    asked_at_once: int = number(
        64, 1, 1_000, "How many transactions the node is asked about before new ones get their turn."
    )
    told_at_once: int = number(500, 1, 1_000, "How many observations the daemon is told in one go.")
    suspects: int = number(
        10_000, 100, 1_000_000, "How many transactions that ZMQ tells of wait to be looked at."
    )
    scripts: int = number(
        500_000,
        1_000,
        10_000_000,
        "How many of the newest addresses are recognised in what ZMQ tells; some 200 bytes of memory each.",
    )
    zmq_queue: int = number(100_000, 100, 10_000_000, "How many messages of ZMQ wait to be read.")
