"""A shop that asks in the older system's words: the frontend over the real engine, without HTTP between."""

import json
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import httpx
import trio

from paydaemon.core.access import PUBLIC, Principal
from paydaemon.frontends import FrontendSettings
from paydaemon.frontends.guests import GuestHost, LiveFrontend
from paydaemon.hooks.frontend import Answer, Request, Route
from paydaemon_spellbook.config import SpellbookConfig
from paydaemon_spellbook.frontend import SpellbookFrontend
from tests.engine.world import World, world
from tests.support.served import Served, served
from tests.support.waiting import BOUND_S

Json = dict[str, Any]

CREATE = "/api/PaymentProcessorNewPayment"
STATUS = "/api/PaymentProcessorPaymentStatus"
RECEIVED = "/api/PaymentProcessorTransactionReceived"
ORDER: Json = {"seller_id": "company1", "amount_fiat": 12.5, "currency": "EUR"}
SELLERS = {"sellers": {"company1": "shop", "company2": "rival"}}


class Host(GuestHost):
    """What the daemon gives a frontend; it notes which chains were to look at their networks."""

    def __init__(self, daemon: World) -> None:
        super().__init__("spellbook", daemon.api, FrontendSettings("https://pay.example"), trio.Event())
        self.looked: list[str] = []

    def look_now(self, chain: str) -> None:
        super().look_now(chain)
        self.looked.append(chain)


@dataclass
class Shop:
    """Asks the frontend. Whoever asks without a key is on this machine: others do not get so far."""

    daemon: World
    host: Host
    frontend: SpellbookFrontend

    async def ask(
        self,
        method: str,
        target: str,
        said: object = None,
        *,
        principal: Principal = PUBLIC,
        **headers: str,
    ) -> Answer:
        """One request; `said` is its body, bytes as they are and anything else as JSON."""
        if said is not None:
            headers.setdefault("content_type", "application/json")
        parts = urlsplit(target)
        route, values = self._route(method, parts.path)
        body = said if isinstance(said, bytes) else b"" if said is None else json.dumps(said).encode()
        request = Request(
            method=method,
            path=parts.path,
            values=values,
            query=parse_qsl(parts.query, keep_blank_values=True),
            headers={name.replace("_", "-"): value for name, value in headers.items()},
            body=body,
            principal=principal,
            client="127.0.0.1",
            request_id="req_1",
            pace=trio.lowlevel.checkpoint,
        )
        return await route.handle(request)

    def _route(self, method: str, path: str) -> tuple[Route, Mapping[str, str]]:
        steps = path.split("/")
        for route in self.frontend.routes:
            pattern = route.path.split("/")
            if method in route.methods and len(pattern) == len(steps):
                pairs = list(zip(pattern, steps, strict=True))
                if all(wanted in ("<name>", step) for wanted, step in pairs):
                    return route, {wanted[1:-1]: step for wanted, step in pairs if wanted.startswith("<")}
        raise AssertionError(f"nothing serves {method} {path}")

    async def new_payment(self, principal: Principal = PUBLIC, **fields: object) -> Json:
        """Make a payment request, by default over 12.50 EUR."""
        return shown(await self.ask("POST", CREATE, {**ORDER, **fields}, principal=principal))

    async def status(self, made: Json, principal: Principal = PUBLIC) -> Json:
        """A payment request as it stands."""
        target = f"{STATUS}?payment_request_id={made['payment_request_id']}"
        return shown(await self.ask("GET", target, principal=principal))

    async def stands(self, made: Json) -> tuple[str, int, str | None]:
        """Its status, its confirmations and its transaction."""
        found = await self.status(made)
        return found["status"], found["confirmations"], found["txid"]

    async def pay(self, made: Json, amount_minor: int | None = None) -> str:
        """Pay it, by default what it asks; returns the transaction's id."""
        view = await self.daemon.view(invoice_id(made))
        return await self.daemon.pay((view.invoice.options[0], amount_minor or made["amount_btc"]))


def invoice_id(made: Json) -> str:
    """The invoice that a payment request is."""
    return str(made["payment_request_id"]).replace("PR-", "inv_")


def shown(answer: Answer, status: int = 200) -> Json:
    """An answer's body; every number that is not whole is a `Decimal`."""
    assert (answer.status, answer.content_type) == (status, "application/json"), answer
    found = json.loads(answer.body, parse_float=Decimal)
    assert isinstance(found, dict)
    return found


def error(answer: Answer, status: int) -> str:
    """The sentence of an answer that is nothing but an error."""
    found = shown(answer, status)
    assert list(found) == ["error"]
    assert isinstance(found["error"], str)
    return found["error"]


@asynccontextmanager
async def open_shop(**settings: object) -> AsyncIterator[Shop]:
    """A frontend that runs, by default for two sellers of the older system's."""
    async with world() as daemon, shop_in(daemon, **(settings or SELLERS)) as shop:
        yield shop


@asynccontextmanager
async def shop_in(daemon: World, **settings: object) -> AsyncIterator[Shop]:
    """The same, in a world that is there already."""
    frontend = SpellbookFrontend("spellbook", SpellbookConfig.model_validate(settings))
    async with trio.open_nursery() as nursery:
        host = Host(daemon)
        await nursery.start(frontend.run, host)
        yield Shop(daemon, host, frontend)
        nursery.cancel_scope.cancel()


@asynccontextmanager
async def serving(folder: Path, **settings: object) -> AsyncIterator[tuple[Served, httpx.AsyncClient]]:
    """The same behind the daemon's gate, and a client on this machine that has no key."""
    frontend = SpellbookFrontend("spellbook", SpellbookConfig.model_validate(settings or SELLERS))
    async with (
        served(folder, guests=[LiveFrontend("spellbook", frontend, "spellbook")]) as daemon,
        httpx.AsyncClient(
            base_url=f"http://127.0.0.1:{daemon.port}", timeout=BOUND_S, verify=False
        ) as client,
    ):
        yield daemon, client
