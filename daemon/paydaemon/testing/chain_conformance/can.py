"""What can happen on some chains and not on others, and how a suite says which."""

from collections.abc import Mapping
from enum import StrEnum
from typing import Any

import pytest

from paydaemon.hooks.sandbox import GoesAway, PaysTogether, Reorganises, Replaces, Sandbox


class Can(StrEnum):
    """What can happen on some chains, and not on others."""

    DEPTH = "a payment is buried under confirmations one by one"
    ASSETS = "each of its assets is paid"
    TOGETHER = "one transaction pays several invoices"
    REPLACED = "a payment is spent elsewhere before a block holds it"
    REORGANISED = "another branch takes the place of blocks"
    AWAY = "the network is out of reach"


PORTS: Mapping[Can, type] = {
    Can.TOGETHER: PaysTogether,
    Can.REPLACED: Replaces,
    Can.REORGANISED: Reorganises,
    Can.AWAY: GoesAway,
}
"""What the sandbox of a chain has on which it can happen. The others have none: every
sandbox has `finalise`, and pays whatever asset it is told to."""


def check_cannot(name: str, cannot: Mapping[Any, str]) -> None:
    """Raise `TypeError` where the `cannot` of the class `name` names something else than a `Can`."""
    for what in cannot:
        if not isinstance(what, Can):
            members = ", ".join(f"Can.{one.name}" for one in Can)
            raise TypeError(f"`cannot` of {name} names {what!r}, which is none of {members}")


def go_on_where(what: Can, cannot: Mapping[Can, str], sandbox: Sandbox) -> None:
    """Go on only where this can happen on the chain; skip where it is said that it cannot.

    Fails where nobody said so and the sandbox cannot bring it about, or where both are said.
    """
    port = PORTS.get(what)
    able = port is None or isinstance(sandbox, port)
    if what in cannot:
        assert port is None or not able, f"`cannot` says {what.name}, and the sandbox has {port.__name__}"
        pytest.skip(f"on this chain it cannot be that {what.value}: {cannot[what]}")
    assert able, (
        f"{what.name}: {what.value}. Give the sandbox the port {port.__name__ if port else ''} of "
        f"paydaemon.hooks.sandbox, or say in `cannot` why that cannot be on this chain"
    )
