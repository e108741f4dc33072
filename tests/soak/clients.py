"""The daemon's clients: shops that order invoices and a reader of its events, none of whom ever gives up.

A shop repeats an order under its idempotency key until it is answered, whatever happens to the daemon in
between; the reader comes back for what follows the last event it got. Both remember all they were told.
"""

from collections import Counter
from dataclasses import dataclass, field
from random import Random

import httpx
import trio

from tests.soak.stream import Gone, Refused, event_stream
from tests.support.daemon import Daemon
from tests.support.ledgercheck import Json, Told

AGAIN_S = 0.25
"""After a refusal. Seven that ask more often take a processor from the daemon that they wait for."""
ANSWER_S = 15.0
LEAST_EXPIRY_S = 60

CREATED, BAD_REQUEST, UNAUTHORIZED, UNAVAILABLE = 201, 400, 401, 503


@dataclass(slots=True)
class Clients:
    """Shops and a reader. `key` is the operator's; `pause_s` is the longest pause between two orders."""

    daemon: Daemon
    told: Told
    seed: int
    key: str
    closing: trio.Event
    pause_s: float = 0.4
    away: int = 0
    cut: int = 0
    connected: int = 0
    refused: Counter[str] = field(default_factory=Counter)

    # Shops

    async def shop(self, name: str) -> None:
        """Order one invoice after the other, until closing."""
        chance = Random(f"{self.seed}/{name}")
        number = 0
        async with httpx.AsyncClient(headers=self._headers(), timeout=ANSWER_S) as http:
            while not self.closing.is_set():
                number += 1
                await self._order(http, f"{name}-{number}", chance)
                await trio.sleep(chance.uniform(0, self.pause_s))

    async def _order(self, http: httpx.AsyncClient, order: str, chance: Random) -> None:
        """One order; sometimes made twice at the same time, and sometimes once more afterwards."""
        body = _order(order, chance)
        self.told.orders.add(order)
        async with trio.open_nursery() as nursery:
            for _ in range(chance.choice([1, 1, 1, 1, 2])):
                nursery.start_soon(self._until_answered, http, order, body)
        if chance.random() < 0.1:
            await self._until_answered(http, order, body)

    async def _until_answered(self, http: httpx.AsyncClient, order: str, body: Json) -> None:
        while not await self._post(http, order, body):  # noqa: ASYNC110 - the daemon may be dead
            await trio.sleep(AGAIN_S)

    async def _post(self, http: httpx.AsyncClient, order: str, body: Json) -> bool:
        """Whether the order was acknowledged. The port of a dead daemon may be somebody else's by now."""
        try:
            answer = await http.post(
                f"{self.daemon.api}/v1/invoices", json=body, headers={"Idempotency-Key": order}
            )
        except httpx.ConnectError:
            self.away += 1
            return False
        except httpx.TransportError:
            self.cut += 1
            return False
        if answer.status_code == CREATED:
            self.told.acknowledged.append((order, answer.json()))
            return True
        assert answer.status_code in (UNAVAILABLE, UNAUTHORIZED), (order, answer.status_code, answer.text)
        self.refused[answer.json()["error"]["code"]] += 1
        return False

    # The reader

    async def reader(self) -> None:
        """Follow the event stream from the last event on, over every break, until cancelled."""
        while True:
            try:
                async with event_stream(self.daemon.api, self.key, f"after={self.last_seq}") as stream:
                    self.connected += 1
                    while True:
                        self._hear(await stream.next())
            except Refused as refused:
                if refused.status == BAD_REQUEST:
                    raise AssertionError(f"event {self.last_seq} was told and is gone") from None
            except Gone:
                pass
            await trio.sleep(AGAIN_S)

    @property
    def last_seq(self) -> int:
        """The last event that was told."""
        return int(self.told.events[-1]["seq"]) if self.told.events else 0

    def _hear(self, event: Json) -> None:
        if "seq" not in event:
            return
        assert event["seq"] == self.last_seq + 1, f"after event {self.last_seq} came {event['seq']}"
        self.told.events.append(event)

    def _headers(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.key}"}


def _order(order: str, chance: Random) -> Json:
    """What a shop asks for: small amounts, few confirmations, and sometimes little time."""
    body: Json = {"seller_id": "shop", "metadata": {"order": order}, "note": f"order {order}"}
    if chance.random() < 0.5:
        body |= {"currency": "BTC", "amount": f"0.00{chance.randrange(10_000, 1_000_000):06d}"}
    else:
        body |= {"currency": "EUR", "amount": f"{chance.randrange(6, 600)}.{chance.randrange(100):02d}"}
    if chance.random() < 0.8:
        body["confirmations"] = chance.choice([1, 1, 1, 2, 3])
    if chance.random() < 0.4:
        body["expires_in_s"] = LEAST_EXPIRY_S
    return body
