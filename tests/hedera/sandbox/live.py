"""A sandbox with its sockets, and clients to speak to it as anybody does."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import grpc
import httpx

from paydaemon_hedera.proto import response_code_pb2 as rc
from paydaemon_hedera.proto.query_pb2 import Query
from paydaemon_hedera.proto.response_pb2 import Response
from paydaemon_hedera.proto.transaction_get_receipt_pb2 import TransactionGetReceiptQuery
from paydaemon_hedera.proto.transaction_response_pb2 import TransactionResponse
from paydaemon_hedera.sandbox.genesis import PAYEE, default_holders
from paydaemon_hedera.sandbox.ledger import HBAR
from paydaemon_hedera.sandbox.names import SECOND_NS, TransactionName, to_id
from paydaemon_hedera.sandbox.running import Options, Running
from paydaemon_hedera.sandbox.wallet import sign, transfer_body
from tests.hedera.sandbox.world import ALICE

FAST = Options(consensus_delay_s=0.0)
DEADLINE_S = 10.0


class Live:
    """A running sandbox."""

    def __init__(self, running: Running, http: httpx.Client) -> None:
        self.running = running
        self.http = http
        self._started = 0

    def name(self) -> TransactionName:
        self._started += 1
        return TransactionName(ALICE, self.running.clock.now_ns() - 2 * SECOND_NS + self._started)

    def transaction(self, name: TransactionName, node: int = 3) -> bytes:
        (alice,) = (one for one in default_holders() if one.number == ALICE)
        return sign(transfer_body(name, node, {HBAR: {ALICE: -100, PAYEE: 100}}, "hello"), alice.signers)

    def call(self, method: str, raw: bytes, node: int = 3, timeout_s: float = DEADLINE_S) -> bytes:
        with grpc.insecure_channel(self.running.node(node).address) as channel:
            ask: grpc.UnaryUnaryMultiCallable[bytes, bytes]
            ask = channel.unary_unary(f"/proto.CryptoService/{method}")
            return ask(raw, timeout=timeout_s, wait_for_ready=False)

    def submit(self, name: TransactionName, node: int = 3, timeout_s: float = DEADLINE_S) -> str:
        raw = self.call("cryptoTransfer", self.transaction(name, node), node, timeout_s)
        return rc.ResponseCodeEnum.Name(TransactionResponse.FromString(raw).nodeTransactionPrecheckCode)

    def receipt(self, name: TransactionName, node: int = 3) -> str:
        query = Query(transactionGetReceipt=TransactionGetReceiptQuery(transactionID=to_id(name)))
        raw = self.call("getTransactionReceipts", query.SerializeToString(), node)
        answer = Response.FromString(raw).transactionGetReceipt
        header = answer.header.nodeTransactionPrecheckCode
        return rc.ResponseCodeEnum.Name(answer.receipt.status if header == rc.OK else header)

    def get(self, path: str, **query: str | list[str]) -> Any:
        return self._json(self.http.get(path, params=query or None))

    def post(self, path: str, body: Mapping[str, object]) -> Any:
        return self._json(self.http.post(f"/sandbox/{path}", json=body))

    def arm(self, **fault: object) -> None:
        self.post("faults", fault)

    @staticmethod
    def _json(answer: httpx.Response) -> Any:
        assert answer.status_code == 200, answer.text
        return answer.json()


@contextmanager
def sandbox(options: Options = FAST) -> Iterator[Live]:
    with (
        Running(options) as running,
        httpx.Client(base_url=running.mirror_url, timeout=DEADLINE_S, verify=False) as http,
    ):
        yield Live(running, http)
