"""Relays: what a client has signed and handed to us, and what became of it.

A chain's plugin reads the bytes and says what they would do: a `SignedTransfer`. Whether it may be passed on
is decided by policy against the open invoices, and what became of it comes back as an `Outcome`. None of it
credits anything: what really moved is observed on the chain, like every other payment.
"""

from dataclasses import dataclass, replace
from enum import StrEnum

from paydaemon.core.access import Principal


class RelayStatus(StrEnum):
    """Where a relay stands. Names are part of the public interface.

    `unknown` is an outcome that nobody can tell yet: it stays until one is proven.
    """

    RECEIVED = "received"
    ACCEPTED = "accepted"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    UNKNOWN = "unknown"

    @property
    def is_final(self) -> bool:
        """Whether nothing more can become of it."""
        return self in (RelayStatus.SUCCEEDED, RelayStatus.FAILED)


REFUSALS = frozenset(
    {
        "invalid_transaction", "unsupported_transaction", "transaction_expired", "transaction_too_early",
        "invalid_signature",
    }
)  # fmt: skip
"""The codes by which a chain may refuse what a client has signed. Any other is told as the first of them."""


@dataclass(frozen=True, slots=True)
class Transfer:
    """What one `account` gains of one asset by a transaction, or loses where `amount_minor` is negative.

    `asset_code` is the asset's code on its chain, also of assets that are not configured. `destination_key`
    is what a credit to this account would be recognised by (`paydaemon.core.invoice.Destination`).
    """

    account: str
    asset_code: str
    amount_minor: int
    destination_key: str


@dataclass(frozen=True, slots=True)
class SignedTransfer:
    """What a client has signed, as its chain's plugin reads it.

    `payer` pays, and `memo` is what the transaction says. `transaction_id` is the one canonical form of the
    chain's own id. `digest` is the same for every envelope of the same transaction, and another for another
    one under the same id. `raw` is what the client gave, as bytes, and all that is needed to read it again.
    After `expires_at_ms` no node takes it any more. One that `is_proven`, by its bytes and by what its chain
    knows already, needs not be verified with the network. One that `does_more`, such as calling a contract,
    has effects beside its `transfers` that nobody can tell beforehand, and what it does with these is not
    certain either.
    """

    transaction_id: str
    digest: bytes
    payer: str
    memo: str
    transfers: tuple[Transfer, ...]
    expires_at_ms: int
    raw: bytes
    is_proven: bool = False
    does_more: bool = False


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a network says of a submitted transaction, in its own codes.

    `status` is how it stands, `precheck` is the node's first answer, `receipt` what consensus said, `node`
    who was asked, and `error` a sentence for people where it did not go well. A `failed` one without a
    `receipt` was never accepted by anybody, which is certain: it may be handed in again.
    """

    status: RelayStatus
    precheck: str | None = None
    receipt: str | None = None
    node: str | None = None
    error: str | None = None


@dataclass(frozen=True, slots=True)
class Relay:
    """One transaction that was handed in, and what is known of it.

    `id` names it here. Its `chain` and `transaction_id` are its own forever, and `digest` is that of the
    one transaction that they stand for; `transfers` and `expires_at_ms` are as `SignedTransfer` has them,
    and `status`, `precheck`, `receipt`, `node` and `error` as `Outcome` has. `invoice_id` is the open
    invoice that it was to pay when it was handed in, at `created_at_ms`; it last changed at
    `updated_at_ms`. `seller_id` is whose invoice that is, or whose key handed it in. `payer` and `memo` are
    what was signed, and `payees` the accounts of ours that it credits: all None where the release that
    recorded it did not keep them. `raw` is there until the outcome is final: by it the relay is gone on
    with, also by later runs of the daemon.
    """

    id: str
    chain: str
    transaction_id: str
    digest: bytes
    status: RelayStatus
    precheck: str | None
    receipt: str | None
    node: str | None
    invoice_id: str | None
    seller_id: str | None
    payer: str | None
    memo: str | None
    transfers: tuple[Transfer, ...]
    payees: tuple[str, ...] | None
    error: str | None
    raw: bytes | None
    expires_at_ms: int
    created_at_ms: int
    updated_at_ms: int

    @property
    def so_far(self) -> Outcome:
        """What its network has said of it until now."""
        return Outcome(self.status, self.precheck, self.receipt, self.node, self.error)

    @property
    def may_come_again(self) -> bool:
        """Whether it may be handed in once more: it is certain that nobody has ever taken it."""
        return self.status is RelayStatus.FAILED and self.receipt is None


def as_shown(relay: Relay, principal: Principal, named: str | None) -> Relay:
    """A relay as a principal may see it. An invoice that is not its own is told to who has named it.

    A transaction's id is on the chain for everybody to read; an invoice's opens its checkout page.
    """
    if principal.may_see(relay.seller_id) or relay.invoice_id == named:
        return relay
    return replace(relay, invoice_id=None)
