"""The ports: what a chain or a rate source implements, and what the daemon gives it.

All of them are Protocols: a plugin inherits nothing. Amounts are integers of the asset's smallest unit, times
are milliseconds since the Unix epoch, and a call that cannot do its work raises; the supervisor restarts what
it was called in.
"""

from collections.abc import Collection, Hashable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from enum import StrEnum
from typing import Protocol, runtime_checkable

import trio

from paydaemon.core.invoice import Destination
from paydaemon.core.money import Asset
from paydaemon.core.payment import ChainTime, Observation
from paydaemon.core.relay import Outcome, SignedTransfer


class HealthState(StrEnum):
    """Whether a chain can be trusted with new options."""

    STARTING = "starting"
    HEALTHY = "healthy"
    STALE = "stale"


@dataclass(frozen=True, slots=True)
class Health:
    """What a chain says of itself: its `state`. `reason` is for people, and empty while all is well."""

    state: HealthState
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Depths:
    """How many confirmations a chain's payments need.

    `default` is asked where nobody says otherwise, `least` is the fewest a seller may ask, and payments are
    watched until `final` of them.
    """

    default: int
    least: int
    final: int


@dataclass(frozen=True, slots=True)
class DestinationRequest:
    """What a destination is wanted for: the invoice `invoice_id` of the seller `seller_id`.

    `amount_minor` is in `asset`'s smallest unit. `expires_at_ms` is when the invoice expires; what is paid
    later is still to be told.
    """

    seller_id: str
    invoice_id: str
    asset: Asset
    amount_minor: int
    expires_at_ms: int


class Chain(Protocol):
    """One configured network, watched for credits to the destinations it issued."""

    @property
    def id(self) -> str:
        """The chain's id in the configuration."""

    @property
    def assets(self) -> tuple[Asset, ...]:
        """What can be owed here."""

    @property
    def depths(self) -> Depths:
        """How many confirmations payments need."""

    async def destination(self, index: int, request: DestinationRequest) -> Destination:
        """The destination of this index, always the same one. It is watched once this returns.

        The daemon reserves `index` durably first and never uses it again.
        """

    async def run(
        self, host: "ChainHost", *, task_status: trio.TaskStatus[None] = trio.TASK_STATUS_IGNORED
    ) -> None:
        """Watch until cancelled. `task_status.started()` says that destinations can be asked for.

        Raising means: restart me after a pause. A node that is away is not a reason to raise for good: the
        daemon keeps restarting.
        """

    def health(self) -> Health:
        """What this chain says of itself now. Must not wait."""


@dataclass(frozen=True, slots=True)
class SavedChain:
    """What the daemon kept for a chain: where it left off, and how far its indexes have been given out.

    `cursor` is whatever the chain last passed to `ChainHost.observe`. Every index below `next_index` may have
    been issued.
    """

    cursor: str | None
    next_index: int


class ChainHost(Protocol):
    """What the daemon gives a chain."""

    async def identify(self, identity: str) -> None:
        """Say which network and wallet this is, such as its genesis hash and the wallet's fingerprint.

        Stored at the first start. Called at each start of `Chain.run`, before anything is observed. Raises
        `ChainMismatch` where it differs from what is stored.
        """

    async def saved(self) -> SavedChain:
        """Where this chain left off."""

    async def destinations(self, *, after_index: int = -1, limit: int = 10_000) -> Sequence[Destination]:
        """What was issued here, by growing index."""

    async def unfinal(self) -> Sequence[Observation]:
        """Every recorded payment that more blocks may still change, as it was last observed, in any state.

        What was replaced, dropped or conflicted, and was recorded more than 30 days ago, is left out. If it
        comes back, tell it as any credit, with its old ref: by that it is the same payment.
        """

    async def observe(
        self, observations: Sequence[Observation], as_of: ChainTime | None, cursor: str | None
    ) -> None:
        """Tell what the chain now knows. Durable, and told to everybody who waits, once this returns.

        What is not mentioned stays as it is. `as_of` says up to when the chain has been seen complete; None
        where this was only a look at single transactions. `cursor` is kept with it, None leaves the old one.
        Raises `ValueError` for more observations at once than the daemon takes; up to 1000 it always takes.
        So it does for what no chain may say, such as a float, naming field and ref: nothing is recorded then.
        Of a `destination_key` that was not given out here, what cannot be stored is replaced, the end cut.
        """

    def looked(self, took_s: float) -> None:
        """Tell how many seconds one look at the network took, with all that came of it: for the metrics."""


