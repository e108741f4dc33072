"""The network: one machine with one lock, whoever calls it from whatever thread.

There is no consensus to run in the background. What a node takes gets its consensus time at once, a while
ahead; whoever looks next lets everything be handled whose time has come. So what anybody sees depends on the
clock alone.
"""

import threading
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial

from paydaemon_hedera.proto import response_code_pb2 as rc
from paydaemon_hedera.sandbox.clock import Clock
from paydaemon_hedera.sandbox.envelope import Envelope
from paydaemon_hedera.sandbox.faults import Call, Faults, Kind
from paydaemon_hedera.sandbox.handling import handle
from paydaemon_hedera.sandbox.history import Handled, History, has_receipt
from paydaemon_hedera.sandbox.ledger import HBAR, Account, Ledger, Token
from paydaemon_hedera.sandbox.names import SECOND_NS, TransactionName
from paydaemon_hedera.sandbox.precheck import Place, Stage, precheck
from paydaemon_hedera.sandbox.refusal import Refused

MAX_PENDING = 10_000
MAX_SUBMISSIONS_KEPT = 1_000
PURGE_ABOVE = 10_000

MILLISECOND_NS = 1_000_000


Strike = Callable[[Stage], "rc.ResponseCodeEnum | None"]
"""The code of a fault that strikes at a stage of a node's checks, or None."""


@dataclass(frozen=True, slots=True)
class Submission:
    """Something that was handed to a node, whatever it was, and the code that it answered."""

    at_ns: int
    node: int
    raw: bytes
    code: rc.ResponseCodeEnum
    cost_tinybars: int = 0
    name: TransactionName | None = None


@dataclass(frozen=True, slots=True)
class _Pending:
    """What a node has taken, until its consensus time has come."""

    envelope: Envelope
    node: int
    at_ns: int


@dataclass(slots=True)
class _Node:
    """What one node remembers: the transactions it has taken, and above how many it forgets some."""

    number: int
    known: set[TransactionName] = field(default_factory=set)
    purge_above: int = PURGE_ABOVE


class Network:
    """Accounts, nodes and history. `consensus_delay_s` is how long it takes from a node to consensus."""

    def __init__(
        self,
        ledger: Ledger,
        nodes: Sequence[int],
        clock: Clock,
        faults: Faults,
        consensus_delay_s: float = 0.5,
    ) -> None:
        self.lock = threading.RLock()
        self.clock = clock
        self.faults = faults
        self.consensus_delay_s = consensus_delay_s
        self.submissions: deque[Submission] = deque(maxlen=MAX_SUBMISSIONS_KEPT)
        self.submitted = 0
        self._ledger = ledger
        self._history = History()
        self._nodes = {number: _Node(number) for number in nodes}
        self._pending: deque[_Pending] = deque()
        self._last_ns = 0

    @property
    def nodes(self) -> tuple[int, ...]:
        """The nodes' accounts."""
        return tuple(self._nodes)

    @property
    def ledger(self) -> Ledger:
        """Everybody's balances, as of now. Hold `lock` while looking."""
        self.catch_up()
        return self._ledger

    @property
    def history(self) -> History:
        """Everything handled by now. Hold `lock` while looking."""
        self.catch_up()
        return self._history

    # --- What nodes do

    def submit(self, node: int, raw: bytes, *, is_spared: bool = False) -> Submission:
        """Hand the bytes of a `Transaction` to a node; returns what it answers.

        One that `is_spared` gets no code by a fault, and uses none up.
        """
        with self.lock:
            self.catch_up()
            strike = _spare if is_spared else partial(self.faults.code_at, node=node)
            answer = self._answer(node, raw, strike)
            self.submissions.append(answer)
            self.submitted += 1
            return answer

    def knows(self, node: int, name: TransactionName) -> bool:
        """Whether a node has a receipt: it has taken it, or consensus has handled it, not too long ago."""
        with self.lock:
            self.catch_up()
            if not has_receipt(name, self.clock.now_ns()):
                return False
            return name in self._nodes[node].known or bool(self._history.named(name))

    def handled(self, name: TransactionName) -> Sequence[Handled]:
        """The transaction and its duplicates once consensus has handled it, while there is a receipt."""
        with self.lock:
            self.catch_up()
            alive = has_receipt(name, self.clock.now_ns())
            return tuple(self._history.named(name)) if alive else ()

    def _answer(self, node: int, raw: bytes, strike: Strike) -> Submission:
        now_ns = self.clock.now_ns()
        known = self._nodes[node].known
        place = Place(node, now_ns, self._ledger, known.__contains__, strike)
        try:
            envelope = precheck(raw, place)
            self._take(node, envelope, now_ns)
        except Refused as refused:
            return Submission(now_ns, node, raw, refused.code, refused.cost_tinybars)
        return Submission(now_ns, node, raw, rc.OK, name=envelope.name)

    def _take(self, node: int, envelope: Envelope, now_ns: int) -> None:
        if len(self._pending) >= MAX_PENDING:
            raise Refused(rc.BUSY)
        self._nodes[node].known.add(envelope.name)
        self._purge(self._nodes[node], now_ns)
        self._last_ns = max(self._last_ns + 1, now_ns + int(self.consensus_delay_s * SECOND_NS))
        self._pending.append(_Pending(envelope, node, self._last_ns))

    def _purge(self, node: _Node, now_ns: int) -> None:
        """Forget what is too old to come again; not each time, so that it costs little."""
        if len(node.known) > node.purge_above:
            node.known = {name for name in node.known if has_receipt(name, now_ns)}
            node.purge_above = max(PURGE_ABOVE, 2 * len(node.known))

    # --- Consensus

    def catch_up(self) -> None:
        """Handle everything whose time has come."""
        with self.lock:
            now_ns = self.clock.now_ns()
            while self._pending and self._pending[0].at_ns <= now_ns:
                self._handle(self._pending.popleft())

    def _handle(self, one: _Pending) -> None:
        seen = self._history.seen(one.envelope.name, one.node)
        effect = handle(one.envelope, self._ledger, one.at_ns, seen)
        for account, token in effect.associations:
            self._ledger.associate(account, token, one.at_ns, by_itself=True)
        self._ledger.post(effect.changes)
        hold = self.faults.strike(Kind.HOLD, Call.MIRROR)
        held_ns = 0 if hold is None else hold.delay_ms * MILLISECOND_NS
        self._history.add(Handled(one.envelope, one.node, one.at_ns, effect, held_ns))

    # --- What no transaction does here

    def add_account(self, account: Account, tinybars: int, treasury: int) -> None:
        """Let there be an account, paid by the treasury. Raises `ValueError`."""
        with self.lock:
            if self.ledger.balance(treasury, HBAR) < tinybars:
                raise ValueError(f"0.0.{treasury} has less than {tinybars} tinybars")
            self.ledger.add_account(account)
            self.ledger.post({(treasury, HBAR): -tinybars, (account.number, HBAR): tinybars})

    def add_token(self, token: Token) -> None:
        """Let there be a token, all of it its treasury's. Raises `ValueError`."""
        with self.lock:
            self.ledger.add_token(token)

    def give(self, account: int, token: int, amount_minor: int) -> None:
        """Associate an account with a token and move some from its treasury. Raises `ValueError`."""
        with self.lock:
            treasury = self.ledger.tokens[token].treasury
            self.ledger.associate(account, token, self.clock.now_ns())
            if account != treasury:
                self.ledger.post({(treasury, token): -amount_minor, (account, token): amount_minor})


def _spare(_: Stage) -> None:
    """No fault strikes."""
