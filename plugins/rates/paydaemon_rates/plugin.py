"""What this distribution brings to the daemon."""

from collections.abc import Sequence

from paydaemon.hooks.specs import RateSourcePlugin, hookimpl
from paydaemon_rates.config import FixedSettings
from paydaemon_rates.fixed import FixedRates


@hookimpl
def register_rate_sources() -> Sequence[RateSourcePlugin]:
    """The kinds of rate source."""
    return [RateSourcePlugin("fixed", FixedSettings, FixedRates, sets=True)]
