"""From a template to an answer: what every page of the desk has, and what it may do.

Nothing is loaded from elsewhere and no script or style stands in a page, so that a text which got past the
escaping could still do nothing (CSP Level 3). Links and forms are relative: the desk also works below a path
of the public URL, and under another name. Other sites are not told where somebody came from; the desk itself
is, because a browser that keeps that back keeps back the ``Origin`` of a form too.
"""

from importlib.resources import files

from quart import Response, g, request

from paydaemon.core.access import Principal
from paydaemon.engine.sessions import Visit
from paydaemon.frontends import pages
from paydaemon.frontends.desk import foreign, plots, words
from paydaemon.frontends.desk.cookie import ROOT

POLICY = (
    "default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'; form-action 'self'; "
    "base-uri 'none'; frame-ancestors 'none'"
)

NAVIGATION = (
    ("", "Overview", False),
    ("invoices", "Invoices", False),
    ("payments", "Payments", False),
    ("volume", "Volume", False),
    ("exports", "Exports", False),
    ("rates", "Rates", True),
    ("chains", "Chains", True),
    ("deliveries", "Deliveries", True),
    ("plugins", "Plugins", True),
    ("sessions", "Sessions", False),
)
"""Path, name, and whether it is for operators alone."""


def visit() -> Visit:
    """Who makes the current request, and in which session."""
    found = g.desk
    assert isinstance(found, Visit)
    return found


def principal() -> Principal:
    """Whose key it is."""
    return visit().principal


class Renderer:
    """Fills templates in."""

    def __init__(self) -> None:
        self._templates = pages.templates("desk/templates")
        self._templates.globals.update(words=words, plots=plots)
        self._templates.filters.update(said=foreign.said, visible=foreign.visible)

    def page(self, template: str, status: int = 200, /, **shown: object) -> Response:
        """A page for whoever makes the current request, be it somebody who is not logged in."""
        here: Visit | None = g.get("desk")
        filled = self._templates.get_template(template).render(
            root=root(), here=_here(), visit=here, navigation=_navigation(here), **shown
        )
        answer = pages.html(filled, status, POLICY)
        answer.headers["Referrer-Policy"] = "same-origin"
        return answer


def root() -> str:
    """The way from the current page to the desk's first, as a relative reference (RFC 3986, section 4.2)."""
    below = request.path.removeprefix(ROOT).count("/")
    return "../" * (below - 1) or "./" if below else "desk/"


def go_to(path: str) -> Response:
    """See there, by GET: after something was done, a page that is loaded again does nothing again."""
    return Response("", 303, {"Location": f"{root()}{path}"})


def static(name: str) -> bytes:
    """A file that pages load."""
    return files("paydaemon.frontends.desk").joinpath("static", name).read_bytes()


def _here() -> str:
    return request.path.removeprefix(f"{ROOT}/").partition("/")[0]


def _navigation(here: Visit | None) -> list[tuple[str, str]]:
    if here is None:
        return []
    return [
        (path, name) for path, name, operators in NAVIGATION if here.principal.is_operator or not operators
    ]
