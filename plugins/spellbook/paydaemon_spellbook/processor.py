"""The three things that the older payment processor did, done with invoices.

Each takes a request with what it says, and returns what is shown, or raises `Refusal` or `AsBefore`.
"""

from collections.abc import Iterator, Mapping

from paydaemon.core.access import PUBLIC, Principal
from paydaemon.core.errors import ErrorType, Refusal, invalid
from paydaemon.hooks.frontend import FrontendHost, Request
from paydaemon_spellbook import asked, errors, ids
from paydaemon_spellbook.asked import Fields, NewPayment
from paydaemon_spellbook.config import SpellbookConfig
from paydaemon_spellbook.shown import SELLER_ID, Json, Value, payment_request

Shown = Mapping[str, Value]


class Processor:
    """Whoever needs no key acts for the sellers that are configured, and for nobody else."""

    def __init__(self, config: SpellbookConfig, host: FrontendHost) -> None:
        self._config = config
        self._host = host

    async def new_payment(self, request: Request, said: Fields) -> Shown:
        """Make a payment request, or show the one that the idempotency key stands for."""
        wanted = asked.new_payment(said)
        seller = self._config.seller_of(str(wanted.seller_id))
        if seller is None:
            raise invalid("seller_id", "nobody here sells under this id", "unknown_seller")
        try:
            return payment_request(_fit(await self._create(request, wanted, seller)))
        except Refusal as refusal:
            if refusal.code == errors.NO_RATE:
                raise errors.no_rate(wanted.currency) from refusal
            raise

    async def status(self, request: Request, said: Fields) -> Shown:
        """Show a payment request as it stands."""
        return payment_request(await self._find(request, said))

    async def transaction_received(self, request: Request, said: Fields) -> None:
        """Take a hint that there is something to see, and believe nothing of it: the chain is looked at."""
        await self._find(request, said)
        asked.text(said, "txid")
        self._host.look_now(self._config.chain)

    async def _create(self, request: Request, wanted: NewPayment, seller: str) -> Json:
        principal = self._host.acting_for(seller) if _has_no_key(request) else request.principal
        key = request.headers.get("idempotency-key")  # the older clients send none
        return await self._host.create_invoice(principal, self._order(wanted, seller), key)

    def _order(self, wanted: NewPayment, seller: str) -> Mapping[str, object]:
        said = {
            "amount": wanted.amount,
            "currency": wanted.currency,
            "seller_id": seller,
            "note": wanted.note,
            "metadata": {SELLER_ID: wanted.seller_id},
            "chains": [self._config.chain],
            "expires_in_s": self._config.expires_in_s,
            "late": self._config.late,
        }
        return {name: value for name, value in said.items() if value is not None}

    async def _find(self, request: Request, said: Fields) -> Json:
        """An invoice that was made here, and that whoever asks may see."""
        given = asked.text(said, "payment_request_id")
        id = ids.invoice_id(given)
        for principal in self._who(request) if id is not None else ():
            invoice = await self._look_up(principal, str(id))
            if invoice is not None and self._is_made_here(invoice):
                return invoice
        raise errors.unknown_payment_request(given)

    def _is_made_here(self, invoice: Json) -> bool:
        """Whether it can have been: a seller may put anything into the metadata of an invoice of their own,
        and what is due on another chain is no amount in satoshi.
        """
        chains = [option["chain"] for option in invoice["options"]]
        sells = invoice["seller_id"] in self._config.all_sellers
        return SELLER_ID in invoice["metadata"] and sells and chains == [self._config.chain]

    def _who(self, request: Request) -> Iterator[Principal]:
        if _has_no_key(request):
            yield from map(self._host.acting_for, self._config.all_sellers)
        else:
            yield request.principal

    async def _look_up(self, principal: Principal, id: str) -> Json | None:
        try:
            return await self._host.invoice(principal, id)
        except Refusal as refusal:
            if refusal.type is ErrorType.NOT_FOUND:
                return None
            raise


def _has_no_key(request: Request) -> bool:
    return request.principal.key_id == PUBLIC.key_id


def _fit(invoice: Json) -> Json:
    """The invoice itself. Raises `Refusal` where an address alone is not enough to pay it."""
    (option, *others) = invoice["options"]
    if others or option["destination"]["memo"] is not None:
        message = f"chain {option['chain']} wants more than an address, for which there is no word here"
        raise Refusal(ErrorType.INTERNAL, "unfit_chain", message)
    return invoice
