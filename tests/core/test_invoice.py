"""Invoices: their options by asset, and that their terms cannot be changed."""

from dataclasses import FrozenInstanceError, fields, replace

import pytest

from paydaemon.core.invoice import Invoice, Option
from paydaemon.core.money import Asset
from tests.core.samples import BTC, FOREIGN, HBAR, TOKEN, invoice, option


def test_an_option_is_found_by_chain_and_code() -> None:
    several = invoice(option(BTC), option(HBAR), option(TOKEN))
    assert [several.option(each) for each in (BTC, HBAR, TOKEN)] == list(several.options)
    renamed = replace(TOKEN, symbol="USD Coin", decimals=18)
    assert several.option(renamed) is several.options[2]


@pytest.mark.parametrize(
    "other", [FOREIGN, Asset("testnet", "BTC", "BTC", 8), Asset("bitcoin", "0.0.1", "BTC", 8)], ids=repr
)
def test_a_symbol_alone_finds_nothing(other: Asset) -> None:
    assert invoice().option(other) is None


@pytest.mark.parametrize("what", [invoice(), option()], ids=["invoice", "option"])
def test_terms_never_change(what: Invoice | Option) -> None:
    for each in fields(what):
        with pytest.raises(FrozenInstanceError):
            setattr(what, each.name, getattr(what, each.name))
