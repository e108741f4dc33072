"""What may be passed on: what pays us, or an open invoice; and what is refused names the field at fault."""

from collections.abc import Sequence
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from paydaemon.core.errors import Refusal
from paydaemon.core.invoice import Flag, Invoice, Stage, Standing, Status
from paydaemon.core.money import Asset
from paydaemon.core.policy import Ask, Books, RelayPolicy, asks, check, credited
from paydaemon.core.relay import SignedTransfer, Transfer
from tests.core.relays import DUE, NOW_MS, PAYEE, PAYER, STRANGER, asking, signed, to
from tests.core.samples import EXPIRES_MS, HBAR, payment

PAYEES = frozenset({PAYEE})
OPEN, BY_PAYEE, BY_INVOICE = RelayPolicy.OPEN, RelayPolicy.PAYEES, RelayPolicy.INVOICE
ELSEWHERE = signed(to(STRANGER, DUE), to(PAYER, -DUE))


def asked(invoice: Invoice | None = None) -> Sequence[Ask]:
    return asks(invoice or asking(), (), "hedera", NOW_MS)


def books(*, named: bool = False, payees: frozenset[str] = PAYEES) -> Books:
    return Books(payees, asked(), asked() if named else None)


def refused(policy: RelayPolicy, transfer: SignedTransfer, held: Books) -> Refusal:
    with pytest.raises(Refusal) as caught:
        check(policy, transfer, held)
    return caught.value


# What an invoice asks


def test_an_open_invoice_asks_for_what_remains() -> None:
    [ask] = asked()
    assert (ask.invoice_id, ask.seller_id, ask.remaining_minor) == ("inv_1", "shop", DUE)
    part = replace(payment(834), asset=HBAR, chain="hedera", destination_key=ask.option.destination.key)
    [rest] = asks(asking(), [part], "hedera", NOW_MS)
    assert rest.remaining_minor == 20_000
    assert asks(asking(), (), "bitcoin", NOW_MS) == []


@pytest.mark.parametrize(
    "standing",
    [
        Standing(Status.SETTLED),
        Standing(Status.PROCESSING),
        Standing(Status.EXPIRED, stage=Stage.EXPIRED),
        Standing(Status.INVALID, frozenset({Flag.MARKED})),
    ],
)
def test_one_that_is_not_open_asks_for_nothing(standing: Standing) -> None:
    assert asks(replace(asking(), standing=standing), (), "hedera", NOW_MS) == ()


def test_nor_does_one_whose_time_has_run_out() -> None:
    assert len(asks(asking(), (), "hedera", EXPIRES_MS)) == 1
    assert asks(asking(), (), "hedera", EXPIRES_MS + 1) == ()


# What may be passed on


@pytest.mark.parametrize("policy", RelayPolicy)
@pytest.mark.parametrize("named", [False, True])
def test_what_pays_an_open_invoice_exactly_always_may(policy: RelayPolicy, named: bool) -> None:
    paid = check(policy, signed(), books(named=named))
    assert paid is not None
    assert paid.invoice_id == "inv_1"


@pytest.mark.parametrize("policy", RelayPolicy)
def test_it_may_where_the_account_is_none_of_ours_too(policy: RelayPolicy) -> None:
    assert check(policy, signed(), books(payees=frozenset())) is not None


def test_another_amount_to_an_account_of_ours_may_and_belongs_to_the_invoice() -> None:
    transfer = signed(to(PAYEE, DUE - 1), to(PAYER, 1 - DUE))
    for policy in (BY_PAYEE, OPEN):
        paid = check(policy, transfer, books())
        assert paid is not None
        assert paid.invoice_id == "inv_1"


def test_anything_may_where_all_is_open() -> None:
    assert check(OPEN, ELSEWHERE, books()) is None


