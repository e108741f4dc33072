"""``/openapi.json`` and ``/docs``: what can be asked here, for programs and for people. They need no key.

Both are drawn up at the first request and again once the limits have changed. Every link of the page is
relative, so that it also works below a path of the `public_url`.
"""

from dataclasses import asdict, dataclass

from quart import Blueprint, Response

from paydaemon.frontends import pages, wire
from paydaemon.frontends.openapi.document import draw_up
from paydaemon.frontends.openapi.layout import lay_out
from paydaemon.frontends.settings import FrontendSettings, Limits


def blueprint(settings: FrontendSettings, *, administration: bool) -> Blueprint:
    """The document, the page, and its style sheet."""
    routes = Blueprint("interface", __name__)
    press = Press(settings, administration)
    style = pages.style_sheet("docs")

    @routes.get("/openapi.json")
    async def openapi() -> Response:
        return Response(press.sheet().document, content_type="application/json")

    @routes.get("/docs")
    async def docs() -> Response:
        return pages.html(press.sheet().page)

    @routes.get("/assets/docs.css")
    async def css() -> Response:
        return pages.css(style)

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
        html = pages.templates("docs").get_template("docs.html").render(page=lay_out(drawn))
        return Sheet(Limits(**asdict(self._settings.limits)), wire.encode(drawn), html)
