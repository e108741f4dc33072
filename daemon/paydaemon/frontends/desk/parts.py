"""How the daemon's parts are doing: rates, chains, plugins and services. For operators."""

from quart import Blueprint, Response

from paydaemon.core.raterules import named
from paydaemon.engine.api import Api
from paydaemon.engine.clock import system_clock
from paydaemon.frontends.desk.fields import filled_in
from paydaemon.frontends.desk.invoices import PAGE
from paydaemon.frontends.desk.render import Renderer, principal
from paydaemon.frontends.settings import Status


def add_pages(routes: Blueprint, api: Api, renderer: Renderer, status: Status) -> None:
    """``/desk/rates``, ``/desk/chains`` and ``/desk/plugins``."""

    @routes.get("/desk/rates")
    async def rates() -> Response:
        principal().require_operator()
        query = filled_in(("cursor",))
        looks, after = await api.rates_now(principal(), after=query.pair("cursor"), limit=PAGE)
        return renderer.page(
            "rates.html", looks=looks, next_cursor=None if after is None else named(after), named=named
        )

    @routes.get("/desk/chains")
    async def chains() -> Response:
        principal().require_operator()
        return renderer.page("chains.html", chains=[*api.chains(), *api.absent], now_ms=system_clock())

    @routes.get("/desk/plugins")
    async def plugins() -> Response:
        principal().require_operator()
        return renderer.page("plugins.html", plugins=status.plugins(), fault=api.store_fault())
