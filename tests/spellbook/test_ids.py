"""Payment requests and invoices are called alike, either way round."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from paydaemon.engine.ids import new_id
from paydaemon_spellbook.ids import invoice_id, payment_request_id


def test_an_invoice_is_found_again_by_what_it_is_called() -> None:
    id = new_id("inv")
    assert payment_request_id(id) == f"PR-{id[4:]}"
    assert invoice_id(payment_request_id(id)) == id


@pytest.mark.parametrize(
    "given",
    [
        *(
            "",
            "PR-",
            "PR-A",
            "PR-../../etc/passwd",
            "PR-a/b",
            "PR-a.json",
            "PR-a ",
            " PR-a",
            "PR-a\n",
            "PR-é",
        ),
        *("pr-a", "a", "inv_a", "PR-inv_a", "PR-PR-a", "PR_a", "PR-" + "a" * 61, "PR-\u0661", "PR-a\0"),
    ],
)
def test_what_can_be_no_invoice_is_not_looked_for(given: str) -> None:
    assert invoice_id(given) is None


@given(st.text())
def test_no_two_payment_requests_are_the_same_invoice(given: str) -> None:
    id = invoice_id(given)
    assert id is None or payment_request_id(id) == given
