"""Invoices are quoted by several sources, or not at all; and once quoted they stay as they are."""

from decimal import Decimal

import pytest

from paydaemon.core.errors import ErrorType, Refusal
from paydaemon.core.invoice import QuoteMethod
from paydaemon.core.raterules import Rules, SellerRules
from paydaemon.hooks.ports import Rate
from tests.engine.world import RIVAL, World, terms_of, world


def say(daemon: World, prices: dict[str, str], pair: tuple[str, str] = ("BTC", "EUR")) -> None:
    """Each source publishes its price now."""
    for source, price in prices.items():
        daemon.rates.publish(source, [Rate(*pair, Decimal(price), daemon.clock())])


def market(daemon: World, **prices: str) -> None:
    """From now on there are only these sources, none of which sets prices."""
    daemon.rates.forget("fixed")
    say(daemon, prices)


async def test_an_invoice_is_quoted_at_the_median_with_who_said_so() -> None:
    async with world() as daemon:
        market(daemon, kraken="61000.00", coinbase="60990.00", mad="61000000")
        view = await daemon.create(amount="61.00")
        [option] = view.invoice.options
        assert (option.quote.rate, option.quote.method) == ("61000.00", QuoteMethod.MEDIAN)
        assert option.quote.source == "coinbase, kraken"
        assert option.due_minor == 100_000


async def test_below_the_quorum_creation_says_which_sources_failed_and_why() -> None:
    async with world() as daemon:
        market(daemon, bitstamp="61000.00")
        daemon.turn(340)
        await daemon.look()
        market(daemon, kraken="61000.00", mad="61000000")
        daemon.rates.failed("coinbase", "HTTP 429")
        daemon.rates.rules = Rules(deviation_ppm=100)
        with pytest.raises(Refusal) as refused:
            await daemon.create()
        assert (refused.value.type, refused.value.code) == (ErrorType.UNAVAILABLE, "no_rate")
        assert refused.value.message == (
            "BTC/EUR: 0 of 2 sources needed: kraken 61000.00 is an outlier; mad 61000000 is an outlier; "
            "bitstamp: 340 s old; coinbase: HTTP 429"
        )


async def test_what_has_a_rate_is_offered_while_the_rest_is_not() -> None:
    async with world("bitcoin", "hedera") as daemon:
        market(daemon, kraken="61000.00", coinbase="61000.00")
        assert [option.asset.symbol for option in (await daemon.create()).invoice.options] == ["BTC"]


async def test_the_operators_fallback_is_taken_and_named() -> None:
    async with world() as daemon:
        daemon.rates.rules = Rules(fallback=("fixed",))
        say(daemon, {"kraken": "61000.00"})
        [option] = (await daemon.create()).invoice.options
        assert (option.quote.method, option.quote.source) == (QuoteMethod.FALLBACK, "fixed")
        assert option.quote.rate == "60000.00"
        say(daemon, {"coinbase": "61000.00"})
        assert (await daemon.create()).invoice.options[0].quote.method is QuoteMethod.MEDIAN


async def test_a_sellers_spread_is_paid_by_its_payers() -> None:
    async with world() as daemon:
        daemon.rates.rules = Rules(sellers={"shop": SellerRules(spread_ppm=10_000)})
        [dear] = (await daemon.create(amount="600.00")).invoice.options
        [plain] = (await daemon.create(RIVAL, amount="600.00")).invoice.options
        assert (plain.quote.rate, plain.quote.spread_ppm, plain.due_minor) == ("60000.00", 0, 1_000_000)
        assert (dear.quote.rate, dear.quote.spread_ppm, dear.due_minor) == ("59400", 10_000, 1_010_102)


@pytest.mark.parametrize("later", ["1", "59000.00", "61000000", None])
async def test_what_is_quoted_never_changes_whatever_sources_say_later(later: str | None) -> None:
    async with world() as daemon:
        market(daemon, kraken="60000.00", coinbase="60010.00", bitstamp="60020.00")
        created = await daemon.api.invoice(RIVAL, (await daemon.create(RIVAL)).invoice.id)
        if later is None:
            for source in ("kraken", "coinbase", "bitstamp"):
                daemon.rates.forget(source)
        else:
            say(daemon, dict.fromkeys(("kraken", "coinbase", "bitstamp"), later))
        daemon.turn(300)
        await daemon.look()
        again = await daemon.api.invoice(RIVAL, created.invoice.id)
        assert terms_of(again) == terms_of(created)
        await daemon.restart()
        assert terms_of(await daemon.api.invoice(RIVAL, created.invoice.id)) == terms_of(created)
