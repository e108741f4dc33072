"""Credits: what the ledger is told of a transaction, from what consensus recorded and nothing else.

What a client signed is a wish. Custom fees, a partial effect or another party's signature may leave something
else, and only the record says what (`paydaemon_hedera.answers.Recorded`).
"""

from collections.abc import Iterator, Mapping, Set

from paydaemon.core.money import Asset
from paydaemon.core.payment import Observation, ObservedState
from paydaemon_hedera.answers import Moved, Recorded
from paydaemon_hedera.destinations import key

_NS_PER_MS = 1_000_000


def gains(recorded: Recorded, accounts: Set[str]) -> Iterator[Moved]:
    """What accounts of ours gained by it."""
    if recorded.succeeded:
        yield from (moved for moved in recorded.moved if moved.account in accounts and moved.amount_minor > 0)


def observation(recorded: Recorded, moved: Moved, assets: Mapping[str, Asset]) -> Observation:
    """One credit, as the ledger is told of it: final, since consensus is.

    It is unique by the transaction's id with what tells its children apart, the account and the asset.
    """
    return Observation(
        ref=f"{recorded.id}:{moved.account}:{moved.asset_code}",
        transaction_id=str(recorded.id),
        asset=assets[moved.asset_code],
        amount_minor=moved.amount_minor,
        destination_key=key(moved.account, recorded.memo),
        state=ObservedState.SEEN,
        seen_at_ms=recorded.consensus_ns // _NS_PER_MS,
        position=recorded.consensus_ns,
        final=True,
    )
