"""A node's answers, sorted by what they mean for a relay (hedera: response_code.proto)."""

from paydaemon_hedera.proto.response_code_pb2 import ResponseCodeEnum

OK = "OK"
SUCCESS = "SUCCESS"

TAKEN = frozenset({"OK", "DUPLICATE_TRANSACTION"})
"""The node has it: by this call, or by one before."""

BUSY = frozenset({"BUSY", "PLATFORM_NOT_ACTIVE", "PLATFORM_TRANSACTION_NOT_CREATED"})
"""The node has not taken it, and may later."""

INVALID_SIGNATURE = "INVALID_SIGNATURE"
"""The payer's key is another one; also for every other node."""

ELSEWHERE = frozenset({"INVALID_NODE_ACCOUNT", "KEY_PREFIX_MISMATCH"})
"""The node will not take this entry, but another node may take its own."""

WAIT = frozenset({"UNKNOWN", "BUSY", "RECEIPT_NOT_FOUND", "PLATFORM_NOT_ACTIVE", "RECORD_NOT_FOUND"})
"""No receipt yet, or no more."""


def name_of(code: int) -> str:
    """A code's name; codes that are newer than this release go by their number."""
    try:
        return ResponseCodeEnum.Name(code)
    except ValueError:
        return f"CODE_{code}"
