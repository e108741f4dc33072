"""The page's languages: each says everything, is chosen as told, and loses no digit of an amount."""

import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from paydaemon.core.money import format_minor
from paydaemon.frontends.checkout import words
from paydaemon.frontends.checkout.words import LANGUAGES, Formats, choose, clock

ROOT = Path(__file__).parents[3]


def test_every_catalogue_says_everything_and_is_compiled() -> None:
    """Whatever the templates say is translated, with the same placeholders, and each .mo is its .po's."""
    check = [sys.executable, "tools/make-catalogues", "--check"]
    done = subprocess.run(check, cwd=ROOT, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")


def test_every_language_has_a_catalogue_and_every_catalogue_a_language() -> None:
    found = {path.name for path in Path(str(words.CATALOGUES)).iterdir()}
    assert found == set(LANGUAGES) - {"en"}
    assert words.catalogue("de").gettext("Paid") == "Bezahlt"
    assert words.catalogue("en").gettext("Paid") == "Paid"


@pytest.mark.parametrize(
    ("asked", "language"),
    [
        (["de"], "de"),
        (["de-AT"], "de"),
        (["FR_ca"], "fr"),
        ([None, "es"], "es"),
        (["nl", "pt-BR", "fr", "de"], "fr"),
        (["deu", ""], "en"),
        (["../../de", "de\n"], "en"),
        ([], "en"),
    ],
)
def test_the_first_language_that_there_is(asked: list[str | None], language: str) -> None:
    assert choose(asked) == language


@given(st.integers(0, 10**60 - 1), st.integers(0, 30), st.sampled_from(sorted(LANGUAGES)))
def test_no_amount_loses_a_digit(minor: int, decimals: int, language: str) -> None:
    exact, formats = format_minor(minor, decimals), Formats(language)
    assert formats.amount(exact).replace(",", ".") == exact
    written = "".join(sign for sign in formats.money(exact, "EUR") if sign.isdigit())
    assert written.rstrip("0") == exact.replace(".", "").rstrip("0")


@pytest.mark.parametrize(
    ("language", "text", "currency", "written"),
    [
        ("en", "1250.00", "EUR", "€1,250.00"),
        ("de", "1250.00", "EUR", "1.250,00\xa0€"),
        ("fr", "1250.00", "EUR", "1\u202f250,00\xa0€"),
        ("es", "12.50", "USD", "12,50\xa0US$"),
        ("de", "1250", "JPY", "1.250\xa0¥"),
        ("de", "0.00020834", "BTC", "0,00020834\xa0BTC"),
        ("en", "0.00020834", "<b>", "0.00020834\xa0<b>"),
    ],
)
def test_money_as_people_write_it(language: str, text: str, currency: str, written: str) -> None:
    assert Formats(language).money(text, currency) == written


@pytest.mark.parametrize(
    ("language", "written"),
    [
        ("en", "Jan 31, 2026, 12:15\u202fPM\xa0UTC"),
        ("de", "31.01.2026, 12:15\xa0UTC"),
        ("fr", "31 janv. 2026, 12:15\xa0UTC"),
        ("es", "31 ene 2026, 12:15\xa0UTC"),
    ],
)
def test_times_as_people_write_them(language: str, written: str) -> None:
    assert Formats(language).moment(1_769_861_700_999) == written


@pytest.mark.parametrize(("left_s", "shown"), [(0, "0:00"), (59, "0:59"), (845, "14:05"), (7_445, "2:04:05")])
def test_a_clock(left_s: int, shown: str) -> None:
    assert clock(left_s) == shown
