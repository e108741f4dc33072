"""What inspection says, and refusals by short names: codes stand for reasons that messages tell apart."""

import re

import pytest

from paydaemon.core.errors import ErrorType, Refusal
from paydaemon_hedera.inspection import Inspected, inspect
from tests.hedera.maker import NODES, NOW_MS

WRONG, UNSUPPORTED, UNPROVEN = "invalid_transaction", "unsupported_transaction", "invalid_signature"

REASONS = {
    "empty": (WRONG, "^is empty"),
    "bad_encoding": (WRONG, "base64 or hex|looks like hex|nor the text of one"),
    "too_large": (WRONG, "at most 65536 bytes"),
    "oversize": (WRONG, "at most 6144 bytes"),
    "unrecognised": (WRONG, "is no transaction in any form"),
    "malformed": (
        WRONG,
        "ends behind|more than once|run out|mixes its shapes|than it needs|out of range|each other|not UTF-8",
    ),
    "unknown_field": (WRONG, "has no field|has only entries"),
    "too_many_fields": (WRONG, "more than 64 entries or fields"),
    "hash_algorithm": (UNSUPPORTED, "another hash"),
    "unsupported_type": (UNSUPPORTED, "only cryptoTransfer and contractCall are relayed"),
    "no_valid_start": (WRONG, "says not from when"),
    "nanos": (WRONG, "more than 999999999 nanoseconds"),
    "no_account": (WRONG, "account by nothing"),
    "alias": (UNSUPPORTED, "account by an alias"),
    "id_field_not_allowed": (WRONG, "neither scheduled nor have a nonce"),
    "no_node": (WRONG, "must name the node"),
    "unknown_node": (WRONG, "none of the network's nodes"),
    "entries_differ": (WRONG, "differ in more than their node"),
    "too_long": (WRONG, "at most 100 bytes in UTF-8"),
    "zero_byte": (WRONG, "character of value zero"),
    "duration": (WRONG, "must be 15 to 180 s"),
    "nft": (UNSUPPORTED, "non-fungible"),
    "approved_transfer": (UNSUPPORTED, "gave leave"),
    "too_many_transfers": (WRONG, "at most 10 accounts"),
    "repeated_account": (WRONG, "each account once"),
    "repeated_token": (WRONG, "each token once"),
    "token_number": (WRONG, "names no token"),
    "empty_token": (WRONG, "something of each token"),
    "sum_not_zero": (WRONG, "add up to zero"),
    "moves_nothing": (WRONG, "must move something$"),
    "expired": ("transaction_expired", "lies too long ago"),
    "not_yet_valid": ("transaction_too_early", "lies in the future"),
    "unsigned": (UNPROVEN, "are missing"),
    "bad_signature": (UNPROVEN, "do not verify"),
    "signature_type": (UNPROVEN, "is no kind of signature"),
    "signature_length": (UNPROVEN, "a signature has 64 bytes"),
    "public_key": (UNPROVEN, "longer than keys of its type"),
    "ambiguous": (UNPROVEN, "may be of the same public key"),
    "no_contract": (WRONG, "names no contract"),
    "contract_address": (UNSUPPORTED, "names a contract by an address"),
    "little_gas": (WRONG, "must be at least 21000"),
    "nameless": (UNPROVEN, "several that name no key"),
    "missing_signature": (UNPROVEN, "do not satisfy the key of account"),
}


def reason(refusal: Refusal) -> str:
    """The one reason that this message gives, under the code that belongs to it."""
    (name,) = (name for name, (_, words) in REASONS.items() if re.search(words, refusal.message))
    assert refusal.code == REASONS[name][0]
    assert refusal.type is ErrorType.INVALID_REQUEST
    assert refusal.param
    return name


def inspected(raw: bytes | str, now_ms: int = NOW_MS) -> Inspected:
    return inspect(raw, NODES, now_ms)


def refused(raw: bytes | str, now_ms: int = NOW_MS) -> tuple[str | None, str]:
    with pytest.raises(Refusal) as raised:
        inspected(raw, now_ms)
    return raised.value.param, reason(raised.value)
