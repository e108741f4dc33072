"""Volume and conversion over time, drawn and in numbers."""

from collections.abc import Sequence
from dataclasses import dataclass

from quart import Blueprint, Response

from paydaemon.core.money import Currency
from paydaemon.engine.api import Api
from paydaemon.engine.desk import Day, Money
from paydaemon.frontends.desk import words
from paydaemon.frontends.desk.invoices import filled_in
from paydaemon.frontends.desk.plots import Plot, plot
from paydaemon.frontends.desk.render import Renderer, principal

SPANS = (7, 30, 90, 365)
DEFAULT_DAYS = 30


@dataclass(frozen=True, slots=True)
class Volume:
    """What was settled in one currency, day by day."""

    currency: Currency
    total_minor: int
    plot: Plot


def add_pages(routes: Blueprint, api: Api, renderer: Renderer) -> None:
    """``/desk/volume``."""

    @routes.get("/desk/volume")
    async def volume() -> Response:
        query = filled_in(("days", "seller"))
        count = query.integer("days", 1, SPANS[-1]) or DEFAULT_DAYS
        seller_id = principal().require_own(query.id("seller"))
        days = await api.desk.days(principal(), seller_id, count)
        settled = Money()
        for day in days:
            settled.join(day.settled)
        return renderer.page(
            "volume.html",
            days=days[::-1],
            first=words.day(days[0].day),
            last=words.day(days[-1].day),
            created=sum(day.created for day in days),
            settled=settled,
            conversion=_conversion(days),
            volumes=[_volume(days, currency, total) for currency, total in _ordered(settled)],
            spans=SPANS,
            count=count,
            seller=seller_id or "",
            sellers=await api.desk.sellers(principal()),
        )


def _conversion(days: Sequence[Day]) -> Plot:
    created, settled = [day.created for day in days], [day.settled.invoices for day in days]
    said = f"{sum(created)} invoices created in {len(days)} days, {sum(settled)} of them settled"
    return plot(said, created, settled)


def _volume(days: Sequence[Day], currency: Currency, total_minor: int) -> Volume:
    amounts = [day.settled.amounts_minor.get(currency, 0) for day in days]
    said = f"{words.money(total_minor, currency)} settled in {len(days)} days"
    return Volume(currency, total_minor, plot(said, amounts))


def _ordered(money: Money) -> list[tuple[Currency, int]]:
    return sorted(money.amounts_minor.items(), key=lambda one: (one[0].code, one[0].decimals))
