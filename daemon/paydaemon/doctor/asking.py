"""Asking a plugin for its own diagnosis: none is waited for without end, and none can end the others'."""

from collections.abc import AsyncIterator, Callable

import trio

from paydaemon.hooks.diagnosis import Finding, ok, problem
from paydaemon.logs import in_one_line

WAIT_S = 30.0
"""How long one finding may take."""

Begin = Callable[[], AsyncIterator[Finding]]
"""Begins a diagnosis. It is a stranger's, and may raise anything."""


async def ask(plugin: str, begin: Begin | None, tell: Callable[[Finding], None]) -> None:
    """Tell what a plugin finds, as it comes; `begin` is None where it has nothing to say."""
    if begin is None:
        tell(ok("plugin", f"the plugin {plugin!r} has no diagnosis of its own"))
        return
    advice = "tell whoever makes this plugin"
    try:
        told = aiter(begin())
        while True:
            with trio.fail_after(WAIT_S):
                tell(await anext(told))
    except StopAsyncIteration:
        return
    except trio.TooSlowError:
        tell(problem("plugin", f"its diagnosis found nothing more in {WAIT_S:g} s", advice))
    except Exception as error:  # noqa: BLE001 - a stranger's plugin may raise anything
        tell(problem("plugin", f"its diagnosis raised {in_one_line(error)}", advice))