def test_whom_of_ours_it_credits_is_told_once_each_and_nobody_else() -> None:
    moved = (to(STRANGER, 9), to(PAYEE, 1), to(PAYEE, 2, asset="0.0.7"), to("0.0.9", 3), to(PAYER, -15))
    assert credited(signed(*moved), books()) == (PAYEE,)
    of_an_invoice = replace(
        books(payees=frozenset({PAYER})), issued=frozenset({to("0.0.9", 0).destination_key})
    )
    assert credited(signed(*moved), of_an_invoice) == ("0.0.9",), "who pays gains nothing"
    assert credited(ELSEWHERE, books()) == ()


# What may not


def test_what_pays_nobody_of_ours_may_not() -> None:
    refusal = refused(BY_PAYEE, ELSEWHERE, books())
    assert (refusal.code, refusal.param) == ("wrong_payee", "transfers")
    assert PAYEE in refusal.message


@pytest.mark.parametrize(
    "transfers",
    [
        (to(PAYEE, -DUE), to(STRANGER, DUE)),
        (to(PAYEE, DUE, memo="a"), to(PAYEE, -DUE, memo="b")),
        (to(PAYEE, 0), to(PAYER, 0)),
        (to(PAYEE, -5), to(PAYEE, 5), to(PAYER, -1), to(STRANGER, 1)),
    ],
)
def test_an_account_of_ours_must_end_up_with_more(transfers: tuple[Transfer, ...]) -> None:
    assert refused(BY_PAYEE, signed(*transfers), books()).code == "wrong_payee"


@pytest.mark.parametrize("amount_minor", [1, DUE - 1, DUE + 1])
def test_only_the_exact_amount_is_an_invoices(amount_minor: int) -> None:
    transfer = signed(to(PAYEE, amount_minor), to(PAYER, -amount_minor))
    for policy, held in ((BY_INVOICE, books()), (OPEN, books(named=True)), (BY_PAYEE, books(named=True))):
        refusal = refused(policy, transfer, held)
        assert (refusal.code, refusal.param) == ("wrong_amount", "transfers")
        assert str(DUE) in refusal.message
        assert str(amount_minor) in refusal.message


def test_another_memo_is_told_with_the_right_one() -> None:
    refusal = refused(OPEN, signed(memo="tea"), books(named=True))
    assert (refusal.code, refusal.param) == ("wrong_memo", "memo")
    assert "'coffee'" in refusal.message
    assert "'tea'" in refusal.message


def test_without_an_invoice_the_memo_must_be_that_of_one() -> None:
    refusal = refused(BY_INVOICE, signed(memo="tea"), Books(PAYEES, ()))
    assert (refusal.code, refusal.param) == ("wrong_memo", "memo")
    assert refused(BY_INVOICE, ELSEWHERE, Books(PAYEES, ())).code == "wrong_payee"


def test_another_asset_of_the_same_symbol_is_another() -> None:
    transfer = signed(to(PAYEE, DUE, asset="0.0.999"), to(PAYER, -DUE, asset="0.0.999"))
    assert refused(OPEN, transfer, books(named=True)).code == "wrong_asset"
    assert refused(BY_INVOICE, transfer, books()).code == "wrong_asset"
    assert check(BY_PAYEE, transfer, books()) is None


TOKEN = Asset("hedera", "0.0.5001", "USDC", 6)


def in_two() -> Books:
    """What an invoice asks that can be paid in HBAR or in a token, each under a memo of its own."""
    [native] = asked()
    there = replace(native.option.destination, key=f"{PAYEE}:tea", memo="tea")
    token = replace(native, option=replace(native.option, asset=TOKEN, destination=there))
    return Books(PAYEES, (), [native, token])


