"""The page put together: templates that escape whatever they are given, the one style sheet, the scripts."""

from collections.abc import Mapping, Sequence
from functools import cache
from importlib.resources import files

from jinja2 import Environment
from markupsafe import Markup
from quart import Response

from paydaemon.frontends import pages
from paydaemon.frontends.checkout import qr, words
from paydaemon.frontends.checkout.assets import Assets
from paydaemon.frontends.checkout.policy import policy
from paydaemon.frontends.checkout.shown import Page
from paydaemon.frontends.settings import FrontendSettings

FOLDER = "checkout/templates"

REFRESH_S = 5
"""How often a page without JavaScript loads itself again, for as long as anything can change."""


class Sheets:
    """Writes pages in every language, as this configuration wants them."""

    def __init__(self, settings: FrontendSettings, assets: Assets) -> None:
        self._style = style_sheet()
        self._settings = settings
        self._assets = assets

    def invoice(self, page: Page, language: str, embedders: Sequence[str] | None = None) -> Response:
        """The page of one invoice, which these pages may show inside of them: None, those configured."""
        return self._answer("invoice.html", language, embedders, page=page)

    def missing(self, language: str) -> Response:
        """The page of an invoice that is not there."""
        return self._answer("missing.html", language, None, 404, page=None)

    def trouble(self, language: str, status: int, headers: Mapping[str, str], id: str) -> Response:
        """The page where one cannot be made now; it tries again no sooner than `headers` say."""
        retry_s = max(REFRESH_S, int(headers["Retry-After"])) if "Retry-After" in headers else None
        answer = self._answer("trouble.html", language, None, status, page=None, retry_s=retry_s, id=id)
        answer.headers.update(headers)
        return answer

    def _answer(
        self,
        name: str,
        language: str,
        embedders: Sequence[str] | None,
        status: int = 200,
        **shown: object,
    ) -> Response:
        settings = self._settings
        framed = settings.frame_ancestors if embedders is None else embedders
        text = (
            _environment(language)
            .get_template(name)
            .render(
                shown,
                status=status,
                language=language,
                languages=words.LANGUAGES,
                style=Markup(self._style),  # noqa: S704 - ours, whole
                scripts=self._assets.urls(),
                wallets=self._assets.wallet_urls(),
                embedders=framed,
                refresh_s=REFRESH_S,
            )
        )
        allowed = policy(self._style, settings.public_url, framed, settings.wallet_origins)
        answer = pages.html(text, status, allowed)
        answer.headers["Content-Language"] = language
        answer.headers["Vary"] = "Accept-Language"
        return answer


@cache
def _environment(language: str) -> Environment:
    """The templates in one language: a tenth of a second's work, once it is asked for."""
    environment = pages.templates(FOLDER, extensions=("jinja2.ext.i18n",))
    environment.install_gettext_translations(words.catalogue(language), newstyle=True)  # type: ignore[attr-defined]
    formats = words.Formats(language)
    environment.filters["amount"] = formats.amount
    environment.filters["money"] = formats.money
    environment.filters["moment"] = formats.moment
    environment.filters["clock"] = words.clock
    environment.filters["qr"] = qr.drawing
    return environment


def style_sheet() -> str:
    """The style sheet, as it stands in the page."""
    return files("paydaemon.frontends").joinpath(FOLDER, "checkout.css").read_text(encoding="utf-8").strip()
