"""The demo opens its page by itself where somebody would see it, and nothing is disturbed by it."""

import sys
import webbrowser

import pytest

from paydaemon.cli.demo.browser import DISPLAYS, browser

WINDOWED, TEXT = webbrowser.BackgroundBrowser("firefox"), webbrowser.GenericBrowser("w3m")


class Desktop:
    """A machine as the demo finds it."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self._monkeypatch = monkeypatch

    def __call__(
        self, found: webbrowser.BaseBrowser | None, *, terminal: bool = True, display: str | None = "DISPLAY"
    ) -> webbrowser.BaseBrowser | None:
        """What would be opened there."""

        def get() -> webbrowser.BaseBrowser:
            if found is None:
                raise webbrowser.Error("could not locate runnable browser")
            return found

        for name in DISPLAYS:
            self._monkeypatch.delenv(name, raising=False)
        if display is not None:
            self._monkeypatch.setenv(display, ":0")
        self._monkeypatch.setattr(webbrowser, "get", get)
        self._monkeypatch.setattr(sys.stdout, "isatty", lambda: terminal)
        return browser()


@pytest.fixture
def desktop(monkeypatch: pytest.MonkeyPatch) -> Desktop:
    return Desktop(monkeypatch)


def test_a_page_is_opened_where_there_is_a_desktop(desktop: Desktop) -> None:
    assert [desktop(WINDOWED, display=name) for name in DISPLAYS] == [WINDOWED] * 2


def test_nothing_is_opened_where_nobody_looks_on(desktop: Desktop) -> None:
    assert desktop(WINDOWED, terminal=False) is None
    assert desktop(WINDOWED, display=None) is None


def test_the_terminal_is_left_to_the_demo(desktop: Desktop) -> None:
    assert desktop(TEXT) is None
    assert desktop(None) is None
