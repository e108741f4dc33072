"""``/openapi.json`` and ``/docs``: what can be asked here, for programs and for people. They need no key.

Both are drawn up at the first request and again once the limits have changed. Every link of the page is
relative, so that it also works below a path of the `public_url`.
"""

from dataclasses import asdict, dataclass
from importlib.resources import files

from jinja2 import Environment, PackageLoader, StrictUndefined
from quart import Blueprint, Response

from paydaemon.frontends import wire
from paydaemon.frontends.openapi.document import draw_up
from paydaemon.frontends.openapi.layout import lay_out
from paydaemon.frontends.settings import FrontendSettings, Limits

POLICY = "default-src 'none'; style-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
HEADERS = {"Content-Security-Policy": POLICY, "Referrer-Policy": "no-referrer"}


def blueprint(settings: FrontendSettings, *, administration: bool) -> Blueprint:
    """The document, the page, and its style sheet."""
    routes = Blueprint("interface", __name__)
    press = Press(settings, administration)
    style = files("paydaemon.frontends").joinpath("docs", "docs.css").read_bytes()

    @routes.get("/openapi.json")
    async def openapi() -> Response:
        return Response(press.sheet().document, content_type="application/json")

    @routes.get("/docs")
    async def docs() -> Response:
        return Response(press.sheet().page, 200, HEADERS, content_type="text/html; charset=utf-8")

    @routes.get("/assets/docs.css")
    async def css() -> Response:
        return Response(style, content_type="text/css; charset=utf-8")

    return routes


@dataclass(frozen=True, slots=True)
class Sheet:
    """The document and the page, as they were drawn up under these limits."""

    limits: Limits
    document: str
    page: str


class Press:
    """Draws up document and page, as seldom as can be."""

    def __init__(self, settings: FrontendSettings, administration: bool) -> None:
        self._settings = settings
        self._administration = administration
        self._sheet: Sheet | None = None

    def sheet(self) -> Sheet:
        """What holds now."""
        if self._sheet is None or self._sheet.limits != self._settings.limits:
            self._sheet = self._draw()
        return self._sheet

    def _draw(self) -> Sheet:
        drawn = draw_up(self._settings, administration=self._administration)
        html = _templates().get_template("docs.html").render(page=lay_out(drawn))
        return Sheet(Limits(**asdict(self._settings.limits)), wire.encode(drawn), html)


def _templates() -> Environment:
    return Environment(
        loader=PackageLoader("paydaemon.frontends", "docs"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
