"""What a node answers to queries: receipts for nothing, records and files for a payment, balances no more.

The cost of a record is told first, to whoever asks for it (`COST_ANSWER`); then the record, to whoever has
put a signed transfer to the node into the question. What a file holds is told in the same way, but that it is
paid for before it is looked for. Source: hiero-consensus-node, `QueryWorkflowImpl`, `FileGetContentsHandler`.
"""

from paydaemon_hedera.proto import response_code_pb2 as rc
from paydaemon_hedera.proto.basic_types_pb2 import TransactionID
from paydaemon_hedera.proto.crypto_get_account_balance_pb2 import CryptoGetAccountBalanceResponse
from paydaemon_hedera.proto.file_get_contents_pb2 import FileGetContentsResponse
from paydaemon_hedera.proto.query_header_pb2 import ANSWER_ONLY, COST_ANSWER, QueryHeader
from paydaemon_hedera.proto.query_pb2 import Query
from paydaemon_hedera.proto.response_header_pb2 import ResponseHeader
from paydaemon_hedera.proto.response_pb2 import Response
from paydaemon_hedera.proto.transaction_get_receipt_pb2 import TransactionGetReceiptResponse
from paydaemon_hedera.proto.transaction_get_record_pb2 import TransactionGetRecordResponse
from paydaemon_hedera.sandbox.envelope import open_envelope
from paydaemon_hedera.sandbox.faults import Call, Kind
from paydaemon_hedera.sandbox.fees import FILE_TINYBARS, RECORD_TINYBARS
from paydaemon_hedera.sandbox.files import Files
from paydaemon_hedera.sandbox.history import UNKNOWN, to_receipt, to_record
from paydaemon_hedera.sandbox.names import TransactionName, name_of
from paydaemon_hedera.sandbox.network import Network
from paydaemon_hedera.sandbox.refusal import Refused, require


def receipt(network: Network, node: int, query: Query) -> Response:
    """The receipt, UNKNOWN until consensus, and nothing once its life is over."""
    asked = query.transactionGetReceipt
    try:
        _strike(network, Call.RECEIPT, node)
        name = _named(asked.transactionID)
        require(network.knows(node, name), rc.RECEIPT_NOT_FOUND)
    except Refused as refused:
        return Response(transactionGetReceipt=TransactionGetReceiptResponse(header=_header(refused)))
    receipts = [to_receipt(one) for one in network.handled(name)] or [UNKNOWN]
    return Response(
        transactionGetReceipt=TransactionGetReceiptResponse(
            header=ResponseHeader(nodeTransactionPrecheckCode=rc.OK, responseType=ANSWER_ONLY),
            receipt=receipts[0],
            duplicateTransactionReceipts=receipts[1:] if asked.includeDuplicates else (),
        )
    )


def record(network: Network, node: int, query: Query) -> Response:
    """The record, once consensus has handled it and the question is paid for; or what it costs."""
    asked = query.transactionGetRecord
    header = ResponseHeader(nodeTransactionPrecheckCode=rc.OK, responseType=asked.header.responseType)
    try:
        _strike(network, Call.RECORD, node)
        if asked.header.responseType == COST_ANSWER:
            header.cost = RECORD_TINYBARS
            return Response(transactionGetRecord=TransactionGetRecordResponse(header=header))
        require(asked.header.responseType == ANSWER_ONLY, rc.NOT_SUPPORTED)
        handled = network.handled(_named(asked.transactionID))
        require(handled, rc.RECORD_NOT_FOUND)
        _collect(network, node, asked.header, RECORD_TINYBARS)
    except Refused as refused:
        return Response(transactionGetRecord=TransactionGetRecordResponse(header=_header(refused)))
    records = [to_record(one) for one in handled]
    return Response(
        transactionGetRecord=TransactionGetRecordResponse(
            header=header,
            transactionRecord=records[0],
            duplicateTransactionRecords=records[1:] if asked.includeDuplicates else (),
        )
    )


def file_contents(files: Files, network: Network, node: int, query: Query) -> Response:
    """What a file holds, once the question is paid for; or what it costs, which is nothing for no file."""
    asked = query.fileGetContents
    header = ResponseHeader(nodeTransactionPrecheckCode=rc.OK, responseType=asked.header.responseType)
    found = files.contents(asked.fileID.fileNum)
    cost, told = 0 if found is None else FILE_TINYBARS, None
    try:
        _strike(network, Call.FILE, node)
        if asked.header.responseType == COST_ANSWER:
            require(asked.HasField("fileID"), rc.INVALID_FILE_ID)
            header.cost = cost
        else:
            require(asked.header.responseType == ANSWER_ONLY, rc.NOT_SUPPORTED)
            _collect(network, node, asked.header, cost)
            require(found is not None, rc.INVALID_FILE_ID)
            told = FileGetContentsResponse.FileContents(fileID=asked.fileID, contents=found)
    except Refused as refused:
        header = _header(refused)
    return Response(fileGetContents=FileGetContentsResponse(header=header, fileContents=told))


def balance(_: Network, __: int, ___: Query) -> Response:
    """Nodes tell balances no more: the mirror node does."""
    header = ResponseHeader(nodeTransactionPrecheckCode=rc.NOT_SUPPORTED)
    return Response(cryptogetAccountBalance=CryptoGetAccountBalanceResponse(header=header))


def _strike(network: Network, call: Call, node: int) -> None:
    fault = network.faults.strike(Kind.CODE, call, node)
    if fault is not None:
        raise Refused(fault.code)  # type: ignore[arg-type]


def _named(id: TransactionID) -> TransactionName:
    require(id.HasField("accountID") and id.HasField("transactionValidStart"), rc.INVALID_TRANSACTION_ID)
    return name_of(id)


def _collect(network: Network, node: int, header: QueryHeader, cost_tinybars: int) -> None:
    """Take the payment. It is a transaction like any other, which the node gets at least the cost by."""
    raw = header.payment.SerializeToString()
    amounts = open_envelope(raw).body.cryptoTransfer.transfers.accountAmounts
    paid = sum(one.amount for one in amounts if one.accountID.accountNum == node)
    require(paid > 0, rc.INVALID_RECEIVING_NODE_ACCOUNT)
    if paid < cost_tinybars:
        raise Refused(rc.INSUFFICIENT_TX_FEE, cost_tinybars)
    taken = network.submit(node, raw)
    if taken.code != rc.OK:
        raise Refused(taken.code, taken.cost_tinybars)


def _header(refused: Refused) -> ResponseHeader:
    return ResponseHeader(nodeTransactionPrecheckCode=refused.code, cost=refused.cost_tinybars)
