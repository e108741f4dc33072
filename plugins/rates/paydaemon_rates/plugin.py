"""What this distribution brings to the daemon."""

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

from paydaemon.hooks.specs import RateSourcePlugin, hookimpl
from paydaemon_rates import config
from paydaemon_rates.diagnosis import diagnosis_of
from paydaemon_rates.exchange import Exchange
from paydaemon_rates.exchanges import ecb, hedera
from paydaemon_rates.exchanges.binance import Binance
from paydaemon_rates.exchanges.bitfinex import Bitfinex
from paydaemon_rates.exchanges.bitstamp import Bitstamp
from paydaemon_rates.exchanges.coinbase import Coinbase
from paydaemon_rates.fixed import FixedRates
from paydaemon_rates.sandbox.server import ExchangeSandbox
from paydaemon_rates.source import CoinGeckoSource, KrakenSource, PolledSource

PAYDAEMON_API = "1.0"

COINGECKO_MAX_AGE_S = 600
"""Its averages are made anew each minute, or when it comes to it; a free key is for one look in five."""


@hookimpl
def register_rate_sources() -> Sequence[RateSourcePlugin]:
    """The kinds of rate source."""
    return [
        _source("kraken", config.KrakenSettings, KrakenSource),
        _source("coinbase", config.CoinbaseSettings, _asked(Coinbase)),
        _source("bitstamp", config.BitstampSettings, _asked(Bitstamp)),
        _source("binance", config.BinanceSettings, _asked(Binance)),
        _source("bitfinex", config.BitfinexSettings, _asked(Bitfinex)),
        _source("coingecko", config.CoinGeckoSettings, CoinGeckoSource, COINGECKO_MAX_AGE_S),
        _source("hedera", config.HederaSettings, _asked(hedera.Hedera), hedera.MAX_AGE_S),
        _source("ecb", config.EcbSettings, _asked(ecb.Ecb), ecb.MAX_AGE_S),
        RateSourcePlugin("fixed", config.FixedSettings, FixedRates, sets=True),
    ]


def _source(
    name: str,
    settings: type[config.SourceSettings],
    build: Callable[[Any], PolledSource],
    max_age_s: int | None = None,
) -> RateSourcePlugin:
    return RateSourcePlugin(
        name,
        settings,
        build,
        max_age_s=max_age_s,
        diagnose=diagnosis_of(build),
        sandbox=partial(ExchangeSandbox, name),
    )


def _asked(exchange: Callable[[Any], Exchange]) -> Callable[[Any], PolledSource]:
    return lambda settings: PolledSource(exchange(settings), settings)
