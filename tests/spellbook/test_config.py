"""What the frontend's table takes."""

from typing import Any

import pytest
from pydantic import ValidationError

from paydaemon_spellbook.config import SpellbookConfig


def config(**table: Any) -> SpellbookConfig:
    return SpellbookConfig.model_validate(table)


def test_who_sells_under_which_name() -> None:
    both = config(seller="shop", sellers={"company1": "rival", "Company Two": "shop"})
    assert [both.seller_of(name) for name in ("company1", "Company Two", "company2")] == [
        "rival",
        "shop",
        "shop",
    ]
    assert both.all_sellers == ("shop", "rival")
    named = config(sellers={"company1": "rival"})
    assert [named.seller_of(name) for name in ("company1", "rival")] == ["rival", None]
    assert named.all_sellers == ("rival",)


def test_the_terms_are_the_daemons_own_by_default() -> None:
    plain = config(seller="shop")
    assert (plain.chain, plain.expires_in_s, plain.late) == ("bitcoin", None, None)


@pytest.mark.parametrize(
    ("table", "said"),
    [
        ({}, "give seller, or sellers, or both"),
        ({"seller": "Shop"}, "should match pattern"),
        ({"sellers": {"": "shop"}}, "at least 1 character"),
        ({"sellers": {"a": "no shop"}}, "should match pattern"),
        ({"sellers": {str(number): "shop" for number in range(101)}}, "at most 100 items"),
        ({"seller": "shop", "expires_in_s": 604_801}, "less than or equal to 604800"),
        ({"seller": "shop", "expires_in_s": 59}, "greater than or equal to 60"),
        ({"seller": "shop", "late": "never"}, "'hold' or 'settle'"),
        ({"seller": "shop", "chain": ""}, "at least 1 character"),
        ({"seller": "shop", "account": 0}, "Extra inputs"),
    ],
)
def test_a_mistake_is_told(table: dict[str, Any], said: str) -> None:
    with pytest.raises(ValidationError, match=said):
        config(**table)