class Relay(Protocol):
    """What passes on transactions that clients have signed: a second port, which a `Chain` may have too.

    A chain whose object has these methods relays. They are called by many at once, and while `Chain.run` runs
    or is started again: what raises meanwhile is tried again. A `Refusal` of any of them says by its code
    what is wrong (`paydaemon.core.relay.REFUSALS`); one whose type is not `invalid_request` says that it
    cannot be told now.
    """

    @property
    def payees(self) -> frozenset[str]:
        """The accounts of ours that transactions may pay."""

    def relay_health(self) -> Health:
        """Whether it can hand transactions over now, quickly. Nothing new is taken unless it is healthy.

        It need not be what `Chain.health` says: whoever cannot see payments may still pass them on. While it
        is starting, nothing that an earlier run has left is handed over or asked about.
        """

    def canonical(self, transaction_id: str) -> str:
        """The one form of a transaction's id, from any that people and wallets write.

        Raises `Refusal` for what is none.
        """

    def inspect(self, given: bytes | str, now_ms: int) -> SignedTransfer:
        """What a client has signed, from the bytes or the text that it sent.

        Pure, and quick: it may be called with anything. Raises `Refusal` naming the field at fault for what
        no node would take: other types, a broken structure, sums that are not zero, times that do not fit,
        and signatures that do not verify as far as that can be told without asking anybody.

        A later run of the daemon calls it with the `raw` that it returned, and the `now_ms` of then.
        """

    async def verify(self, transfer: SignedTransfer) -> None:
        """Check what needs the network, such as the keys of the accounts that pay.

        Raises `Refusal` naming the field at fault, also where the network cannot be asked.
        """

    async def submit(self, transfer: SignedTransfer, *, in_doubt: bool) -> Outcome:
        """Hand it to the network; returns its first answer, or what is known of its outcome already.

        It is called again for the same transaction where no answer was recorded, also by another run of the
        daemon. Then it is `in_doubt`: somebody may have taken it, and what is refused now proves nothing.
        That comes from the daemon's own record: no memory of the plugin's is needed for it. `failed` is said
        only where it is certain that nobody has taken it.
        """

    async def follow(self, transfer: SignedTransfer, so_far: Outcome) -> Outcome:
        """What became of it: returns once that is proven, or `unknown` after some patience.

        `so_far` is what the network has said of it until now. `succeeded` is said only of this very
        transaction, not of another one under the same id. What nobody is known to have taken may be handed
        over again meanwhile. Called again until it is proven, also by later runs of the daemon.
        """


@dataclass(frozen=True, slots=True)
class Reply:
    """What a network answers to a question.

    `kind` is the network's own name of what was asked, `code` its own word for how that went, and `content`
    what was answered, by names that the chain's plugin documents.
    """

    kind: str
    code: str
    content: Mapping[str, object] = field(default_factory=dict)


@runtime_checkable
class Inquiry(Protocol):
    """What answers questions in its network's own form: another port, which a `Chain` may have too."""

    async def ask(self, question: bytes, kinds: Collection[str], *, may_pay: bool, asker: Hashable) -> Reply:
        """What the network answers, or whoever else knows it.

        `asker` stands for all that counts as one client: whoever asks much is to keep nobody else waiting.

        Raises `Refusal` naming the field at fault for what is no question of one of these `kinds`, for one
        that its asker has signed a payment for unless it `may_pay`, and where nobody can be asked now.
        """


@dataclass(frozen=True, slots=True)
class PayTo:
    """What a payer is asked for: the `address` and `memo` that an invoice shows, and how much.

    `asset_code` is the asset's code on its chain, and `amount_minor` in its smallest unit.
    """

    address: str
    memo: str | None
    asset_code: str
    amount_minor: int


@dataclass(frozen=True, slots=True)
class Unsigned:
    """A transaction that pays, for its payer to sign, with its id `transaction_id` and for the node `node`.

    `unsigned` are the very bytes that a wallet signs, and `signer` is the payer as wallets of that network
    name it. What it may cost beside the payment is at most `max_fee_minor`, in the native asset's smallest
    unit. After `sign_before_ms` it is too late to hand it in.
    """

    transaction_id: str
    signer: str
    node: str
    unsigned: bytes
    max_fee_minor: int
    sign_before_ms: int


@runtime_checkable
class Preparing(Protocol):
    """What draws up payments for wallets to sign: another port, which a `Chain` that relays may have too."""

    def prepare(self, payer: str, to: PayTo, nodes: Collection[str], now_ms: int) -> Unsigned:
        """A transaction by which `payer` pays exactly that, a new one each time, valid from now on.

        `nodes` are those that the payer's wallet knows; one of them is chosen where the chain knows it too.
        Pure, and quick: nobody is asked, so it says nothing of whether there is such a payer, or what it
        has. No key is needed for it, and nothing is handed to anybody. Raises `Refusal`: with the code
        ``not_an_id`` or ``wrong_payer`` and the param ``payer`` for who cannot pay this, and with another
        type than `invalid_request` where none can be drawn up now.
        """


@runtime_checkable
class Prompt(Protocol):
    """A port for a `Chain` that does not hear of everything at once."""

    def look_now(self) -> None:
        """Look at the network at once, and not when the next look is due. Must not wait."""


class ChainMismatch(Exception):
    """The node or wallet is not the one that this database belongs to.

    `stored` is the identity that it does belong to, where that is what differs.
    """

    def __init__(self, message: str, stored: str | None = None) -> None:
        super().__init__(message)
        self.stored = stored


@dataclass(frozen=True, slots=True)
class Rate:
    """What one whole unit of `base` costs in `quote`, `value`: BTC in EUR at Decimal("60000.00").

    `at_ms` is of when that is, by the source's own word where it says one.
    """

    base: str
    quote: str
    value: Decimal
    at_ms: int


class RateHost(Protocol):
    """What the daemon gives a rate source."""

    def now_ms(self) -> int:
        """The daemon's clock."""

    def publish(self, rates: Sequence[Rate]) -> None:
        """Tell what the source now says. A pair that is not mentioned keeps its last rate.

        Raises `ValueError` for an impossible price, and for more pairs than are remembered of one source.
        """

    def failed(self, reason: str, pairs: Sequence[tuple[str, str]] = ()) -> None:
        """Tell in a sentence why nothing is known anew of these pairs (base and quote), or of any.

        Holds for each until it is published again. What was published before counts until it is too old.
        """


class RateSource(Protocol):
    """Somewhere prices come from."""

    @property
    def id(self) -> str:
        """The name that quotes carry as their source."""

    async def run(
        self, host: RateHost, *, task_status: trio.TaskStatus[None] = trio.TASK_STATUS_IGNORED
    ) -> None:
        """Publish rates until cancelled. `task_status.started()` says that the first ones are there."""
