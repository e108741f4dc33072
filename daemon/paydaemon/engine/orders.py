"""Orders: what a seller asks for when creating an invoice, checked field by field.

Everything here is pure: it turns a request into the terms of an invoice, or into a `Refusal` that names the
field. What needs a chain, a rate or the store comes after, in `paydaemon.engine.invoices`.
"""

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field
from fractions import Fraction

import iso4217

from paydaemon.core.errors import invalid
from paydaemon.core.invoice import LatePolicy
from paydaemon.core.money import Asset, Currency, parse_minor
from paydaemon.hooks.ports import Depths

MOST_CONFIRMATIONS = 100
MOST_UNITS = 10**15
"""What an amount must be less than, in whole units: more than there is of any currency. It keeps a slip of
the hand from becoming an invoice, and what is due far within the 78 digits that a database holds.
"""


@dataclass(frozen=True, slots=True)
class InvoiceDefaults:
    """What the operator's configuration says where a request says nothing."""

    expires_in_s: int = 900
    monitor_for_s: int = 604_800
    tolerance_ppm: int = 0
    late: LatePolicy = LatePolicy.HOLD


@dataclass(frozen=True, slots=True)
class InvoiceRequest:
    """An order for an invoice. `amount` is a decimal string of whole units of `currency`.

    None means that the request did not say: the operator's defaults apply, and every chain is offered.
    """

    amount: str
    currency: str
    seller_id: str | None = None
    note: str | None = None
    metadata: Mapping[str, object] = field(default_factory=dict)
    chains: tuple[str, ...] | None = None
    expires_in_s: int | None = None
    confirmations: int | None = None
    buyer: Mapping[str, str] = field(default_factory=dict)
    return_url: str | None = None
    late: LatePolicy | None = None

    def fingerprint(self) -> bytes:
        """What two requests must share to be the same request under one idempotency key."""
        # What is not said is left out, so that a field added later changes no fingerprint stored before.
        said = {name: value for name, value in asdict(self).items() if value not in (None, {})}
        canonical = json.dumps(said, sort_keys=True, separators=(",", ":"))
        return hashlib.sha256(canonical.encode()).digest()


@dataclass(frozen=True, slots=True)
class Terms:
    """The checked money of an order."""

    amount_minor: int
    currency: Currency

    @property
    def amount(self) -> Fraction:
        """The exact amount in whole units of the currency."""
        return Fraction(self.amount_minor, 10**self.currency.decimals)


def terms(request: InvoiceRequest, assets: Iterable[Asset]) -> Terms:
    """Check amount and currency. Raises `Refusal` naming the field."""
    currency = find_currency(request.currency, assets)
    minor = parse_minor(request.amount, currency.decimals, "amount")
    if minor == 0:
        raise invalid("amount", "must be more than zero", "not_positive")
    if minor >= MOST_UNITS * 10**currency.decimals:
        raise invalid("amount", f"must be less than {MOST_UNITS}", "out_of_range")
    return Terms(minor, currency)


def find_currency(code: str, assets: Iterable[Asset]) -> Currency:
    """An ISO 4217 currency with its own decimals, or an asset by its symbol or on-chain id.

    ISO comes first: MNT is the Mongolian tögrög, whatever token calls itself so. Raises `Refusal` where there
    is neither, or where two assets of one symbol disagree on their decimals.
    """
    known = _iso_currency(code)
    if known is not None:
        return known
    decimals = {asset.decimals for asset in assets if code in (asset.symbol, asset.code)}
    if len(decimals) == 1:
        return Currency(code, decimals.pop())
    if decimals:
        raise invalid("currency", f"{code!r} names several assets; use the on-chain id", "ambiguous_currency")
    raise invalid("currency", f"{code!r} is no ISO 4217 code and no asset here", "unknown_currency")


def is_asset(currency: Currency, asset: Asset) -> bool:
    """Whether this currency is that asset itself, so that no rate is needed."""
    return currency.code in (asset.symbol, asset.code) and _iso_currency(currency.code) is None


def _iso_currency(code: str) -> Currency | None:
    """None also for codes without a minor unit: gold (XAU), no currency (XXX) and the like."""
    try:
        known = iso4217.Currency(code)
    except ValueError:
        return None
    return None if known.exponent is None else Currency(code, known.exponent)


def lasting_s(request: InvoiceRequest, defaults: InvoiceDefaults) -> int:
    """For how long the invoice can be paid in time. Raises `Refusal` for less than a second."""
    if request.expires_in_s is None:
        return defaults.expires_in_s
    if request.expires_in_s < 1:
        raise invalid("expires_in_s", "must be at least 1", "out_of_range")
    return request.expires_in_s


def depth(request: InvoiceRequest, depths: Depths) -> int:
    """The confirmations one option asks for. Raises `Refusal` outside what the chain's operator allows."""
    if request.confirmations is None:
        return depths.default
    if not depths.least <= request.confirmations <= MOST_CONFIRMATIONS:
        raise invalid("confirmations", f"must be from {depths.least} to {MOST_CONFIRMATIONS}", "out_of_range")
    return request.confirmations
