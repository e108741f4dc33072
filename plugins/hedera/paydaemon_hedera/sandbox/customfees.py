"""The fees that tokens take by their own rules. Pure: moves in, moves and what was taken out.

A fixed fee is paid by each sender, a fractional one out of what the receivers get, or on top by the sender
where it is net of transfers. Fees in another token are transfers of their own, a level further on, and may
cost fees again. Treasuries pay none, nor does a collector the fee that it collects. Source:
hiero-consensus-node, `CustomFeeAssessmentStep` and the assessors it calls.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from paydaemon_hedera.proto import response_code_pb2 as rc
from paydaemon_hedera.sandbox.ledger import FixedFee, FractionalFee, Token
from paydaemon_hedera.sandbox.refusal import require

MAX_LEVEL = 2
"""How often fees may cost fees again (the node's `tokens.maxCustomFeeDepth`)."""

MAX_BALANCE_CHANGES = 20
"""How many balances one transaction may change once there are fees (`ledger.xferBalanceChanges.maxLen`)."""

Moves = dict[int, dict[int, int]]
"""What each account gains or loses, by token; HBAR is token `HBAR`."""


@dataclass(frozen=True, slots=True)
class Assessed:
    """A fee that was taken: how much of which token, for whom, and who has less than without it."""

    amount_minor: int
    token: int
    collector: int
    payers: tuple[int, ...]


@dataclass(slots=True)
class _Level:
    """One level of transfers while its fees are worked out; `next` collects the fees in other tokens."""

    given: Mapping[int, Mapping[int, int]]
    moves: Moves
    next: Moves = field(default_factory=dict)
    assessed: list[Assessed] = field(default_factory=list)

    def take(self, token: Token, sender: int, fee: FixedFee) -> None:
        """Let a sender pay a fixed fee."""
        where = self.moves if fee.token == token.number else self.next
        _move(where, fee.token, sender, -fee.amount_minor)
        _move(where, fee.token, fee.collector, fee.amount_minor)
        self.assessed.append(Assessed(fee.amount_minor, fee.token, fee.collector, (sender,)))


def assess(moves: Moves, tokens: Mapping[int, Token]) -> tuple[list[Moves], list[Assessed]]:
    """The levels of transfers that these moves become, and all fees taken. Raises `Refused`."""
    levels: list[Moves] = []
    assessed: list[Assessed] = []
    while moves:
        require(len(levels) <= MAX_LEVEL, rc.CUSTOM_FEE_CHARGING_EXCEEDED_MAX_RECURSION_DEPTH)
        level = _assess_level(moves, tokens)
        levels.append(level.moves)
        assessed += level.assessed
        moves = level.next
    changed = {(account, token) for one in levels for token, amounts in one.items() for account in amounts}
    few = not assessed or len(changed) <= MAX_BALANCE_CHANGES
    require(few, rc.CUSTOM_FEE_CHARGING_EXCEEDED_MAX_ACCOUNT_AMOUNTS)
    return levels, assessed


def _assess_level(moves: Moves, tokens: Mapping[int, Token]) -> _Level:
    level = _Level(moves, {token: dict(amounts) for token, amounts in moves.items()})
    for number, amounts in moves.items():
        token = tokens.get(number)
        if token is None or not token.fees:
            continue
        for sender, amount in amounts.items():
            if amount < 0 and sender != token.treasury:
                _assess_sender(level, token, sender)
    return level


def _assess_sender(level: _Level, token: Token, sender: int) -> None:
    """All fees of one sender. What is taken out of the receivers' part cannot be more than was sent."""
    given = level.given[token.number]
    sent = left = -given[sender]
    for fee in token.fees:
        if sender == fee.collector:
            continue
        match fee:
            case FixedFee():
                level.take(token, sender, fee)
            case FractionalFee() if not any(_gains(given, token, fee)):
                continue
            case FractionalFee(net_of_transfers=True):
                owed = _bounded(sent * fee.numerator // fee.denominator, fee)
                level.take(token, sender, FixedFee(fee.collector, owed, token.number))
            case FractionalFee():
                left -= _assess_fraction(level, token, sent, fee)
        require(left >= 0, rc.INSUFFICIENT_SENDER_ACCOUNT_BALANCE_FOR_CUSTOM_FEE)


def _assess_fraction(level: _Level, token: Token, sent: int, fee: FractionalFee) -> int:
    """Take one sender's share of a fee out of what is received; returns how much that is."""
    given = level.given[token.number]
    gains = dict(_gains(given, token, fee))
    exempt = (token.treasury, fee.collector)
    debits = -sum(amount for account, amount in given.items() if amount < 0 and account not in exempt)
    owed = _bounded(sum(gains.values()) * fee.numerator // fee.denominator, fee) * sent // debits
    if owed:
        _reclaim(level, token, owed, fee)
        level.assessed.append(Assessed(owed, token.number, fee.collector, tuple(gains)))
    return owed


def _reclaim(level: _Level, token: Token, owed: int, fee: FractionalFee) -> None:
    """Take it out of what the receivers still get, by shares; what rounding leaves, in their order."""
    remaining = dict(_gains(level.moves[token.number], token, fee))
    available = sum(remaining.values())
    require(owed <= available, rc.INSUFFICIENT_SENDER_ACCOUNT_BALANCE_FOR_CUSTOM_FEE)
    taken = {account: amount * owed // available for account, amount in remaining.items()}
    left = owed - sum(taken.values())
    for account, amount in remaining.items():
        more = min(left, amount - taken[account])
        left -= more
        _move(level.moves, token.number, account, -(taken[account] + more))
    _move(level.moves, token.number, fee.collector, owed)


def _gains(amounts: Mapping[int, int], token: Token, fee: FractionalFee) -> Iterator[tuple[int, int]]:
    """What those get who pay this fee."""
    for account, amount in amounts.items():
        if amount > 0 and account not in (token.treasury, fee.collector):
            yield account, amount


def _bounded(amount: int, fee: FractionalFee) -> int:
    amount = max(amount, fee.least_minor)
    return min(amount, fee.most_minor) if fee.most_minor else amount


def _move(moves: Moves, token: int, account: int, amount: int) -> None:
    amounts = moves.setdefault(token, {})
    amounts[account] = amounts.get(account, 0) + amount
