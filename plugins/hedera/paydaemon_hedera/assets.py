"""Assets: HBAR, the configured tokens, and whatever else an account of ours is paid in.

A token is known by its id alone: anybody can call a token USDC.
"""

from collections.abc import Mapping

from paydaemon.core.money import Asset
from paydaemon_hedera.body import NATIVE
from paydaemon_hedera.config import HederaConfig
from paydaemon_hedera.mirror import Mirror

TINYBAR_DECIMALS = 8


def configured(chain: str, config: HederaConfig) -> tuple[Asset, ...]:
    """What invoices may be paid in."""
    hbar = Asset(chain=chain, code=NATIVE, symbol=NATIVE, decimals=TINYBAR_DECIMALS)
    tokens = (Asset(chain, token.id, token.symbol, token.decimals) for token in config.tokens)
    return (hbar, *tokens)


class Assets(dict[str, Asset]):
    """Assets by their code. One that is not configured is asked for once, and shown by its id."""

    def __init__(self, chain: str, assets: tuple[Asset, ...]) -> None:
        super().__init__({asset.code: asset for asset in assets})
        self._chain = chain

    async def learn(self, codes: set[str], mirror: Mirror) -> Mapping[str, Asset]:
        """All of these are known afterwards. Raises `MirrorUnavailable`."""
        for code in codes - self.keys():
            self[code] = Asset(self._chain, code, code, await mirror.decimals(code) or 0)
        return self
