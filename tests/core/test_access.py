"""Who may see what: operators everything, sellers their own, and what belongs to nobody only operators."""

import pytest

from paydaemon.core.access import Principal
from paydaemon.core.errors import ErrorType, Refusal

OPERATOR = Principal("key_1", None)
SHOP = Principal("key_2", "shop")


@pytest.mark.parametrize(
    ("principal", "owner", "may"),
    [
        (OPERATOR, "shop", True),
        (OPERATOR, None, True),
        (SHOP, "shop", True),
        (SHOP, "other", False),
        (SHOP, None, False),
        (Principal("key_3", ""), None, False),
    ],
)
def test_who_may_see_what(principal: Principal, owner: str | None, may: bool) -> None:
    assert principal.may_see(owner) is may


def test_a_seller_is_no_operator() -> None:
    OPERATOR.require_operator()
    with pytest.raises(Refusal) as refused:
        SHOP.require_operator()
    assert (refused.value.type, refused.value.code) == (ErrorType.PERMISSION, "operator_only")


def test_a_seller_with_an_empty_name_is_no_operator_either() -> None:
    assert not Principal("key_3", "").is_operator
