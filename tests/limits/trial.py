"""What a provocation is given: the one limit that it is about, set small, and all others out of its way."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import httpx
from pydantic import BaseModel

from paydaemon.config import LimitSettings
from paydaemon.limits import AllLimits, limits_of
from paydaemon_bitcoin.config import BitcoinConfig
from paydaemon_monero.config import MoneroConfig
from tests.support.served import error_of
from tests.systemd.away import NOBODY

M = TypeVar("M", bound=BaseModel)

NOWHERE = "http://127.0.0.1:1"
WIDE = {"requests_per_s": 100_000, "requests_burst": 100_000, "http.grace_s": 2, "http.send_timeout_s": 300}
"""Limits that no provocation meets by chance."""


@dataclass
class Trial:
    """One row of the table, and a folder to try it in. `tried` is the value it was set to, in the end."""

    key: str
    folder: Path
    tried: float | None = None

    def value(self, small: float) -> float:
        """The limit itself, for a part that is told it as a number."""
        self.tried = small
        return small

    def settings(self, small: float, **others: float) -> LimitSettings:
        """``[limits]`` with this one set, below its range too; `others` are keys of [limits] itself."""
        found = LimitSettings()
        for key, value in {**WIDE, **others, self.key.removeprefix("limits."): self.value(small)}.items():
            found = with_value(found, key, value)
        return found

    def all(self, small: float, **others: float) -> AllLimits:
        """The same, as the parts of the daemon keep to it."""
        return limits_of(self.settings(small, **others))

    def bitcoin(self, small: float, **others: object) -> BitcoinConfig:
        """A chain's table with this one set; its node is nowhere."""
        table = {name: value for name, value in NOBODY["chains"]["bitcoin"].items() if name != "plugin"}
        found = BitcoinConfig.model_validate(table)
        key = self.key.removeprefix("chains.bitcoin.")
        for name, value in {"limits.rpc_tries": 1, **others, key: self.value(small)}.items():
            found = with_value(found, name, value)
        return found


def monero(trial: Trial, small: float, **others: object) -> MoneroConfig:
    """A Monero chain's table with this one set; its node and its wallet are nowhere."""
    table = {"network": "regtest", "wallet_rpc_url": NOWHERE, "monerod_url": "http://127.0.0.1:2"}
    found = MoneroConfig.model_validate(table)
    key = trial.key.removeprefix("chains.monero.")
    for name, value in {"limits.rpc_tries": 1, **others, key: trial.value(small)}.items():
        found = with_value(found, name, value)
    return found


def with_value(model: M, key: str, value: object) -> M:
    """A copy with another value, whatever its range."""
    first, _, rest = key.partition(".")
    return model.model_copy(update={first: with_value(getattr(model, first), rest, value) if rest else value})


Provocation = Callable[[Trial], Awaitable[str]]
"""Drives a daemon, or the part of it, into one limit; returns what the table says is seen then, or a part."""

PROVOCATIONS: dict[str, Provocation] = {}


def provokes(*keys: str) -> Callable[[Provocation], Provocation]:
    """Makes a function the provocation of these keys."""

    def note(provocation: Provocation) -> Provocation:
        for key in keys:
            assert PROVOCATIONS.setdefault(key, provocation) is provocation, f"{key} is provoked twice"
        return provocation

    return note


def told(answer: httpx.Response) -> str:
    """An error as the table writes it."""
    return f"`{answer.status_code}` `{error_of(answer)['code']}`"
