"""The page put together: its template, the checkout page's style with a little more, and scripts."""

from collections.abc import Mapping
from importlib.resources import files

from markupsafe import Markup
from quart import Response

from paydaemon.cli.demo.shop import name_of_chain
from paydaemon.core.invoice import Flag, Status
from paydaemon.frontends import pages
from paydaemon.frontends.checkout.assets import FOLDER as CHECKOUT_SCRIPTS
from paydaemon.frontends.checkout.policy import policy
from paydaemon.frontends.checkout.sheet import style_sheet
from paydaemon.frontends.checkout.shown import remaining
from paydaemon.frontends.checkout.words import ENGLISH, Formats
from paydaemon.frontends.desk.words import FLAGS, STATUSES, written

ROOM = "paydaemon.cli.demo.page"

BORROWED = ("copy.js", "morph.js")
"""Scripts of the checkout page that do here what they do there."""


class Sheet:
    """Writes the page of a demo whose daemon is at `api`, and which is itself at `origin`."""

    def __init__(self, api: str, origin: str) -> None:
        formats = Formats(ENGLISH)
        self._templates = pages.templates("templates", room=ROOM)
        self._templates.filters.update(
            money=formats.money, chain=name_of_chain, written=written, remaining=remaining
        )
        self._templates.globals.update(
            status=lambda text: STATUSES[Status(text)], flag=lambda text: FLAGS[Flag(text)]
        )
        self._style = f"{style_sheet()}\n{_ours('templates', 'demo.css').decode()}".strip()
        self._policy = policy(self._style, origin, (), forms=("'self'", api))
        self.scripts: Mapping[str, bytes] = {
            "demo.js": _ours("static", "demo.js"),
            **{name: CHECKOUT_SCRIPTS.joinpath(name).read_bytes() for name in BORROWED},
        }

    def page(self, template: str, status: int = 200, /, **shown: object) -> Response:
        """One of the templates filled in."""
        style = Markup(self._style)  # noqa: S704 - ours, whole
        text = self._templates.get_template(template).render(shown, style=style, scripts=self.scripts)
        answer = pages.html(text, status, self._policy)
        answer.headers["Referrer-Policy"] = "same-origin"  # so that browsers say where a form comes from
        return answer


def _ours(*path: str) -> bytes:
    return files(ROOM).joinpath(*path).read_bytes()
