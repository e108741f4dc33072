"""Accounts: whose signatures a transfer needs, as the mirror has them.

Keys are remembered for a while: they change rarely, but they may. So nothing is refused by a key that was not
looked up just now, and one that a node does not take is forgotten. Questions of clients' transactions never
take all the turns at the mirror, so that the watcher always has its own.
"""

from collections import OrderedDict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import structlog
import trio

from paydaemon.core.errors import Refusal, unavailable
from paydaemon_hedera import refusals
from paydaemon_hedera.answers import Account
from paydaemon_hedera.errors import MirrorUnavailable
from paydaemon_hedera.keys import Key, Unsignable, from_mirror
from paydaemon_hedera.limits import HederaLimits
from paydaemon_hedera.mirror import Mirror

log = structlog.get_logger(__name__)


ASKED_ANEW_AFTER_S = 10.0
"""Whoever forges signatures is not to have the mirror asked more often than this, for each account."""


@dataclass(frozen=True, slots=True)
class Signer:
    """An account's key. With `to_receive` it is needed also where the account only gains."""

    key: Key
    to_receive: bool


@dataclass(frozen=True, slots=True)
class _Known:
    signer: Signer
    asked_at: float


class Accounts:
    """The keys that accounts sign with."""

    def __init__(self, mirror: Mirror, turns: trio.CapacityLimiter, limits: HederaLimits) -> None:
        self._mirror = mirror
        self._turns = turns
        self._limits = limits
        self._known: OrderedDict[str, _Known] = OrderedDict()

    async def keys(self, debited: Iterable[str], credited: Iterable[str]) -> Mapping[str, Key]:
        """The keys that must sign, by account.

        Raises `Refusal` where an account is not there, or the mirror cannot be asked.
        """
        keys = {account: (await self._signer(account)).key for account in debited}
        for account in credited:
            if account not in keys and (signer := await self._signer(account)).to_receive:
                keys[account] = signer.key
        return keys

    def known(self, account: str) -> Key | None:
        """An account's key where it is remembered; nobody is asked."""
        found = self._remembered(account)
        return None if found is None else found.key

    def forget(self, account: str) -> None:
        """Its key is no longer what is remembered."""
        self._known.pop(account, None)

    def doubt(self, accounts: Iterable[str]) -> bool:
        """Forget what was not looked up just now. Returns whether there was any."""
        until = trio.current_time() - ASKED_ANEW_AFTER_S
        old = [one for one in accounts if (known := self._known.get(one)) and known.asked_at <= until]
        for account in old:
            self.forget(account)
        return bool(old)

    def _remembered(self, account: str) -> Signer | None:
        known = self._known.get(account)
        if known is None or known.asked_at + self._limits.keys_for_s <= trio.current_time():
            return None
        return known.signer

    async def _signer(self, account: str) -> Signer:
        known = self._remembered(account)
        if known is not None:
            return known
        if self._turns.statistics().tasks_waiting >= self._limits.keys_waiting:
            raise unavailable("keys_unavailable", "too many keys are being looked up already")
        async with self._turns:
            known = self._remembered(account)  # others may have asked for it meanwhile
            if known is not None:
                return known
            signer = await self._ask(account)
        self._known[account] = _Known(signer, trio.current_time())
        self._known.move_to_end(account)
        if len(self._known) > self._limits.keys_remembered:
            self._known.popitem(last=False)
        return signer

    async def _ask(self, account: str) -> Signer:
        try:
            said = await self._mirror.account(account)
        except MirrorUnavailable as away:
            log.info("a key cannot be looked up", account=account, reason=away.reason)
            raise _unknown(account, "cannot be looked up now") from away
        if said is None or said.is_deleted:
            raise refusals.wrong("transfers", f"name an account that does not exist: {account}")
        return Signer(_key(account, said), said.signs_to_receive)


def _key(account: str, said: Account) -> Key:
    if said.key is None:
        return Unsignable()
    try:
        return from_mirror(*said.key)
    except ValueError as error:
        raise _unknown(account, "is not understood") from error


def _unknown(account: str, why: str) -> Refusal:
    return unavailable("keys_unavailable", f"the key of account {account} {why}")
