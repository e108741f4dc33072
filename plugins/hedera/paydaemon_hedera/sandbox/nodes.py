"""Nodes as gRPC servers: each on a port of its own, under the method names that are on the wire.

Each call runs in a thread of its server's pool; a call that hangs on purpose keeps one, up to `MAX_CALLS`.
What is not served here is answered UNIMPLEMENTED, as gRPC does by itself.
"""

import threading
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import TypeAlias

import grpc
from google.protobuf.message import DecodeError

from paydaemon_hedera.proto.query_pb2 import Query
from paydaemon_hedera.proto.response_pb2 import Response
from paydaemon_hedera.proto.transaction_response_pb2 import TransactionResponse
from paydaemon_hedera.sandbox import queries
from paydaemon_hedera.sandbox.faults import Call, Kind
from paydaemon_hedera.sandbox.files import Files
from paydaemon_hedera.sandbox.network import Network

HOST = "127.0.0.1"
MAX_CALLS = 32
MAX_MESSAGE_BYTES = 1 << 20
STOPPED_WITHIN_S = 5.0

Answer: TypeAlias = Callable[[bytes], bytes]

_OPTIONS = [("grpc.so_reuseport", 0), ("grpc.max_receive_message_length", MAX_MESSAGE_BYTES)]


class NodeServer:
    """One node. It keeps its port while it is down, so that it comes back where it was."""

    def __init__(
        self,
        network: Network,
        files: Files,
        number: int,
        port: int = 0,
        tls: "tuple[bytes, bytes] | None" = None,
    ):
        self.number = number
        self.port = port
        self._network = network
        self._files = files
        self._tls = tls
        self._server: grpc.Server | None = None
        self._calls: ThreadPoolExecutor | None = None
        self._stopping = threading.Event()

    @property
    def address(self) -> str:
        """Where it listens, or would."""
        return f"{HOST}:{self.port}"

    @property
    def is_up(self) -> bool:
        """Whether it listens."""
        return self._server is not None

    def start(self) -> None:
        """Listen. Raises `OSError` where the port is taken."""
        self._stopping.clear()
        self._calls = ThreadPoolExecutor(MAX_CALLS, f"node 0.0.{self.number}")
        server = grpc.server(self._calls, options=_OPTIONS)
        server.add_generic_rpc_handlers(self._handlers())
        self.port = self._bind(server)
        server.start()
        self._server = server

    def stop(self) -> None:
        """Break what is under way and listen no more."""
        if self._server is None or self._calls is None:
            return
        self._stopping.set()
        self._server.stop(grace=0).wait(STOPPED_WITHIN_S)
        self._calls.shutdown(wait=True)
        self._server = self._calls = None

    def _bind(self, server: grpc.Server) -> int:
        try:
            if self._tls is None:
                return server.add_insecure_port(self.address)
            return server.add_secure_port(self.address, grpc.ssl_server_credentials([self._tls]))
        except RuntimeError as error:
            raise OSError(f"{self.address}: cannot be listened at") from error

    def _answers(self) -> Mapping[str, Mapping[str, tuple[Call, Answer]]]:
        """What is answered by what, under which service."""
        return {
            "proto.CryptoService": {
                "cryptoTransfer": (Call.SUBMIT, self._submit),
                "getTransactionReceipts": (Call.RECEIPT, partial(self._ask, queries.receipt)),
                "getTxRecordByTxID": (Call.RECORD, partial(self._ask, queries.record)),
                "cryptoGetBalance": (Call.RECORD, partial(self._ask, queries.balance)),
            },
            "proto.SmartContractService": {"contractCallMethod": (Call.SUBMIT, self._submit)},
            "proto.FileService": {
                "getFileContent": (Call.FILE, partial(self._ask, partial(queries.file_contents, self._files)))
            },
        }

    def _handlers(self) -> Sequence[grpc.GenericRpcHandler]:
        return [
            grpc.method_handlers_generic_handler(
                service,
                {
                    method: grpc.unary_unary_rpc_method_handler(partial(self._serve, call, answer))
                    for method, (call, answer) in answers.items()
                },
            )
            for service, answers in self._answers().items()
        ]

    def _submit(self, raw: bytes) -> bytes:
        taken = self._network.submit(self.number, raw)
        answer = TransactionResponse(nodeTransactionPrecheckCode=taken.code, cost=taken.cost_tinybars)
        return answer.SerializeToString()

    def _ask(self, answer: Callable[[Network, int, Query], Response], raw: bytes) -> bytes:
        return answer(self._network, self.number, Query.FromString(raw)).SerializeToString()

    def _serve(self, call: Call, answer: Answer, raw: bytes, context: grpc.ServicerContext) -> bytes:
        """Answer one call, or break it as the faults want it."""
        strike = partial(self._network.faults.strike, call=call, node=self.number)
        late = strike(Kind.LATENCY)
        if late is not None:
            self._wait(late.delay_ms)
        if strike(Kind.DROP_BEFORE) is not None:
            context.abort(grpc.StatusCode.UNAVAILABLE, "dropped before it took effect")
        try:
            answered = answer(raw)
        except DecodeError:
            context.abort(grpc.StatusCode.INVALID_ARGUMENT, "no such message")
        hang = strike(Kind.HANG)
        if hang is not None:
            self._wait(hang.delay_ms)
        if hang is not None or strike(Kind.DROP_AFTER) is not None:
            context.abort(grpc.StatusCode.UNAVAILABLE, "dropped after it took effect")
        return answered

    def _wait(self, delay_ms: int) -> None:
        """Wait, but not past the node's own end."""
        self._stopping.wait(delay_ms / 1000)
