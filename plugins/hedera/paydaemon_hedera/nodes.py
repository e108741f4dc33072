"""The nodes: where they are as far as is known by now, and a line to each that is spoken to."""

from collections.abc import Collection

import trio
from google.protobuf.message import DecodeError

from paydaemon_hedera.addresses import Addresses
from paydaemon_hedera.errors import NodeAway, NodeSilent
from paydaemon_hedera.inspection import Choice
from paydaemon_hedera.limits import HederaLimits
from paydaemon_hedera.line import Line
from paydaemon_hedera.proto.file_get_contents_pb2 import FileGetContentsResponse
from paydaemon_hedera.proto.query_pb2 import Query
from paydaemon_hedera.proto.response_pb2 import Response
from paydaemon_hedera.proto.transaction_get_receipt_pb2 import TransactionGetReceiptResponse
from paydaemon_hedera.proto.transaction_response_pb2 import TransactionResponse
from paydaemon_hedera.sidethread import SideThread

RECEIPT = "/proto.CryptoService/getTransactionReceipts"
CONTENTS = "/proto.FileService/getFileContent"


class Nodes:
    """Whom transactions are handed to, and asked about."""

    def __init__(self, limits: HederaLimits, *, tls: bool) -> None:
        self.missed = trio.Event()
        """Set once a node could not be reached; whoever looks after that puts another one here."""
        self._limits = limits
        self._tls = tls
        self._addresses: Addresses = {}
        self._lines: dict[str, Line] = {}
        self._side: SideThread | None = None
        self._calls = trio.Semaphore(limits.calls)

    @property
    def ids(self) -> Collection[str]:
        """The accounts of the nodes that are known."""
        return self._addresses.keys()

    @property
    def is_open(self) -> bool:
        """Whether they are spoken to."""
        return self._side is not None

    def open(self) -> None:
        """Be used from this run of trio on."""
        self._side = SideThread()

    async def close(self) -> None:
        """Hang up on all of them, and speak to none."""
        side, self._side = self._side, None
        for line in self._lines.values():
            line.close()
        self._lines.clear()
        if side is not None:
            await side.close()

    def become(self, addresses: Addresses) -> None:
        """These are the nodes now. One that is elsewhere, or no more, is hung up on."""
        for id, line in list(self._lines.items()):
            if addresses.get(id) != line.node:
                self._lines.pop(id).close()
        self._addresses = addresses

    async def submit(self, choice: Choice) -> TransactionResponse:
        """A node's first answer to a transaction. Raises `NodeAway` or `NodeSilent`."""
        id = choice.node
        answer = await self._ask(id, choice.method, choice.envelope, self._limits.submit_timeout_s)
        try:
            return TransactionResponse.FromString(answer)
        except DecodeError as error:
            raise _unreadable(id) from error

    async def receipt(self, id: str, query: Query) -> TransactionGetReceiptResponse:
        """A node's receipt of a transaction. Raises `NodeAway` or `NodeSilent`."""
        answer = await self._ask(id, RECEIPT, query.SerializeToString(), self._limits.receipt_timeout_s)
        try:
            return Response.FromString(answer).transactionGetReceipt
        except DecodeError as error:
            raise _unreadable(id) from error

    async def contents(self, id: str, query: bytes) -> FileGetContentsResponse:
        """A node's answer to what a file holds. Raises `NodeAway` or `NodeSilent`."""
        answer = await self._ask(id, CONTENTS, query, self._limits.submit_timeout_s)
        try:
            return Response.FromString(answer).fileGetContents
        except DecodeError as error:
            raise _unreadable(id) from error

    async def _ask(self, id: str, method: str, request: bytes, timeout_s: float) -> bytes:
        await self._take_place()
        try:
            return await self._line(id).ask(method, request, timeout_s)
        except NodeAway:
            self.missed.set()
            raise
        finally:
            self._calls.release()

    async def _take_place(self) -> None:
        try:
            self._calls.acquire_nowait()
        except trio.WouldBlock:
            await self._calls.acquire()

    def _line(self, id: str) -> Line:
        line = self._lines.get(id)
        if line is None:
            node = self._addresses.get(id)
            if self._side is None or node is None:
                where = "in no address book" if node is None else "not spoken to while the chain does not run"
                raise NodeAway(f"node {id} is {where}")
            patience_s = self._limits.connect_timeout_s
            line = Line(node, self._side, tls=self._tls, connect_timeout_s=patience_s)
            self._lines[id] = line
        return line


def _unreadable(id: str) -> NodeSilent:
    return NodeSilent(f"node {id} answers something else than it should")
