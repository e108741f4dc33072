"""Assets: HBAR, the configured tokens, and whatever else an account of ours is paid in.

A token is known by its id alone: anybody can call a token USDC.
"""

from collections.abc import Mapping

from paydaemon.core.money import MAX_DECIMALS, Asset
from paydaemon_hedera.body import NATIVE
from paydaemon_hedera.config import HederaConfig
from paydaemon_hedera.mirror import Mirror

TINYBAR_DECIMALS = 8
_STRANGERS = 1_000
"""Of how many tokens that are not configured the decimals are remembered."""


def configured(chain: str, config: HederaConfig) -> tuple[Asset, ...]:
    """What invoices may be paid in."""
    hbar = Asset(chain=chain, code=NATIVE, symbol=NATIVE, decimals=TINYBAR_DECIMALS)
    tokens = (Asset(chain, token.id, token.symbol, token.decimals) for token in config.tokens)
    return (hbar, *tokens)


class Assets:
    """Assets by their code. One that is not configured is asked for, and shown by its id."""

    def __init__(self, chain: str, assets: tuple[Asset, ...]) -> None:
        self._chain = chain
        self._own = {asset.code: asset for asset in assets}
        self._strangers: dict[str, Asset] = {}

    async def learn(self, codes: set[str], mirror: Mirror) -> Mapping[str, Asset]:
        """These, and others. Raises `MirrorUnavailable`."""
        if len(self._strangers) > _STRANGERS:
            self._strangers.clear()
        for code in codes - self._own.keys() - self._strangers.keys():
            self._strangers[code] = Asset(self._chain, code, code, _shown(await mirror.decimals(code)))
        return {**self._own, **self._strangers}


def _shown(decimals: int | None) -> int:
    """A token may have billions of decimals: one that cannot be written out is shown in smallest units."""
    return decimals if decimals is not None and decimals <= MAX_DECIMALS else 0