@pytest.mark.parametrize(
    ("asset", "memo", "code", "named"),
    [
        ("HBAR", "tea", "wrong_asset", TOKEN.code),
        (TOKEN.code, "coffee", "wrong_asset", "HBAR"),
        ("HBAR", "milk", "wrong_memo", "'coffee'"),
        (TOKEN.code, "milk", "wrong_memo", "'tea'"),
        ("0.0.999", "milk", "wrong_memo", "'coffee'"),
    ],
)
def test_the_memo_of_another_option_is_told_from_a_wrong_one(
    asset: str, memo: str, code: str, named: str
) -> None:
    moved = [to(PAYEE, DUE, asset=asset, memo=memo), to(PAYER, -DUE, asset=asset, memo=memo)]
    refusal = refused(OPEN, signed(*moved, memo=memo), in_two())
    assert refusal.code == code
    assert named in refusal.message


def test_another_account_is_told_with_the_right_one() -> None:
    refusal = refused(OPEN, ELSEWHERE, books(named=True))
    assert (refusal.code, refusal.param) == ("wrong_payee", "transfers")
    assert PAYEE in refusal.message


def test_a_named_invoice_that_asks_for_nothing_is_told() -> None:
    refusal = refused(OPEN, signed(), Books(PAYEES, (), ()))
    assert (refusal.code, refusal.param) == ("nothing_asked", "invoice_id")


def test_of_two_invoices_the_one_that_is_paid_exactly_counts() -> None:
    [ask] = asked()
    other = replace(ask, invoice_id="inv_2", remaining_minor=5)
    paid = check(BY_PAYEE, signed(), Books(PAYEES, (other, ask)))
    assert paid is not None
    assert paid.invoice_id == "inv_1"


transfers = st.lists(
    st.builds(
        to,
        st.sampled_from([PAYEE, PAYER, STRANGER]),
        st.integers(-2 * DUE, 2 * DUE) | st.just(DUE),
        asset=st.sampled_from(["HBAR", "0.0.456858"]),
        memo=st.sampled_from(["coffee", "tea"]),
    ),
    max_size=5,
)


@given(transfers)
def test_a_stricter_policy_lets_nothing_through_that_a_wider_one_refuses(moved: list[Transfer]) -> None:
    def passes(policy: RelayPolicy, held: Books) -> bool:
        try:
            check(policy, replace(signed(), transfers=tuple(moved)), held)
        except Refusal:
            return False
        return True

    assert passes(OPEN, books())
    if passes(BY_INVOICE, books()):
        assert passes(BY_PAYEE, books())
    for policy in RelayPolicy:
        assert passes(policy, books(named=True)) == passes(BY_INVOICE, books())


# What does more than it says


@given(transfers, st.sampled_from(RelayPolicy), st.booleans())
def test_what_calls_a_contract_passes_by_the_open_policy_alone(
    moved: list[Transfer], policy: RelayPolicy, named: bool
) -> None:
    """Whatever it moves, also to a contract that bears the number of our own account."""
    call = replace(signed(), transfers=tuple(moved), does_more=True)
    if policy is OPEN and not named:
        assert check(policy, call, books()) is None
    else:
        refusal = refused(policy, call, books(named=named))
        assert (refusal.code, refusal.param) == ("not_a_transfer", "type")


def test_what_calls_a_contract_pays_no_invoice_however_exactly_it_looks_so() -> None:
    """As a transfer each of them would be let through, and be tied to the invoice."""
    call = replace(signed(), does_more=True)
    for policy in RelayPolicy:
        assert check(policy, signed(), books()) is not None
    assert check(OPEN, call, books()) is None
    assert refused(BY_PAYEE, call, books()).code == refused(BY_INVOICE, call, books()).code
    assert refused(OPEN, call, books(named=True)).code == "not_a_transfer"


def test_an_asset_is_its_code_and_never_its_symbol() -> None:
    [ask] = asked()
    token = Asset("hedera", "0.0.999", "HBAR", 8)
    held = replace(ask, option=replace(ask.option, asset=token))
    assert refused(OPEN, signed(), Books(PAYEES, (), (held,))).code == "wrong_asset"
