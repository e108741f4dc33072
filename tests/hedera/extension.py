"""What Hedera's old browser extension sends, byte for byte: bodies in the oldest envelope, and queries.

Its protobufs are written in the order of their fields, without zeros; the recipients come first and who pays
last, and the one signature stands in the list twice.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from nacl.signing import SigningKey

from paydaemon_hedera.proto.basic_types_pb2 import AccountID, FileID, Signature, SignatureList
from paydaemon_hedera.proto.crypto_get_account_balance_pb2 import CryptoGetAccountBalanceQuery
from paydaemon_hedera.proto.file_get_contents_pb2 import FileGetContentsQuery
from paydaemon_hedera.proto.query_header_pb2 import ANSWER_ONLY, QueryHeader
from paydaemon_hedera.proto.query_pb2 import Query
from paydaemon_hedera.proto.transaction_get_receipt_pb2 import TransactionGetReceiptQuery
from paydaemon_hedera.proto.transaction_pb2 import Transaction, TransactionBody

FEE_TINYBARS = 200_000
DURATION_S = 60
AGO_S = 5
"""So long before it signs is what it signs valid."""


@dataclass(frozen=True, slots=True)
class Extension:
    """One of an account, which deals with one node. `now_ns` is its clock."""

    account: int
    secret: bytes
    now_ns: Callable[[], int]
    node: int = 3

    def transfer(self, recipients: Sequence[tuple[int, int]], memo: str = "ANON,POST") -> bytes:
        """What it sends as CRYPTOTRANSFER: so many tinybars to each recipient."""
        return self._signed(self._transfer(recipients, memo), times=2)

    def call(self, contract: int, gas: int, tinybars: int, memo: str = "ANON,POST") -> bytes:
        """What it sends as CONTRACTCALL."""
        body = self._body(memo)
        body.contractCall.contractID.contractNum = contract
        body.contractCall.gas = gas
        body.contractCall.amount = tinybars
        body.contractCall.functionParameters = b"\xd0\xe3\x0d\xb0"
        return self._signed(body, times=2)

    def receipt(self, transaction: bytes) -> bytes:
        """What it sends as TRANSACTIONGETRECEIPT; the payment in it is a body that does nothing."""
        id = Transaction.FromString(transaction).body.transactionID
        idle = TransactionBody(transactionID=id, nodeAccountID=AccountID(accountNum=self.node))
        idle.transactionValidDuration.seconds = DURATION_S
        asked = TransactionGetReceiptQuery(header=self._header(idle, times=1), transactionID=id)
        return Query(transactionGetReceipt=asked).SerializeToString()

    def balance(self, account: int) -> bytes:
        """What it sends as CRYPTOGETACCOUNTBALANCE, with a payment to the node."""
        header = self._header(self._transfer([(self.node, 100_000)], ""))
        asked = CryptoGetAccountBalanceQuery(header=header, accountID=AccountID(accountNum=account))
        return Query(cryptogetAccountBalance=asked).SerializeToString()

    def contents(self, file: int, tinybars: int = 100_000) -> bytes:
        """What it sends as FILEGETCONTENTS, paid for."""
        header = self._header(self._transfer([(self.node, tinybars)], ""))
        asked = FileGetContentsQuery(header=header, fileID=FileID(fileNum=file))
        return Query(fileGetContents=asked).SerializeToString()

    def _transfer(self, recipients: Sequence[tuple[int, int]], memo: str) -> TransactionBody:
        body = self._body(memo)
        sender = (self.account, -sum(tinybars for _, tinybars in recipients))
        for account, tinybars in (*recipients, sender):
            moved = body.cryptoTransfer.transfers.accountAmounts.add(amount=tinybars)
            moved.accountID.accountNum = account
        return body

    def _body(self, memo: str) -> TransactionBody:
        body = TransactionBody(transactionFee=FEE_TINYBARS, generateRecord=True, memo=memo)
        start = body.transactionID.transactionValidStart
        start.seconds, start.nanos = divmod(self.now_ns() - AGO_S * 10**9, 10**9)
        body.transactionID.accountID.accountNum = self.account
        body.nodeAccountID.accountNum = self.node
        body.transactionValidDuration.seconds = DURATION_S
        return body

    def _signed(self, body: TransactionBody, times: int) -> bytes:
        return self._envelope(body, times).SerializeToString()

    def _envelope(self, body: TransactionBody, times: int) -> Transaction:
        signature = SigningKey(self.secret).sign(body.SerializeToString()).signature
        sigs = SignatureList(sigs=[Signature(ed25519=signature)] * times)
        return Transaction(body=body, sigs=sigs)

    def _header(self, body: TransactionBody, times: int = 2) -> QueryHeader:
        return QueryHeader(payment=self._envelope(body, times), responseType=ANSWER_ONLY)
