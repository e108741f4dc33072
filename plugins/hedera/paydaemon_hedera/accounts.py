"""Accounts' keys, as the mirror has them, remembered for a while: they change rarely, but they may."""

from collections import OrderedDict
from collections.abc import Iterable, Mapping

import trio

from paydaemon.core.errors import invalid, unavailable
from paydaemon_hedera.errors import MirrorUnavailable
from paydaemon_hedera.keys import Key, Unsignable, from_mirror
from paydaemon_hedera.limits import HederaLimits
from paydaemon_hedera.mirror import Mirror

PARAM = "transaction.signatures"


class Accounts:
    """The keys that accounts sign with."""

    def __init__(self, mirror: Mirror, limits: HederaLimits) -> None:
        self._mirror = mirror
        self._limits = limits
        self._known: OrderedDict[str, tuple[float, Key]] = OrderedDict()

    async def keys(self, accounts: Iterable[str]) -> Mapping[str, Key]:
        """The key of each. Raises `Refusal` where one is not there, or the mirror cannot be asked."""
        return {account: await self._key(account) for account in accounts}

    async def _key(self, account: str) -> Key:
        known = self._known.get(account)
        if known is not None and known[0] > trio.current_time():
            return known[1]
        key = await self._ask(account)
        self._known[account] = (trio.current_time() + self._limits.keys_for_s, key)
        self._known.move_to_end(account)
        if len(self._known) > self._limits.keys_remembered:
            self._known.popitem(last=False)
        return key

    async def _ask(self, account: str) -> Key:
        try:
            said = await self._mirror.account(account)
        except MirrorUnavailable as away:
            message = f"the keys of account {account} cannot be looked up now: {away.reason}"
            raise unavailable("keys_unavailable", message) from away
        if said is None or said.get("deleted"):
            raise invalid("transaction.transfers", f"there is no account {account}", "no_such_account")
        key = said.get("key")
        if not isinstance(key, dict):
            return Unsignable()
        try:
            return from_mirror(str(key["_type"]), str(key["key"]))
        except (KeyError, ValueError) as error:
            raise unavailable(
                "keys_unavailable", f"the key of account {account} is not understood"
            ) from error
