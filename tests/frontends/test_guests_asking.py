"""Questions that clients of plugins' frontends ask chains: who counts as one, and what each may take."""

from functools import partial
from itertools import chain
from pathlib import Path

import pytest
import trio
from trio.testing import wait_all_tasks_blocked

from paydaemon.core.access import LOCAL_OPERATOR, PUBLIC, Principal
from paydaemon.core.errors import Refusal
from tests.engine.test_inquiries import asking, waits
from tests.support.guests import guest, hosting

SHOP, RIVAL = Principal("key_1", "shop"), Principal("key_2", "rival")
HERE, THERE = "192.0.2.7", "192.0.2.8"


async def test_each_client_has_places_of_its_own(tmp_path: Path) -> None:
    """A key wherever it is used from, and an address without one: also where nobody has a key of its own."""
    one = guest()
    async with hosting(tmp_path, one) as daemon:
        assert one.host is not None
        ask = partial(one.host.ask, chain="asked", question=b"?", kinds=["any"])
        own = one.host.acting_for("shop")
        clients: list[list[tuple[Principal, str | None]]] = [
            [(PUBLIC, HERE), (LOCAL_OPERATOR, HERE), (own, HERE)],
            [(PUBLIC, THERE), (LOCAL_OPERATOR, THERE), (own, THERE)],
            [(PUBLIC, None), (own, None)],
            [(SHOP, HERE), (SHOP, THERE), (SHOP, None)],
            [(RIVAL, HERE)],
        ]
        async with asking(waits, per_client=1) as (_, inquiries, _live), trio.open_nursery() as nursery:
            daemon.engine.api.inquiries = inquiries
            for (principal, client), *_same in clients:
                nursery.start_soon(partial(ask, principal, client=client))
            await wait_all_tasks_blocked()
            for principal, client in chain(*clients):
                with pytest.raises(Refusal, match="too many questions of yours"):
                    await ask(principal, client=client)
            nursery.cancel_scope.cancel()
