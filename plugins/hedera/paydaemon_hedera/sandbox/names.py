"""How ids and times are written: by a number inside, as text to people, with dashes by the mirror node.

One shard and one realm, both 0, as on every public network. Times are nanoseconds since the Unix epoch.
"""

import re
from dataclasses import dataclass

from paydaemon_hedera.proto.basic_types_pb2 import AccountID, ContractID, TokenID, TransactionID
from paydaemon_hedera.proto.timestamp_pb2 import Timestamp

SECOND_NS = 1_000_000_000
SEED = "paydaemon"
"""What the private keys are made from, where nobody says otherwise."""

_ENTITY = re.compile(r"(?:0\.0\.)?(\d{1,18})", re.ASCII)
_TRANSACTION = re.compile(r"0\.0\.(\d{1,18})-(\d{1,12})-(\d{9})", re.ASCII)
_TIME = re.compile(r"(\d{1,12})(?:\.(\d{1,9}))?", re.ASCII)


@dataclass(frozen=True, slots=True, order=True)
class TransactionName:
    """What names a transaction: its payer's number and from when it is valid."""

    payer: int
    start_ns: int

    def __str__(self) -> str:
        return f"{entity(self.payer)}@{time_text(self.start_ns)}"

    @property
    def dashed(self) -> str:
        """As the mirror node writes it."""
        return f"{entity(self.payer)}-{time_text(self.start_ns).replace('.', '-')}"


def entity(number: int) -> str:
    """An account or a token as text."""
    return f"0.0.{number}"


def number(text: str) -> int:
    """The number of an account or a token, written ``0.0.n`` or ``n``. Raises `ValueError`."""
    found = _ENTITY.fullmatch(text)
    if found is None:
        raise ValueError(f"{text!r} is no id: they are written 0.0.1234")
    return int(found[1])


def time_text(time_ns: int) -> str:
    """Seconds with all nine digits behind the point."""
    return f"{time_ns // SECOND_NS}.{time_ns % SECOND_NS:09}"


def time_ns(text: str) -> int:
    """Seconds, with up to nine digits behind the point. Raises `ValueError`."""
    found = _TIME.fullmatch(text)
    if found is None:
        raise ValueError(f"{text!r} is no time: they are written 1700000000.000000001")
    return int(found[1]) * SECOND_NS + int((found[2] or "").ljust(9, "0"))


def parse_dashed(text: str) -> TransactionName:
    """A transaction as the mirror node writes it. Raises `ValueError`."""
    found = _TRANSACTION.fullmatch(text)
    if found is None:
        raise ValueError(f"{text!r} is no transaction id: they are written 0.0.1001-1700000000-000000001")
    return TransactionName(int(found[1]), int(found[2]) * SECOND_NS + int(found[3]))


def name_of(id: TransactionID) -> TransactionName:
    """What a protobuf names."""
    start = id.transactionValidStart
    return TransactionName(id.accountID.accountNum, start.seconds * SECOND_NS + start.nanos)


def to_id(name: TransactionName) -> TransactionID:
    """The protobuf that names it."""
    return TransactionID(accountID=to_account(name.payer), transactionValidStart=to_timestamp(name.start_ns))


def to_account(number: int) -> AccountID:
    """An account as protobuf."""
    return AccountID(accountNum=number)


def to_token(number: int) -> TokenID:
    """A token as protobuf."""
    return TokenID(tokenNum=number)


def to_contract(number: int) -> ContractID:
    """A contract as protobuf."""
    return ContractID(contractNum=number)


def to_timestamp(time_ns: int) -> Timestamp:
    """A time as protobuf."""
    return Timestamp(seconds=time_ns // SECOND_NS, nanos=time_ns % SECOND_NS)
