"""The nodes: the address book as it is known by now, and a line to each that is spoken to."""

from collections.abc import Iterable, Mapping

import trio

from paydaemon_hedera.addresses import NodeAddress
from paydaemon_hedera.errors import NodeAway
from paydaemon_hedera.limits import HederaLimits
from paydaemon_hedera.line import Line
from paydaemon_hedera.proto.query_pb2 import Query
from paydaemon_hedera.proto.response_pb2 import Response
from paydaemon_hedera.proto.transaction_get_receipt_pb2 import TransactionGetReceiptResponse
from paydaemon_hedera.proto.transaction_response_pb2 import TransactionResponse
from paydaemon_hedera.wakes import Wakes

TRANSFER = "/proto.CryptoService/cryptoTransfer"
RECEIPT = "/proto.CryptoService/getTransactionReceipts"


class Nodes:
    """Whom transactions are handed to, and asked about."""

    def __init__(self, limits: HederaLimits, *, tls: bool) -> None:
        self._limits = limits
        self._tls = tls
        self._book: Mapping[str, NodeAddress] = {}
        self._lines: dict[str, Line] = {}
        self._wakes: Wakes | None = None
        self._calls = trio.CapacityLimiter(limits.calls)

    @property
    def ids(self) -> Iterable[str]:
        """The accounts of the nodes that are known."""
        return self._book.keys()

    def open(self) -> None:
        """Be used from this run of trio on."""
        self._wakes = Wakes()

    def become(self, book: Mapping[str, NodeAddress]) -> None:
        """Take over an address book. A node that is elsewhere now, or no more, is hung up on."""
        for id, line in list(self._lines.items()):
            if book.get(id) != line.node:
                self._lines.pop(id).close()
        self._book = book

    def close(self) -> None:
        """Hang up on all of them."""
        for line in self._lines.values():
            line.close()
        self._lines.clear()

    async def submit(self, id: str, envelope: bytes) -> TransactionResponse:
        """A node's first answer to a transaction. Raises `NodeAway` or `NodeSilent`."""
        answer = await self._ask(id, TRANSFER, envelope, self._limits.submit_timeout_s)
        return TransactionResponse.FromString(answer)

    async def receipt(self, id: str, query: Query) -> TransactionGetReceiptResponse:
        """A node's receipt of a transaction. Raises `NodeAway` or `NodeSilent`."""
        answer = await self._ask(id, RECEIPT, query.SerializeToString(), self._limits.receipt_timeout_s)
        return Response.FromString(answer).transactionGetReceipt

    async def _ask(self, id: str, method: str, request: bytes, timeout_s: float) -> bytes:
        async with self._calls:
            return await self._line(id).ask(method, request, timeout_s)

    def _line(self, id: str) -> Line:
        line = self._lines.get(id)
        if line is None:
            node = self._book.get(id)
            if node is None or self._wakes is None:
                raise NodeAway(f"node {id} is not in the address book")
            patience_s = self._limits.connect_timeout_s
            line = Line(node, self._wakes, tls=self._tls, connect_timeout_s=patience_s)
            self._lines[id] = line
        return line
