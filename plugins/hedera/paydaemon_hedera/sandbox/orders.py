"""What the admin route is told to do, as models: nothing unknown is taken, and every mistake names its field.

Amounts are decimal strings of the smallest unit, as everywhere in JSON here.
"""

from typing import Annotated, Literal

from pydantic import Field, ValidationError

from paydaemon.hooks.settings import Settings
from paydaemon_hedera.proto import response_code_pb2 as rc
from paydaemon_hedera.sandbox.faults import MAX_DELAY_MS, Call, Fault, Kind
from paydaemon_hedera.sandbox.genesis import KeyKind
from paydaemon_hedera.sandbox.ledger import HBAR, CustomFee, FixedFee, FractionalFee
from paydaemon_hedera.sandbox.names import number

Amount = Annotated[str, Field(pattern=r"^\d{1,19}$")]
EntityId = Annotated[str, Field(pattern=r"^0\.0\.\d{1,18}$")]

MAX_TIMES = 1_000_000
MAX_DELAY_S = 600.0


class FaultOrder(Settings):
    """Something that is to go wrong; see docs/hedera-sandbox.md."""

    kind: Literal["code", "drop_before", "drop_after", "hang", "latency", "http", "hold"]
    call: Literal["submit", "receipt", "record", "file", "mirror"] = "submit"
    node: EntityId | None = None
    times: int | None = Field(default=1, ge=1, le=MAX_TIMES)
    code: str = Field(default="BUSY", max_length=100)
    delay_ms: int = Field(default=1_000, ge=0, le=MAX_DELAY_MS)

    def fault(self) -> Fault:
        """The fault that is meant. Raises `ValueError`."""
        kind = Kind(self.kind)
        only_mirror = kind in (Kind.HTTP, Kind.HOLD)
        call = Call.MIRROR if only_mirror else Call(self.call)
        if call is Call.MIRROR and kind in (Kind.CODE, Kind.DROP_AFTER, Kind.HANG):
            raise ValueError(f"the mirror node knows no fault of the kind {kind.value}")
        node = None if self.node is None else number(self.node)
        return Fault(kind, call, node, self.times, self._code(kind), self.delay_ms)

    def _code(self, kind: Kind) -> int:
        if kind is Kind.HTTP:
            return _status("503" if self.code == "BUSY" else self.code)
        if self.code not in rc.ResponseCodeEnum.keys():  # noqa: SIM118 - an enum of protobuf is no dict
            raise ValueError(f"code: there is no response code {self.code}")
        return rc.ResponseCodeEnum.Value(self.code)


def _status(text: str) -> int:
    if not (text.isascii() and text.isdigit() and 400 <= int(text) <= 599):
        raise ValueError("code: a status of HTTP is from 400 to 599")
    return int(text)


class AccountOrder(Settings):
    """An account to be made, with a key from the seed. -1 `auto_associations`: it takes any token."""

    account: EntityId | None = None
    type: Literal["ed25519", "ecdsa", "threshold"] = "ed25519"
    tinybars: Amount = "0"
    auto_associations: int = Field(default=0, ge=-1, le=5_000)

    @property
    def kind(self) -> KeyKind:
        """The kind of its key."""
        return KeyKind(self.type)


class FixedFeeOrder(Settings):
    """A fee that each sender pays: of `token`, or of HBAR."""

    collector: EntityId
    amount_minor: Amount
    token: EntityId | None = None


class FractionalFeeOrder(Settings):
    """A fee that is a fraction of what moves."""

    collector: EntityId
    numerator: int = Field(ge=1, le=1_000_000_000)
    denominator: int = Field(ge=1, le=1_000_000_000)
    least_minor: Amount = "0"
    most_minor: Amount = "0"
    net_of_transfers: bool = False


class TokenOrder(Settings):
    """A fungible token to be made, all of it the treasury's. A fixed fee in itself names its own id."""

    token: EntityId | None = None
    symbol: str = Field(min_length=1, max_length=100)
    name: str = Field(default="", max_length=100)
    decimals: int = Field(default=6, ge=0, le=18)
    supply_minor: Amount = "1000000000000000"
    treasury: EntityId = "0.0.2"
    fixed_fees: list[FixedFeeOrder] = Field(default=[], max_length=10)
    fractional_fees: list[FractionalFeeOrder] = Field(default=[], max_length=10)

    def fees(self) -> tuple[CustomFee, ...]:
        """Its custom fees, the fixed ones first."""
        fixed = (
            FixedFee(
                number(one.collector), int(one.amount_minor), HBAR if one.token is None else number(one.token)
            )
            for one in self.fixed_fees
        )
        fractional = (
            FractionalFee(
                number(one.collector),
                one.numerator,
                one.denominator,
                int(one.least_minor),
                int(one.most_minor),
                one.net_of_transfers,
            )
            for one in self.fractional_fees
        )
        return (*fixed, *fractional)


class AssociationOrder(Settings):
    """An account that is to hold a token from now on, and how much of it the treasury gives."""

    account: EntityId
    token: EntityId
    amount_minor: Amount = "0"


class PaymentOrder(Settings):
    """A payment by an account whose keys are known here; the payer is any that can where it is not named."""

    payee: EntityId
    amount_minor: Amount
    payer: EntityId | None = None
    token: EntityId | None = None
    memo: str = Field(default="", max_length=100)


class ClockOrder(Settings):
    """Time that is to pass at once."""

    advance_s: float = Field(gt=0, le=10 * 366 * 86_400, strict=False)


class SettingsOrder(Settings):
    """What is to be otherwise from now on; what is not named stays."""

    consensus_delay_s: float | None = Field(default=None, ge=0, le=MAX_DELAY_S, strict=False)
    mirror_lags_s: list[Annotated[float, Field(ge=0, le=MAX_DELAY_S, strict=False)]] | None = Field(
        default=None, min_length=1, max_length=16
    )
    mirror_down: bool | None = None
    nodes_down: list[EntityId] | None = Field(default=None, max_length=100)


def in_words(error: ValidationError) -> str:
    """The first thing that is wrong with an order, by its field."""
    first = error.errors(include_url=False, include_input=False)[0]
    field = ".".join(str(part) for part in first["loc"]) or "the body"
    return f"{field}: {first['msg']}"
