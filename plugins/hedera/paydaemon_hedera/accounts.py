"""Accounts: whose signatures a transfer needs, as the mirror has them.

Keys are remembered for a while: they change rarely, but they may. Questions of clients' transactions never
take all the turns at the mirror, so that the watcher always has its own.
"""

from collections import OrderedDict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import trio

from paydaemon.core.errors import Refusal, unavailable
from paydaemon_hedera import refusals
from paydaemon_hedera.answers import Account
from paydaemon_hedera.errors import MirrorUnavailable
from paydaemon_hedera.keys import Key, Unsignable, from_mirror
from paydaemon_hedera.limits import HederaLimits
from paydaemon_hedera.mirror import Mirror


@dataclass(frozen=True, slots=True)
class Signer:
    """An account's key. With `to_receive` it is needed also where the account only gains."""

    key: Key
    to_receive: bool


class Accounts:
    """The keys that accounts sign with."""

    def __init__(self, mirror: Mirror, turns: trio.CapacityLimiter, limits: HederaLimits) -> None:
        self._mirror = mirror
        self._turns = turns
        self._limits = limits
        self._known: OrderedDict[str, tuple[float, Signer]] = OrderedDict()

    async def keys(self, debited: Iterable[str], credited: Iterable[str]) -> Mapping[str, Key]:
        """The keys that must sign, by account.

        Raises `Refusal` where an account is not there, or the mirror cannot be asked.
        """
        keys = {account: (await self._signer(account)).key for account in debited}
        for account in credited:
            if account not in keys and (signer := await self._signer(account)).to_receive:
                keys[account] = signer.key
        return keys

    async def _signer(self, account: str) -> Signer:
        if self._turns.statistics().tasks_waiting >= self._limits.keys_waiting:
            raise unavailable("keys_unavailable", "too many keys are being looked up already")
        async with self._turns:
            known = self._known.get(account)
            if known is not None and known[0] > trio.current_time():
                return known[1]
            signer = await self._ask(account)
        self._known[account] = (trio.current_time() + self._limits.keys_for_s, signer)
        self._known.move_to_end(account)
        if len(self._known) > self._limits.keys_remembered:
            self._known.popitem(last=False)
        return signer

    async def _ask(self, account: str) -> Signer:
        try:
            said = await self._mirror.account(account)
        except MirrorUnavailable as away:
            raise _unknown(account, f"cannot be looked up now: {away.reason}") from away
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
