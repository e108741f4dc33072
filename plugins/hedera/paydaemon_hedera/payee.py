"""The payee: the account of ours, and what it can be paid in.

An account takes a token only once it is associated with it. Until then no invoice is offered in it; whether
it has happened is asked again for each one that would be.
"""

import structlog

from paydaemon.core.errors import unavailable
from paydaemon.core.money import Asset
from paydaemon.hooks.ports import ChainMismatch
from paydaemon_hedera.body import NATIVE
from paydaemon_hedera.config import HederaConfig
from paydaemon_hedera.errors import MirrorUnavailable
from paydaemon_hedera.mirror import Mirror

log = structlog.get_logger(__name__)


class Payee:
    """The configured account, through the mirror's eyes."""

    def __init__(self, mirror: Mirror, config: HederaConfig) -> None:
        self._mirror = mirror
        self._account = config.account
        self._tokens = config.tokens
        self._taken = {NATIVE}

    async def check(self) -> None:
        """See that it is there, and that tokens are what they are configured to be.

        Raises `MirrorUnavailable`, also where there is no such account yet, or `ChainMismatch`.
        """
        account = await self._mirror.account(self._account)
        if account is None or account.is_deleted:
            raise MirrorUnavailable(f"the mirror knows of no account {self._account}")
        for token in self._tokens:
            decimals = await self._mirror.decimals(token.id)
            if decimals != token.decimals:
                said = "there is no such token" if decimals is None else f"it has {decimals}"
                raise ChainMismatch(f"token {token.id} is configured with {token.decimals} decimals; {said}")
            if account.takes_any_token:
                self._taken.add(token.id)
            elif not await self._takes(token.id):
                log.warning("an account cannot be paid in a token yet", account=self._account, token=token.id)

    async def require(self, asset: Asset) -> None:
        """Raises `Refusal` (unavailable) where it cannot be paid in that, or it is not known whether."""
        try:
            can = asset.code in self._taken or await self._takes(asset.code)
        except MirrorUnavailable as away:
            raise unavailable("chain_unavailable", away.reason) from away
        if not can:
            message = f"account {self._account} is not associated with {asset.symbol}, token {asset.code}"
            raise unavailable("chain_unavailable", message)

    async def _takes(self, token: str) -> bool:
        if await self._mirror.has_token(self._account, token):
            self._taken.add(token)
        return token in self._taken
