"""Locks: a payer can lock what is paid, for ever if that is wished, and it is worth nothing until then.

Every output can be spent once 10 blocks stand on it (``CRYPTONOTE_DEFAULT_TX_SPENDABLE_AGE``);
``unlock_time`` can put that off. Below `BLOCKS_BELOW` it is the number of blocks that the chain must have,
else a time in seconds since 1970, as in monero's ``Blockchain::is_tx_spendtime_unlocked``. The allowance that
monero makes of one block or two minutes is not made here: late by a block is never early.
"""

BLOCKS_BELOW = 500_000_000
USUAL = 10


def is_locked(unlock_time: int, height: int, blocks: int, clock_s: int) -> bool:
    """Whether a transaction in the block of `height` is locked for longer than every one is.

    `blocks` is how many the chain has, and `clock_s` the time by the node.
    """
    if unlock_time >= BLOCKS_BELOW:
        return clock_s < unlock_time
    return unlock_time > height + USUAL and blocks < unlock_time
