"""The page's routes: one to look at, and three forms. After each a browser is led on by GET.

A form has to come from the page itself, by what browsers say of that (`paydaemon.frontends.desk.guard`),
beside the secret in its address.
"""

import click
import httpx
from quart import Blueprint, Response, request
from werkzeug.exceptions import Forbidden, HTTPException, NotFound

from paydaemon.cli.demo.page.desk import log_in
from paydaemon.cli.demo.page.payers import Payers
from paydaemon.cli.demo.page.sheet import Sheet
from paydaemon.cli.demo.page.state import State
from paydaemon.cli.demo.playground import Playground
from paydaemon.cli.demo.shop import create_invoice
from paydaemon.frontends import pages
from paydaemon.frontends.desk import guard


def blueprint(ground: Playground, payers: Payers, sheet: Sheet, origin: str, path: str) -> Blueprint:
    """All of it, below a path that is a secret."""
    routes = Blueprint("demo", __name__, url_prefix=path)
    state = State(ground, payers)

    @routes.before_request
    async def only_by_the_page() -> None:
        if request.method == "POST" and not guard.is_own_page(request.headers, origin):
            raise Forbidden

    @routes.get("/")
    async def page() -> Response:
        return sheet.page("demo.html", seen=await state.look())

    @routes.post("/invoices")
    async def ask() -> Response:
        await create_invoice(ground, return_url=f"{origin}{path}/")
        return _go_to("./")

    @routes.post("/pay")
    async def pay() -> Response:
        """Once more changes nothing: what is paid, or being paid, is only shown."""
        form = await request.form
        invoice = await state.invoice(form.get("invoice", ""))
        if invoice is None:
            raise NotFound("there is no such invoice")
        way = form.get("way", 0, type=int)
        if not 0 < way <= len(invoice["options"]):
            raise NotFound("this invoice cannot be paid in that way")
        if state.is_payable(invoice):
            payers.start(invoice, invoice["options"][way - 1])
        return _go_to(invoice["checkout_url"])

    @routes.post("/desk")
    async def desk() -> Response:
        return await log_in(ground, request.headers.get("User-Agent", ""))

    _add_scripts(routes, sheet)
    _add_errors(routes, sheet)
    return routes


def _add_scripts(routes: Blueprint, sheet: Sheet) -> None:
    @routes.get("/<name>")
    async def script(name: str) -> Response:
        if name not in sheet.scripts:
            raise NotFound
        return pages.script(sheet.scripts[name], "no-store")


def _go_to(where: str) -> Response:
    return Response("", 303, {"Location": where})


def _add_errors(routes: Blueprint, sheet: Sheet) -> None:
    async def refused(error: click.ClickException) -> Response:
        return sheet.page("trouble.html", 503, message=error.message)

    async def away(error: httpx.TransportError) -> Response:
        return sheet.page("trouble.html", 503, message=f"the daemon does not answer: {error}")

    async def http(error: HTTPException) -> Response:
        return sheet.page("trouble.html", error.code or 500, message=error.description)

    routes.register_error_handler(HTTPException, http)
    routes.register_error_handler(click.ClickException, refused)
    routes.register_error_handler(httpx.TransportError, away)
