"""Sources of rates: whether each can be asked, and answers with prices."""

from collections.abc import Callable, Mapping
from functools import partial

import trio

from paydaemon.config import RateConfig
from paydaemon.doctor.asking import ask
from paydaemon.hooks.diagnosis import Finding

Tell = Callable[[str, Finding], None]
"""Takes what was found of one source, by its name."""


async def examine_sources(sources: Mapping[str, RateConfig], tell: Tell) -> None:
    """Tell what every source's plugin finds, as it comes."""
    async with trio.open_nursery() as nursery:
        for name, source in sources.items():
            diagnose = source.plugin.diagnose
            begin = None if diagnose is None else partial(diagnose, source.settings)
            nursery.start_soon(ask, source.plugin.name, begin, partial(tell, name))
