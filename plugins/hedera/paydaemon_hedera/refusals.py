"""What a client is told of a transaction that is not taken: one of the daemon's five codes
(`paydaemon.core.relay.REFUSALS`).

A code says what can be done about it: mend it, leave it, sign it anew, wait, or sign it rightly. Which field
is at fault is said by `param`, and what is wrong with it by the message, for people.
"""

from paydaemon.core.errors import Refusal, invalid

TRANSACTION = "transaction"
"""The param of what is wrong with all of it."""

SIGNATURES = "signatures"


def wrong(param: str, message: str) -> Refusal:
    """No node would take it."""
    return invalid(param, message, "invalid_transaction")


def unsupported(param: str, message: str) -> Refusal:
    """A node might take it; it is not relayed."""
    return invalid(param, message, "unsupported_transaction")


def expired() -> Refusal:
    """It has to be signed anew."""
    return invalid("valid_start", "lies too long ago: the transaction has expired", "transaction_expired")


def too_early() -> Refusal:
    """The same one may be handed in later."""
    return invalid("valid_start", "lies in the future", "transaction_too_early")


def unproven(message: str) -> Refusal:
    """Whoever pays has not signed it, or not rightly."""
    return invalid(SIGNATURES, message, "invalid_signature")
