"""Many events in one mail."""

from hypothesis import given
from hypothesis import strategies as st

from paydaemon_email.digest import MAX_LISTED, digest_variables
from paydaemon_email.occasions import Json, Occasion
from paydaemon_email.samples import OPTION, event
from paydaemon_email.templates import Templates
from paydaemon_email.variables import of_digest
from tests.email.world import invoice, payment


def told(occasion: Occasion, id: str, *, pending: int = 0, confirmed: int = 0) -> tuple[Occasion, Json]:
    option = {**OPTION, "pending_minor": str(pending), "confirmed_minor": str(confirmed)}
    return occasion, event(occasion, {"invoice": invoice(id=id, options=[option]), "payment": payment()})


def unmatched(id: str) -> tuple[Occasion, Json]:
    return Occasion.UNMATCHED, event(Occasion.UNMATCHED, {"payment": payment(id)})


def test_what_happened_is_by_invoice_as_it_now_stands() -> None:
    made = digest_variables(
        [
            told(Occasion.RECEIVED, "inv_a", pending=5),
            told(Occasion.RECEIVED, "inv_b", pending=7),
            told(Occasion.RECEIVED, "inv_c", pending=2),
            told(Occasion.CONFIRMED, "inv_a", confirmed=5),
            unmatched("pay_x"),
        ]
    )
    assert made["count"] == 5
    assert [
        (group["invoice"]["id"], [one["occasion"] for one in group["told"]]) for group in made["invoices"]
    ] == [("inv_a", ["received", "confirmed"]), ("inv_b", ["received"]), ("inv_c", ["received"])]
    assert [one["payment"]["id"] for one in made["others"]] == ["pay_x"]
    assert made["totals"] == [
        {"symbol": "BTC", "chain": "bitcoin", "pending": "0.00000009", "confirmed": "0.00000005"}
    ]


@given(st.lists(st.integers(0, 10**40), min_size=1, max_size=20))
def test_totals_are_exact_however_much_it_is(amounts: list[int]) -> None:
    made = digest_variables(
        [told(Occasion.CONFIRMED, f"inv_{n}", confirmed=amount) for n, amount in enumerate(amounts)]
    )
    found = [int(total["confirmed"].replace(".", "")) for total in made["totals"]]
    assert found == ([sum(amounts)] if any(amounts) else [])


def test_it_has_an_end() -> None:
    many = [told(Occasion.RECEIVED, f"inv_{n}") for n in range(MAX_LISTED + 30)]
    others = [unmatched(f"pay_{n}") for n in range(MAX_LISTED + 3)]
    variables = of_digest([*many, *others], sender="paydaemon")
    assert (len(variables["invoices"]), len(variables["others"])) == (MAX_LISTED, MAX_LISTED)
    assert variables["left_out"] == 33
    letter = Templates().render("digest", [], variables)
    assert letter.subject.startswith("233 notices")
    assert "And 33 more" in letter.text
    assert len(letter.text) < 100_000
