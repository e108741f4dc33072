"""Hedera's own exchange rate, by which the network charges its fees: HBAR/USD, from a mirror node.

The network sets it about once an hour. `current_rate` holds until its expiration, and `next_rate` from then
on until its own. It is as of the consensus in which it was set, so it may be an hour old and still be the
network's word.

Source: https://docs.hedera.com/api-reference/network/get-the-network-exchange-rate-to-estimate-costs
"""

from collections.abc import Sequence
from decimal import Decimal

from paydaemon_rates.config import HederaSettings
from paydaemon_rates.exchange import Price, Reading, Request, Unreadable, each
from paydaemon_rates.moments import unix_ms
from paydaemon_rates.numbers import EXACT, QUOTIENT, plain, positive
from paydaemon_rates.pairs import Pair
from paydaemon_rates.strictjson import loads, mapping

MAX_AGE_S = 7_200
_CENTS = Decimal(100)


class Hedera:
    """``[rates.hedera]``."""

    name = "hedera"
    apart_s = 1.0

    def __init__(self, settings: HederaSettings) -> None:
        """There is nothing to set: `settings` say where and when."""

    def requests(self, pairs: Sequence[Pair]) -> Sequence[Request]:
        """There is one."""
        return [Request("/api/v1/network/exchangerate", tuple(pairs))] if pairs else []

    def read(self, request: Request, body: bytes, now_ms: int) -> Reading:
        """``{"current_rate": {"cent_equivalent": 596987, "hbar_equivalent": 30000, …}, "timestamp": …}``."""
        answer = mapping(loads(body))
        return each(request.pairs, lambda _: _price(answer, now_ms))


def _price(answer: object, now_ms: int) -> Price:
    said = mapping(answer)
    at_ms = unix_ms(said.get("timestamp"))
    for name in ("current_rate", "next_rate"):
        rate = mapping(said.get(name))
        if now_ms < unix_ms(rate.get("expiration_time")):
            return Price(_quotient(rate.get("cent_equivalent"), rate.get("hbar_equivalent")), at_ms)
    raise Unreadable("its rate has expired")


def _quotient(cents: object, hbars: object) -> Decimal:
    over, under = positive(cents), positive(hbars)
    if not over or not under:
        raise Unreadable("it has no price")
    return plain(QUOTIENT.divide(over, EXACT.multiply(under, _CENTS)))
