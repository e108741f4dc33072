"""Preparations: payments drawn up for payers' wallets to sign, each of exactly what an open invoice asks.

Whoever asks again is given the same transaction, for as long as it asks the same, has not failed and leaves
time to sign it: one transaction is carried out once, however often it is signed and handed in. Nothing is
drawn up beside a payment that is under way. Nothing of it is recorded: what comes back signed is held against
the invoice like anything else.
"""

from collections import OrderedDict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

import structlog

from paydaemon.core.errors import ErrorType, Refusal, invalid, unavailable
from paydaemon.core.policy import Ask, asks
from paydaemon.core.relay import Transfer
from paydaemon.engine.admission import require_room_beside
from paydaemon.engine.chains import LiveChain
from paydaemon.engine.clock import Clock
from paydaemon.engine.invoices import existing
from paydaemon.engine.limits import EngineLimits
from paydaemon.engine.relays import Relays
from paydaemon.hooks.ports import PayTo, Preparing, Unsigned
from paydaemon.store.port import Reader, Store

log = structlog.get_logger(__name__)

LEAST_LEFT_MS = 60_000
"""Whoever is given a transaction again has as long as this to sign it."""

WRONG_PAYER = frozenset({"not_an_id", "wrong_payer"})
"""The codes by which a chain may refuse a payer."""


@dataclass(frozen=True, slots=True)
class Wish:
    """Which invoice is to be paid, in what asset of which chain, by whom.

    `asset_code` may be None where the invoice asks for one only. `nodes` are those that the payer's wallet
    knows.
    """

    invoice_id: str
    chain: str
    asset_code: str | None
    payer: str
    nodes: Collection[str] = ()


@dataclass(frozen=True, slots=True)
class Preparation:
    """What is asked, and the transaction that pays it.

    `sign_before_ms` is when it is too late for the transaction, or for the invoice.
    """

    ask: Ask
    unsigned: Unsigned
    sign_before_ms: int


@dataclass(frozen=True, slots=True)
class _Key:
    """What makes two preparations the same. The destination is of one invoice alone."""

    chain: str
    payer: str
    to: PayTo


class Preparations:
    """Has chains draw up payments, and remembers those that may still be signed."""

    def __init__(
        self,
        store: Store,
        chains: Mapping[str, LiveChain],
        relays: Relays,
        clock: Clock,
        limits: EngineLimits | None = None,
    ) -> None:
        self._store = store
        self._chains = chains
        self._relays = relays
        self._clock = clock
        self._limits = limits or EngineLimits()
        self._drawn_up: OrderedDict[_Key, Unsigned] = OrderedDict()

    def offers(self, chain: str) -> bool:
        """Whether payments on a chain can be drawn up, and handed in."""
        live = self._chains.get(chain)
        return live is not None and live.relay is not None and isinstance(live.chain, Preparing)

    async def prepare(self, wish: Wish) -> Preparation:
        """A transaction to sign. Raises `Refusal` where there is none to be signed, or not now."""
        port = self._port(wish.chain)
        self._relays.require_health(wish.chain)
        found = await self._store.read(lambda reader: self._find(reader, wish))
        ask, key, unsigned = found.ask, found.key, found.again
        if unsigned is None:
            unsigned = _drawn_up(port, key, wish.nodes, self._clock())
            self._keep(key, unsigned)
        return Preparation(ask, unsigned, min(unsigned.sign_before_ms, found.expires_at_ms))

    def _port(self, chain: str) -> Preparing:
        self._relays.require(chain)
        port = self._chains[chain].chain
        if not isinstance(port, Preparing):
            message = f"chain {chain} draws up no payments"
            raise Refusal(ErrorType.NOT_FOUND, "chain_does_not_prepare", message, "chain")
        return port

    def _find(self, reader: Reader, wish: Wish) -> "_Found":
        """What is asked, and the transaction that was drawn up for it before, if it can still be signed."""
        invoice = existing(reader, wish.invoice_id).invoice
        ask = _asked(asks(invoice, reader.payments_of(invoice.id), wish.chain, self._clock()), wish)
        where, code = ask.option.destination, ask.option.asset.code
        credit = Transfer(where.address, code, ask.remaining_minor, where.key)
        require_room_beside(reader, [credit], invoice.id)
        key = _Key(wish.chain, wish.payer, PayTo(where.address, where.memo, code, ask.remaining_minor))
        again = self._drawn_up.get(key)
        if again is not None and not self._is_fresh(reader, wish.chain, again):
            again = None
        return _Found(ask, key, again, invoice.expires_at_ms)

    def _is_fresh(self, reader: Reader, chain: str, unsigned: Unsigned) -> bool:
        """Whether there is time to sign it, and it was not handed in: what was, has failed."""
        if unsigned.sign_before_ms < self._clock() + LEAST_LEFT_MS:
            return False
        return reader.relay(chain, unsigned.transaction_id) is None

    def _keep(self, key: _Key, unsigned: Unsigned) -> None:
        """The one longest known makes room: what was given remains as good as it is."""
        self._drawn_up[key] = unsigned
        self._drawn_up.move_to_end(key)
        while len(self._drawn_up) > self._limits.prepared:
            self._drawn_up.popitem(last=False)


@dataclass(frozen=True, slots=True)
class _Found:
    """What is asked until when, and what was drawn up for it before."""

    ask: Ask
    key: _Key
    again: Unsigned | None
    expires_at_ms: int


def _asked(found: Sequence[Ask], wish: Wish) -> Ask:
    """What is asked in the wanted asset. Raises `Refusal` where that is nothing."""
    fitting = [ask for ask in found if wish.asset_code in (None, ask.option.asset.code)]
    if not found or (fitting and not any(ask.remaining_minor for ask in fitting)):
        raise invalid(None, "that invoice asks for nothing here", "nothing_asked")
    if not fitting:
        raise invalid("asset", f"that invoice has no option in {wish.asset_code}", "no_such_option")
    if len(fitting) > 1:
        raise invalid("asset", "is required: that invoice has several options on this chain", "missing")
    return fitting[0]


def _drawn_up(port: Preparing, key: _Key, nodes: Collection[str], now_ms: int) -> Unsigned:
    """What a plugin draws up, which may do anything. Raises `Refusal`."""
    try:
        unsigned: object = port.prepare(key.payer, key.to, nodes, now_ms)
        if isinstance(unsigned, Unsigned):
            return unsigned
        raise TypeError(f"the chain answered by a {type(unsigned).__name__}")
    except Refusal as refusal:
        if refusal.type is ErrorType.INVALID_REQUEST and refusal.code in WRONG_PAYER:
            raise
        raise _unavailable(key.chain) from refusal
    except Exception as error:
        # Whatever it was: the caller learns no more than this.
        log.warning("chain drew up no payment", chain=key.chain, exc_info=error)
        raise _unavailable(key.chain) from error


def _unavailable(chain: str) -> Refusal:
    return unavailable("chain_unavailable", f"chain {chain} can draw up no payment now")
