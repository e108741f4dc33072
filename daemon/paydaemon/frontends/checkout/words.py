"""The page's words in each language, and the formats of its numbers and times.

English stands in the templates themselves; the other catalogues are in ``locale/``, rewritten and compiled by
`make catalogues`. A language is chosen by what the payer says, then by what the seller knows of the payer,
then by what the browser sends.
"""

from collections.abc import Iterable
from datetime import UTC, datetime
from decimal import Decimal, localcontext
from gettext import GNUTranslations, NullTranslations
from importlib.resources import files

from babel import Locale
from babel.dates import format_date, format_time
from babel.numbers import format_currency, get_decimal_symbol

from paydaemon.core.money import MAX_DECIMALS, MAX_INTEGER_DIGITS

LANGUAGES = {"en": "English", "de": "Deutsch", "es": "Español", "fr": "Français"}
"""By code, what each calls itself."""

ENGLISH = "en"
DOMAIN = "checkout"
LONGEST_DIGITS = 2 * (MAX_INTEGER_DIGITS + MAX_DECIMALS)
"""Those of any amount, with room to round in."""

CATALOGUES = files("paydaemon.frontends.checkout").joinpath("locale")


def choose(asked: Iterable[str | None]) -> str:
    """The first language asked for that there is, ``de-AT`` being ``de``; or else English."""
    for tag in asked:
        language = (tag or "").replace("_", "-").partition("-")[0].lower()
        if language in LANGUAGES:
            return language
    return ENGLISH


def catalogue(language: str) -> NullTranslations:
    """What the words of the templates are in a language."""
    if language == ENGLISH:
        return NullTranslations()
    with CATALOGUES.joinpath(language, "LC_MESSAGES", f"{DOMAIN}.mo").open("rb") as compiled:
        return GNUTranslations(compiled)


class Formats:
    """How one language writes amounts and times."""

    def __init__(self, language: str) -> None:
        self._locale = Locale.parse(language)
        self._point = get_decimal_symbol(self._locale)

    def amount(self, text: str) -> str:
        """A decimal string with every digit it has. Nothing is grouped: it is compared digit by digit."""
        return text.replace(".", self._point)

    def money(self, text: str, currency: str) -> str:
        """An amount of a currency, as people write it: ``12,50 €``. An asset's symbol stands behind it."""
        if currency not in self._locale.currencies:
            return f"{self.amount(text)}\N{NO-BREAK SPACE}{currency}"
        with localcontext(prec=LONGEST_DIGITS):
            return format_currency(Decimal(text), currency, locale=self._locale, decimal_quantization=False)

    def moment(self, at_ms: int) -> str:
        """A time in UTC: where the payer is, is not known here."""
        at = datetime.fromtimestamp(at_ms // 1000, UTC)
        day, time = format_date(at, locale=self._locale), format_time(at, "short", locale=self._locale)
        return f"{day}, {time}\N{NO-BREAK SPACE}UTC"


def clock(left_s: int) -> str:
    """A time span as a clock shows it: ``14:05``, or ``2:14:05``."""
    minutes, seconds = divmod(left_s, 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{seconds:02}" if hours else f"{minutes}:{seconds:02}"
