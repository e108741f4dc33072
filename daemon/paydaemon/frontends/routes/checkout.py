"""``/i/{id}``: the page that a payer sees, and the scripts that it and a seller's own page load.

Whoever has the link may see the page, so it is made from the public view: nothing of the seller's own is in
it. It is whole without a script. Where there is one, it asks for the page again whenever something happens
and takes over what differs, so that the words of the page stand in one place.
"""

from collections.abc import Iterator

from quart import Blueprint, Response, request
from werkzeug.exceptions import NotFound

from paydaemon.core.errors import Refusal
from paydaemon.engine.api import Api
from paydaemon.engine.clock import system_clock
from paydaemon.engine.invoices import InvoiceView
from paydaemon.frontends import pages, payer
from paydaemon.frontends.checkout import shown, words
from paydaemon.frontends.checkout.assets import Assets, embedding
from paydaemon.frontends.checkout.sheet import Sheets
from paydaemon.frontends.settings import FrontendSettings

KEPT_BY_SHOPS = "public, max-age=3600"
"""Of the script that sellers' pages load under a name that stays the same."""


def blueprint(api: Api, settings: FrontendSettings) -> Blueprint:
    """The page, and the scripts."""
    routes = Blueprint("checkout", __name__)
    assets, embedded = Assets(settings.wallets), embedding()
    has_wallets = bool(settings.wallets) and settings.relay_checkout
    sheets = Sheets(settings, assets)

    def prepares(chain: str) -> bool:
        return has_wallets and api.preparations.offers(chain)

    @routes.get("/i/<id>")
    async def invoice(id: str) -> Response:
        try:
            view, seller = await api.checkout(id)
        except Refusal:
            return sheets.missing(_language(None))
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

    return routes


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
