"""``[chains.<id>.limits]``: how much of everything there may be. Nobody has to set any of it."""

from paydaemon.hooks.settings import Settings, number


class HederaLimits(Settings):
    """What mirror and nodes, and whoever speaks in their name, can take."""

    mirror_timeout_s: int = number(10, 1, 120, "Seconds that one answer of the mirror may take, whole.")
    mirror_tries: int = number(3, 1, 10, "How often the mirror is asked before it counts as away.")
    mirror_answer_bytes: int = number(
        4_194_304, 65_536, 268_435_456, "The largest answer of the mirror, in bytes."
    )
    mirror_calls: int = number(8, 1, 64, "How many questions the mirror is asked at the same time.")
    mirror_requests_per_s: int = number(
        25, 1, 1_000, "How many questions a second the mirror is asked. Public ones stop taking more at 50."
    )
    longest_pause_s: int = number(30, 1, 300, "The most seconds between two tries of a mirror that is away.")
    page: int = number(100, 1, 100, "How many transactions the mirror tells at once.")
    told_at_once: int = number(500, 1, 1_000, "How many observations the daemon is told in one go.")
    overlap_s: int = number(
        120,
        10,
        86_400,
        "How many seconds before the last look are looked at again now and then: mirrors may learn late.",
    )
    keys_remembered: int = number(1_000, 1, 1_000_000, "Of how many accounts the keys are remembered.")
    keys_for_s: int = number(3_600, 1, 86_400, "For how many seconds an account's keys are remembered.")
    keys_waiting: int = number(
        100,
        1,
        10_000,
        "How many questions about clients' transactions wait for the mirror, before keys are not "
        "looked up any more.",
    )
    book_again_s: int = number(
        60,
        5,
        86_400,
        "The least seconds between two looks at the address book, which is read anew each day and "
        "where a node cannot be reached.",
    )
    connect_timeout_s: int = number(5, 1, 120, "Seconds that a connection to a node may take to come up.")
    submit_timeout_s: int = number(10, 1, 120, "Seconds that one submission to a node may take.")
    submit_tries: int = number(4, 1, 20, "How often a transaction is handed to a node that is busy.")
    submit_nodes: int = number(
        3, 1, 64, "To how many nodes a transaction is handed, one after the other, while none takes it."
    )
    receipt_timeout_s: int = number(10, 1, 120, "Seconds that one question for a receipt may take.")
    asks: int = number(
        200, 1, 100_000, "How many questions that clients ask in the network's own form are answered at once."
    )
    ask_s: int = number(
        15,
        1,
        25,
        "Seconds that the answer to one of them may take; a receipt that nobody has yet is unknown then.",
    )
    follow_s: int = number(
        60, 20, 3_600, "For how many seconds an outcome is asked for before it is said to be unknown for now."
    )
    absence_after_s: int = number(
        120,
        10,
        86_400,
        "How many seconds past a transaction's expiry the mirror must have come without it, to prove that it "
        "was never carried out.",
    )
    read_bytes: int = number(
        16_777_216,
        65_536,
        1_073_741_824,
        "Of how many bytes of transactions it is remembered what was read in them; some fourteen times as "
        "much memory.",
    )
    calls: int = number(1_000, 1, 100_000, "How many calls to nodes are under way at the same time.")
