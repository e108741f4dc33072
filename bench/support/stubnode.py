"""A Hedera node that answers at once and checks nothing: every transaction is taken, and has come through.

Run as a process of its own; it prints its port. A call takes it some 0.1 ms of processor time, so beside one
daemon it is never what is waited for.
"""

import asyncio

import grpc
import grpc.aio

from paydaemon_hedera.proto.response_pb2 import Response
from paydaemon_hedera.proto.transaction_get_receipt_pb2 import TransactionGetReceiptResponse
from paydaemon_hedera.proto.transaction_receipt_pb2 import TransactionReceipt

SUCCESS = 22
RECEIPT = Response(
    transactionGetReceipt=TransactionGetReceiptResponse(receipt=TransactionReceipt(status=SUCCESS))  # type: ignore[arg-type]
).SerializeToString()
TAKEN = b""
"""A TransactionResponse whose precheck code is OK, which is 0 and so not written."""

ANSWERS = {
    "/proto.CryptoService/cryptoTransfer": TAKEN,
    "/proto.CryptoService/getTransactionReceipts": RECEIPT,
}


class Node(grpc.GenericRpcHandler):
    """Answers what it knows by bytes, and else that there is no such method."""

    def service(self, details: grpc.HandlerCallDetails) -> grpc.RpcMethodHandler | None:
        """The handler of one call."""
        answer = ANSWERS.get(details.method)

        async def respond(request: bytes, context: grpc.aio.ServicerContext) -> bytes:
            assert answer is not None
            return answer

        return None if answer is None else grpc.unary_unary_rpc_method_handler(respond)


async def main() -> None:
    """Serve until killed."""
    server = grpc.aio.server()
    server.add_generic_rpc_handlers((Node(),))
    port = server.add_insecure_port("127.0.0.1:0")
    await server.start()
    print(port, flush=True)
    await server.wait_for_termination()


if __name__ == "__main__":
    asyncio.run(main())
