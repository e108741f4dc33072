"""Memory: what was read in transactions a moment ago, and which of them were handed over already.

Both are bounded. To forget what was read costs reading it again; and whatever is not known to be new is taken
to have been handed over.
"""

from collections import OrderedDict

from paydaemon.core.relay import SignedTransfer
from paydaemon_hedera.inspection import Inspected
from paydaemon_hedera.limits import HederaLimits


class Memory:
    """Of one run of the daemon."""

    def __init__(self, limits: HederaLimits) -> None:
        self._limits = limits
        self._read: OrderedDict[bytes, Inspected] = OrderedDict()
        self._read_bytes = 0
        self._new: OrderedDict[bytes, None] = OrderedDict()
        self._handed_over: OrderedDict[bytes, None] = OrderedDict()

    def keep(self, inspected: Inspected, *, is_new: bool = False) -> None:
        """Remember what was read. `is_new`: this is the first that any run of the daemon has heard of it."""
        raw, digest = inspected.transfer.raw, inspected.transfer.digest
        if raw not in self._read:
            self._read_bytes += len(raw)
        self._read[raw] = inspected
        while self._read_bytes > self._limits.read_bytes and len(self._read) > 1:
            self._read_bytes -= len(self._read.popitem(last=False)[0])
        if is_new and digest not in self._handed_over:
            self._note(self._new, digest)

    def doubt(self, transfer: SignedTransfer) -> None:
        """An earlier run may have handed it over: it is not new, whoever hands it in once more meanwhile."""
        self._new.pop(transfer.digest, None)
        self._note(self._handed_over, transfer.digest)

    def recall(self, transfer: SignedTransfer) -> Inspected | None:
        """What was read in it."""
        return self._read.get(transfer.raw)

    def hand_over(self, transfer: SignedTransfer) -> bool:
        """It is handed over now. Returns whether it may have been before."""
        is_new = transfer.digest in self._new
        self._new.pop(transfer.digest, None)
        self._note(self._handed_over, transfer.digest)
        return not is_new

    def take_back(self, transfer: SignedTransfer) -> None:
        """It was handed over, and certainly not taken: handed in once more it is new again."""
        self._handed_over.pop(transfer.digest, None)

    def _note(self, digests: OrderedDict[bytes, None], digest: bytes) -> None:
        digests[digest] = None
        if len(digests) > self._limits.handed_over_remembered:
            digests.popitem(last=False)
