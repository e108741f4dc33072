"""The host: the API's operations as a frontend of a plugin may call them, in the API's own JSON."""

from collections.abc import Collection, Hashable

import trio

from paydaemon.core.access import LOCAL_OPERATOR, PUBLIC, Principal
from paydaemon.core.relay import Relay
from paydaemon.engine.api import Api
from paydaemon.engine.relays import Wait
from paydaemon.frontends import models, wire
from paydaemon.frontends.models import NewInvoice
from paydaemon.frontends.relaysocket import check_size
from paydaemon.frontends.requests import checked_idempotency_key
from paydaemon.frontends.settings import FrontendSettings
from paydaemon.hooks.frontend import Json
from paydaemon.hooks.ports import Reply


class GuestHost:
    """What one frontend is given (`paydaemon.hooks.frontend.FrontendHost`)."""

    def __init__(self, id: str, api: Api, settings: FrontendSettings, stop: trio.Event) -> None:
        self._own_key_id = f"frontend:{id}"
        self._api = api
        self._settings = settings
        self._stop = stop

    @property
    def stopping(self) -> trio.Event:
        return self._stop

    @property
    def answer_within_s(self) -> float:
        return self._settings.limits.request_timeout_s

    def acting_for(self, seller_id: str) -> Principal:
        return Principal(self._own_key_id, seller_id)

    async def create_invoice(
        self, principal: Principal, order: Json, idempotency_key: str | None = None
    ) -> Json:
        key = None if idempotency_key is None else checked_idempotency_key(idempotency_key)
        view = await self._api.create_invoice(principal, models.check(NewInvoice, order).order(), key)
        return wire.invoice(view, self._settings.public_url)

    async def invoice(self, principal: Principal, id: str) -> Json:
        return wire.invoice(await self._api.invoice(principal, id), self._settings.public_url)

    async def hand_in(
        self, principal: Principal, chain: str, given: bytes | str, *, invoice_id: str | None = None
    ) -> Relay:
        check_size(given, self._settings.limits)
        handed = await self._api.relays.hand_in(principal, chain, given, invoice_id)
        return await handed.until(Wait.PRECHECK)

    async def ask(
        self,
        principal: Principal,
        chain: str,
        question: bytes,
        kinds: Collection[str],
        *,
        client: str | None = None,
    ) -> Reply:
        check_size(question, self._settings.limits)
        return await self._api.inquiries.ask(self._asker(principal, client), chain, question, kinds)

    def _asker(self, principal: Principal, client: str | None) -> Hashable:
        """Who counts as one, as at the gate: a key, or the address of whoever has none."""
        without_key = (PUBLIC.key_id, LOCAL_OPERATOR.key_id, self._own_key_id)
        return ("client", client) if principal.key_id in without_key else ("key", principal.key_id)

    def look_now(self, chain: str) -> None:
        self._api.look_now(chain)
