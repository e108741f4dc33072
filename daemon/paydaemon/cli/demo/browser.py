"""Whether there is a browser to open a page with, beside the terminal and not in it."""

import os
import sys
import webbrowser

import trio

DISPLAYS = ("DISPLAY", "WAYLAND_DISPLAY")
"""Variables of the environment by which a desktop says that it is there (X(7), wayland)."""


def browser() -> webbrowser.BaseBrowser | None:
    """A browser with a window of its own; None where nobody would see it, or it would take the terminal."""
    if not sys.stdout.isatty() or not any(os.environ.get(name) for name in DISPLAYS):
        return None
    try:
        found = webbrowser.get()
    except webbrowser.Error:
        return None
    return None if _takes_the_terminal(found) else found


async def show(found: webbrowser.BaseBrowser, url: str) -> None:
    """Open a page, however long the browser takes for that."""
    await trio.to_thread.run_sync(found.open, url, abandon_on_cancel=True)


def _takes_the_terminal(found: webbrowser.BaseBrowser) -> bool:
    """Text browsers are the plain kind to the library; `BackgroundBrowser` is derived from it."""
    return type(found) is webbrowser.GenericBrowser or isinstance(found, webbrowser.Elinks)
