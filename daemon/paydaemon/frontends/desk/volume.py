"""Volume and conversion over time, drawn and in numbers."""

from collections.abc import Sequence
from dataclasses import dataclass

from quart import Blueprint, Response

from paydaemon.core.money import Currency
from paydaemon.engine.api import Api
from paydaemon.engine.desk import Day, Money
from paydaemon.frontends.desk import words
from paydaemon.frontends.desk.fields import filled_in, or_problem, status_of, typed
from paydaemon.frontends.desk.plots import Plot, plot
from paydaemon.frontends.desk.render import Renderer, principal

SPANS = (7, 30, 90, 365)
DEFAULT_DAYS = 30
PARAMETERS = ("days", "seller")


@dataclass(frozen=True, slots=True)
class Sales:
    """What was settled in one currency, day by day."""

    currency: Currency
    total_minor: int
    plot: Plot


@dataclass(frozen=True, slots=True)
class Volume:
    """What was sold on some days, the oldest first."""

    days: Sequence[Day]
    created: int
    settled: Money
    conversion: Plot
    sales: Sequence[Sales]


def add_pages(routes: Blueprint, api: Api, renderer: Renderer) -> None:
    """``/desk/volume``."""

    @routes.get("/desk/volume")
    async def volume() -> Response:
        volume, problem = await or_problem(_looked_up(api))
        return renderer.page(
            "volume.html",
            status_of(problem),
            volume=volume,
            problem=problem,
            asked=typed(PARAMETERS),
            spans=SPANS,
            count=DEFAULT_DAYS if volume is None else len(volume.days),
            sellers=await api.desk.sellers(principal()),
        )


async def _looked_up(api: Api) -> Volume:
    query = filled_in(PARAMETERS)
    count = query.integer("days", 1, SPANS[-1]) or DEFAULT_DAYS
    days = await api.desk.days(principal(), principal().require_own(query.id("seller")), count)
    settled = Money()
    for day in days:
        settled.join(day.settled)
    return Volume(
        days,
        sum(day.created for day in days),
        settled,
        _conversion(days),
        [_sales(days, currency, total) for currency, total in _ordered(settled)],
    )


def _conversion(days: Sequence[Day]) -> Plot:
    created, settled = [day.created for day in days], [day.settled.invoices for day in days]
    said = f"{sum(created)} invoices created in {len(days)} days, {sum(settled)} of them settled"
    return plot(said, created, settled)


def _sales(days: Sequence[Day], currency: Currency, total_minor: int) -> Sales:
    amounts = [day.settled.amounts_minor.get(currency, 0) for day in days]
    said = f"{words.money(total_minor, currency)} settled in {len(days)} days"
    return Sales(currency, total_minor, plot(said, amounts))


def _ordered(money: Money) -> list[tuple[Currency, int]]:
    return sorted(money.amounts_minor.items(), key=lambda one: (one[0].code, one[0].decimals))
