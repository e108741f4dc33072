"""``/i/{id}``: the page that a payer sees, and the scripts that it and a seller's own page load.

Whoever has the link may see the page, so it is made from the public view: nothing of the seller's own is in
it. It is whole without a script. Where there is one, it asks for the page again whenever something happens
and takes over what differs, so that the words of the page stand in one place.
"""

from collections.abc import Iterator

from quart import Blueprint, Response, request
from werkzeug.exceptions import HTTPException, NotFound
from werkzeug.routing import BaseConverter

from paydaemon.core.errors import ErrorType, Refusal
from paydaemon.engine.api import Api
from paydaemon.engine.clock import system_clock
from paydaemon.engine.invoices import InvoiceView
from paydaemon.frontends import errors, pages, payer
from paydaemon.frontends.checkout import shown, words
from paydaemon.frontends.checkout.assets import Assets, embedding
from paydaemon.frontends.checkout.sheet import Sheets
from paydaemon.frontends.settings import FrontendSettings
from paydaemon.store.port import StoreUnavailable

KEPT_BY_SHOPS = "public, max-age=3600"
"""Of the script that sellers' pages load under a name that stays the same."""


PAGE = "checkout.invoice"
"""The endpoint that people look at."""


class Anything(BaseConverter):
    """The rest of a path, whatever it is: a link that somebody mistyped leads to a page as well."""

    regex = ".*"
    part_isolating = False


def blueprint(api: Api, settings: FrontendSettings) -> Blueprint:
    """The page, and the scripts."""
    routes = Blueprint("checkout", __name__)
    routes.record(lambda state: state.app.url_map.converters.update(anything=Anything))
    assets, embedded = Assets(settings.wallets), embedding()
    has_wallets = bool(settings.wallets) and settings.relay_checkout
    sheets = Sheets(settings, assets)

    def prepares(chain: str) -> bool:
        return has_wallets and api.preparations.offers(chain)

    @routes.get("/i/<anything:id>")
    async def invoice(id: str) -> Response:
        view, seller = await api.checkout(id)
        seen = payer.view(view, api.watches)
        page = shown.page(seen, len(view.payments), system_clock(), _way(), prepares)
        return sheets.invoice(page, _language(view), seller.frame_ancestors)

    @routes.get("/assets/checkout/<version>/<name>")
    async def script(version: str, name: str) -> Response:
        found = assets.find(version, name)
        if found is None:
            raise NotFound
        return pages.script(found, pages.FOR_GOOD)

    @routes.get("/paydaemon.js")
    async def embed() -> Response:
        return pages.script(embedded, KEPT_BY_SHOPS)

    _add_errors(routes, sheets)
    return routes


def _add_errors(routes: Blueprint, sheets: Sheets) -> None:
    """Whoever pays is told on a page; whatever asks for a script, as any program."""

    async def told(error: Exception) -> Response:
        refusal = errors.as_refusal(error)
        if request.endpoint != PAGE:
            return await errors.refused(refusal)
        if refusal.type is ErrorType.NOT_FOUND:
            return sheets.missing(_language(None))
        status, headers = errors.STATUS[refusal.type], errors.headers(refusal)
        return sheets.trouble(_language(None), status, headers, (request.view_args or {})["id"])

    for kind in (Refusal, StoreUnavailable, Exception):
        routes.register_error_handler(kind, told)
    routes.register_error_handler(HTTPException, errors.as_answer)


def _way() -> int | None:
    """The way to pay that was asked for, if it is a number; the page knows whether there is such a way."""
    return request.args.get("way", type=int)


def _language(view: InvoiceView | None) -> str:
    return words.choose(_asked(view))


def _asked(view: InvoiceView | None) -> Iterator[str | None]:
    """What the payer chose, then what the seller knows of the payer, then what the browser prefers."""
    yield request.args.get("lang")
    if view is not None:
        yield view.invoice.buyer.get("locale")
    yield from (tag for tag, quality in request.accept_languages if quality)
