"""Refusals: whose turn it is, a stable code, words, and the field at fault."""

import pytest

from paydaemon.core.errors import ErrorType, Refusal, conflict, invalid, not_found, unavailable


@pytest.mark.parametrize(
    ("refusal", "type", "code", "param"),
    [
        (invalid("amount", "no"), ErrorType.INVALID_REQUEST, "invalid_value", "amount"),
        (invalid(None, "no", "not_json"), ErrorType.INVALID_REQUEST, "not_json", None),
        (not_found("invoice", "inv_9"), ErrorType.NOT_FOUND, "invoice_not_found", "id"),
        (conflict("key_reused", "no", "key"), ErrorType.CONFLICT, "key_reused", "key"),
        (unavailable("chain_stale", "no", "chains"), ErrorType.UNAVAILABLE, "chain_stale", "chains"),
    ],
)
def test_a_refusal_says_all_four(refusal: Refusal, type: ErrorType, code: str, param: str | None) -> None:
    assert (refusal.type, refusal.code, refusal.param) == (type, code, param)
    assert str(refusal) == refusal.message != ""


def test_what_is_not_there_is_named_without_room_for_tricks() -> None:
    assert "'inv_\\n9'" in not_found("invoice", "inv_\n9").message
