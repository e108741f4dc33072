"""Memory: what was read in transactions a moment ago.

It is bounded, and nothing rests on it: to forget costs reading once more.
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

    def keep(self, inspected: Inspected) -> None:
        """Remember what was read."""
        raw = inspected.transfer.raw
        if raw not in self._read:
            self._read_bytes += len(raw)
        self._read[raw] = inspected
        while self._read_bytes > self._limits.read_bytes and len(self._read) > 1:
            self._read_bytes -= len(self._read.popitem(last=False)[0])

    def recall(self, transfer: SignedTransfer) -> Inspected | None:
        """What was read in it."""
        return self._read.get(transfer.raw)

    def forget(self, transfer: SignedTransfer) -> None:
        """What became of it is known: nothing more will be asked of it."""
        if self._read.pop(transfer.raw, None) is not None:
            self._read_bytes -= len(transfer.raw)
