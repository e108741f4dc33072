"""A network without sockets, whose time stands still until a test moves it."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from paydaemon_hedera.proto import response_code_pb2 as rc
from paydaemon_hedera.proto.query_pb2 import Query
from paydaemon_hedera.proto.response_pb2 import Response
from paydaemon_hedera.proto.transaction_get_receipt_pb2 import TransactionGetReceiptQuery
from paydaemon_hedera.proto.transaction_pb2 import TransactionBody
from paydaemon_hedera.sandbox import queries
from paydaemon_hedera.sandbox.clock import Clock
from paydaemon_hedera.sandbox.faults import Faults
from paydaemon_hedera.sandbox.genesis import PAYEE, PrivateKey, default_holders, genesis
from paydaemon_hedera.sandbox.ledger import HBAR
from paydaemon_hedera.sandbox.names import SECOND_NS, TransactionName, to_id
from paydaemon_hedera.sandbox.network import Network, Submission
from paydaemon_hedera.sandbox.wallet import sign, transfer_body

NOW_NS = 1_700_000_000 * SECOND_NS
ALICE, BOB, BOARD = 1002, 1003, 1004
"""By ed25519, by ECDSA, and by two of three keys."""

DELAY_S = 2.0


def code_name(code: int) -> str:
    return rc.ResponseCodeEnum.Name(code)


@dataclass(slots=True)
class World:
    """A network of the nodes 0.0.3 and 0.0.4 with the default accounts."""

    clock: Clock = field(default_factory=lambda: Clock(lambda: NOW_NS))
    faults: Faults = field(default_factory=Faults)
    network: Network = field(init=False)
    started: int = 0

    def __post_init__(self) -> None:
        ledger = genesis([3, 4], default_holders(), NOW_NS)
        self.network = Network(ledger, [3, 4], self.clock, self.faults, DELAY_S)

    def name(self, payer: int = ALICE, ago_s: float = 1) -> TransactionName:
        """A new one each time."""
        self.started += 1
        return TransactionName(payer, self.clock.now_ns() - int(ago_s * SECOND_NS) + self.started)

    def keys(self, *numbers: int) -> list[PrivateKey]:
        held = {one.number: one for one in default_holders()}
        return [key for number in numbers for key in held[number].signers]

    def body(
        self,
        moves: Mapping[int, Mapping[int, int]] | None = None,
        *,
        name: TransactionName | None = None,
        node: int = 3,
        change: Callable[[TransactionBody], object] | None = None,
    ) -> TransactionBody:
        """A transfer of 100 tinybars from Alice to the payee, or another one."""
        moves = {HBAR: {ALICE: -100, PAYEE: 100}} if moves is None else moves
        body = transfer_body(name or self.name(), node, moves)
        if change is not None:
            change(body)
        return body

    def submit(
        self, body: TransactionBody, keys: Sequence[PrivateKey] | None = None, node: int = 3
    ) -> Submission:
        signers = self.keys(ALICE) if keys is None else keys
        return self.network.submit(node, sign(body, signers))

    def pass_time(self, seconds: float = DELAY_S) -> None:
        self.clock.advance(seconds)

    def receipt(self, name: TransactionName, node: int = 3, *, duplicates: bool = False) -> Response:
        asked = TransactionGetReceiptQuery(transactionID=to_id(name), includeDuplicates=duplicates)
        return queries.receipt(self.network, node, Query(transactionGetReceipt=asked))

    def status(self, name: TransactionName, node: int = 3) -> str:
        """The receipt's status, or why there is none."""
        answer = self.receipt(name, node).transactionGetReceipt
        header = answer.header.nodeTransactionPrecheckCode
        return code_name(answer.receipt.status if header == rc.OK else header)

    def outcome(self, body: TransactionBody, keys: Sequence[PrivateKey] | None = None) -> str:
        """Submit it, wait for consensus, and tell the receipt's status. Raises where the node refuses it."""
        taken = self.submit(body, keys)
        assert taken.code == rc.OK, code_name(taken.code)
        assert taken.name is not None
        self.pass_time()
        return self.status(taken.name)

    def balance(self, account: int, token: int = HBAR) -> int:
        return self.network.ledger.balance(account, token)
