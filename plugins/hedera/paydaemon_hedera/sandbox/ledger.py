"""Who owns what: accounts, tokens, and balances that always add up to the same.

The ledger changes by `post` alone, which takes a whole list of changes or none of it.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from paydaemon_hedera.sandbox.keys import ContractKey, EcdsaKey, Key, evm_address

HBAR = 0
"""Stands among token numbers for HBAR, as token 0.0.0 does for wallets; amounts are tinybars."""

TOTAL_TINYBARS = 50_000_000_000 * 100_000_000

Changes = Mapping[tuple[int, int], int]
"""What (account, token) gains, or loses where it is negative."""


@dataclass(frozen=True, slots=True)
class FixedFee:
    """Taken from each sender: `amount_minor` of the token `token` (or `HBAR`), for the collector."""

    collector: int
    amount_minor: int
    token: int


@dataclass(frozen=True, slots=True)
class FractionalFee:
    """A fraction of what moves, from `least_minor` to `most_minor` (0: no bound).

    It is taken out of what receivers get, or where `net_of_transfers`, from the sender on top.
    """

    collector: int
    numerator: int
    denominator: int
    least_minor: int = 0
    most_minor: int = 0
    net_of_transfers: bool = False


CustomFee = FixedFee | FractionalFee


@dataclass(frozen=True, slots=True)
class Token:
    """A fungible token of the token service; all of it begins with the treasury."""

    number: int
    symbol: str
    name: str
    decimals: int
    supply_minor: int
    treasury: int
    fees: tuple[CustomFee, ...] = ()
    created_ns: int = 0


@dataclass(slots=True)
class Account:
    """One account. `tokens` are those it is associated with; of `auto_associations`, -1 means any number."""

    number: int
    key: Key
    auto_associations: int = 0
    created_ns: int = 0
    memo: str = ""
    tinybars: int = 0
    tokens: dict[int, int] = field(default_factory=dict)
    associated_ns: dict[int, int] = field(default_factory=dict)
    associated_by_itself: set[int] = field(default_factory=set)

    @property
    def alias(self) -> bytes | None:
        """The EVM address, which only a key of Ethereum's kind has."""
        return evm_address(self.key) if isinstance(self.key, EcdsaKey) else None


class Ledger:
    """Every account and every token of the network."""

    def __init__(self) -> None:
        self.accounts: dict[int, Account] = {}
        self.tokens: dict[int, Token] = {}
        self._aliases: dict[bytes, int] = {}

    def add_account(self, account: Account) -> None:
        """Take in a new account without a balance. Raises `ValueError` for a number that is taken."""
        self._refuse_taken(account.number)
        self.accounts[account.number] = account
        if account.alias is not None:
            self._aliases.setdefault(account.alias, account.number)

    def add_token(self, token: Token) -> None:
        """Take in a new token, all of it its treasury's. Raises `ValueError` for one that cannot be."""
        self._refuse_taken(token.number)
        for needed in (token.treasury, *(fee.collector for fee in token.fees)):
            if needed not in self.accounts:
                raise ValueError(f"there is no account 0.0.{needed}")
        for fee in token.fees:
            if isinstance(fee, FixedFee) and fee.token not in (HBAR, token.number, *self.tokens):
                raise ValueError(f"there is no token 0.0.{fee.token}")
        self.tokens[token.number] = token
        self.associate(token.treasury, token.number, token.created_ns)
        self.accounts[token.treasury].tokens[token.number] = token.supply_minor
        for fee in token.fees:
            self.associate(fee.collector, fee.token if isinstance(fee, FixedFee) else token.number, 0)

    def associate(self, account: int, token: int, now_ns: int, *, by_itself: bool = False) -> None:
        """Let an account hold a token; nothing changes where it may already."""
        if token == HBAR or token in self.accounts[account].tokens:
            return
        self.accounts[account].tokens[token] = 0
        self.accounts[account].associated_ns[token] = now_ns
        if by_itself:
            self.accounts[account].associated_by_itself.add(token)

    def is_contract(self, number: int) -> bool:
        """Whether there is a contract of this number."""
        return number in self.accounts and isinstance(self.accounts[number].key, ContractKey)

    def by_alias(self, alias: bytes) -> int | None:
        """The account with this EVM address, which may also be its number in 20 bytes."""
        if len(alias) == 20 and not any(alias[:12]):
            return int.from_bytes(alias[12:])
        return self._aliases.get(alias)

    def balance(self, account: int, token: int) -> int:
        """What an account has of a token, 0 also where it may hold none."""
        found = self.accounts[account]
        return found.tinybars if token == HBAR else found.tokens.get(token, 0)

    def post(self, changes: Changes) -> None:
        """Change balances, all or none. Raises `ValueError` where they would not add up or one is short."""
        sums: dict[int, int] = {}
        for (account, token), amount in changes.items():
            sums[token] = sums.get(token, 0) + amount
            if amount < 0 and self.balance(account, token) + amount < 0:
                raise ValueError(f"0.0.{account} would hold less than nothing of 0.0.{token}")
        if any(sums.values()):
            raise ValueError("what is lost and what is gained differ")
        for (account, token), amount in changes.items():
            self._add(account, token, amount)

    def total(self, token: int) -> int:
        """The sum of all balances."""
        return sum(self.balance(account, token) for account in self.accounts)

    def _add(self, account: int, token: int, amount: int) -> None:
        found = self.accounts[account]
        if token == HBAR:
            found.tinybars += amount
        elif amount:
            found.tokens[token] += amount

    def _refuse_taken(self, number: int) -> None:
        if number in self.accounts or number in self.tokens:
            raise ValueError(f"0.0.{number} is taken")
