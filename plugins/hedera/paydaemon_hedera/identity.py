"""Identity: whether what consensus has under an id is the transaction that was handed in.

Whoever signs chooses the id, so two transactions may bear the same one; consensus carries out the first that
reaches it, and neither a node's `DUPLICATE_TRANSACTION` nor a receipt tells which that was. The mirror's
record does, by the hash of what was submitted. That is another one for each node's entry, and for each way to
write down the signatures; so where it is none of ours, what the recorded one did decides. What a contract did
with a call is its own affair, so of a call it decides that the same one was called, under the same memo.
"""

import hashlib
from collections.abc import Iterable

from paydaemon.core.relay import SignedTransfer
from paydaemon_hedera.answers import Recorded
from paydaemon_hedera.body import NATIVE, ContractCall
from paydaemon_hedera.inspection import Choice
from paydaemon_hedera.proto.transaction_pb2 import Transaction


def is_same(
    transfer: SignedTransfer, call: ContractCall | None, choices: Iterable[Choice], recorded: Recorded
) -> bool:
    """Whether a transaction that succeeded is this one. `choices` are the entries that may be submitted."""
    if recorded.hash is not None and recorded.hash in map(hash_of, choices):
        return True
    if recorded.memo != transfer.memo or (recorded.kind == CALLED) is not transfer.does_more:
        return False
    return _did(transfer, recorded) if call is None else recorded.entity == call.contract


CALLED = "CONTRACTCALL"
"""A call of a contract, in the mirror's word."""


def hash_of(choice: Choice) -> bytes:
    """What the mirror knows an entry by."""
    return hashlib.sha384(Transaction.FromString(choice.envelope).signedTransactionBytes).digest()


def _did(transfer: SignedTransfer, recorded: Recorded) -> bool:
    """Whether exactly these transfers were made, but for what the payer was charged beside them."""
    moved = {(one.account, one.asset_code): one.amount_minor for one in recorded.moved}
    return all(
        moved.get((one.account, one.asset_code)) == one.amount_minor
        for one in transfer.transfers
        if (one.account, one.asset_code) != (transfer.payer, NATIVE)
    )
