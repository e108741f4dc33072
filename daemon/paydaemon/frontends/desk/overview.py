"""The first page: the money of the last days, what is in trouble, and the newest invoices."""

from collections.abc import Sequence
from dataclasses import dataclass

from quart import Blueprint, Response

from paydaemon.core.invoice import Status
from paydaemon.engine.api import Api
from paydaemon.engine.chains import ChainStatus
from paydaemon.engine.clock import system_clock
from paydaemon.engine.deliveries import TargetState, TargetView
from paydaemon.engine.desk import Day, Money
from paydaemon.engine.rates import Look
from paydaemon.frontends.desk.render import Renderer, go_to, principal
from paydaemon.store.deskport import InvoiceFilter

SPANS = (("today", 1), ("7 days", 7), ("30 days", 30))
"""What is added up: today, and so many days with it."""

NEWEST = 10
RATES_SHOWN = 10
TARGETS_SHOWN = 100


@dataclass(frozen=True, slots=True)
class Troubles:
    """What an operator looks after. Of rates some are shown, `more_rates` says whether there are others."""

    chains: Sequence[ChainStatus]
    rates: Sequence[Look]
    more_rates: bool
    targets: Sequence[TargetView]
    unmatched: int


def add_pages(routes: Blueprint, api: Api, renderer: Renderer) -> None:
    """``/desk/``."""

    @routes.get("/desk")
    async def root() -> Response:
        return go_to("")

    @routes.get("/desk/")
    async def overview() -> Response:
        days = await api.desk.days(principal(), None, SPANS[-1][1])
        newest = await api.desk.search(principal(), InvoiceFilter(), None, cursor=None, limit=NEWEST)
        return renderer.page(
            "overview.html",
            counts=await api.desk.by_status(principal()),
            spans=[name for name, _ in SPANS],
            rows=[(status, [added(days[-count:], status) for _, count in SPANS]) for status in Status],
            newest=newest.invoices,
            now_ms=system_clock(),
            troubles=await troubles(api) if principal().is_operator else None,
        )


def added(days: Sequence[Day], status: Status) -> Money:
    """What the invoices of some days that stand so ask for."""
    money = Money()
    for day in days:
        money.join(day.by_status[status])
    return money


async def troubles(api: Api) -> Troubles:
    """How chains, rates and deliveries are doing. Of those who are told, those in trouble alone are shown."""
    looks, after = await api.rates_now(principal(), after=None, limit=RATES_SHOWN)
    targets = await api.records.targets(principal(), cursor=None, limit=TARGETS_SHOWN)
    return Troubles(
        chains=[*api.chains(), *api.absent],
        rates=looks,
        more_rates=after is not None,
        targets=[one for one in targets if one.backlog.parked or one.state is not TargetState.WELL],
        unmatched=(await api.counted()).unmatched,
    )
