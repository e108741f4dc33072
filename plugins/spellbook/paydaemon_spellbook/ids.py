"""Payment requests are invoices: ``PR-…`` and ``inv_…`` say the same, and no table is needed between them."""

import re

_OURS = "inv_"
_THEIRS = "PR-"
_REST = re.compile(r"[a-z0-9]{1,60}", re.ASCII)


def payment_request_id(invoice_id: str) -> str:
    """``PR-m4tq…`` for ``inv_m4tq…``."""
    return _THEIRS + invoice_id.removeprefix(_OURS)


def invoice_id(payment_request_id: str) -> str | None:
    """``inv_m4tq…`` for ``PR-m4tq…``; None for whatever no invoice can be called by."""
    rest = payment_request_id.removeprefix(_THEIRS)
    if rest == payment_request_id or _REST.fullmatch(rest) is None:
        return None
    return _OURS + rest
