"""The chains: each is asked by its own plugin, all at once, and none is waited for without end."""

from collections.abc import Callable, Collection, Iterator, Mapping
from functools import partial

import trio

from paydaemon.config import ChainConfig
from paydaemon.doctor.asking import ask
from paydaemon.engine.chains import absence
from paydaemon.hooks.diagnosis import ChainRecord, Finding, problem

Tell = Callable[[str, Finding], None]
"""Takes what was found of one chain, by its id."""


async def examine_chains(
    chains: Mapping[str, ChainConfig], known: Mapping[str, tuple[str | None, int]], tell: Tell
) -> None:
    """Tell what every chain's plugin finds, as it comes."""
    async with trio.open_nursery() as nursery:
        for id, chain in chains.items():
            record = ChainRecord(*known.get(id, (None, 0)), others=_others(id, known))
            nursery.start_soon(_diagnose, chain, record, partial(tell, id))


def absent_findings(chains: Collection[str], waiting: Mapping[str, int]) -> Iterator[tuple[str, Finding]]:
    """Chains that invoices wait on, by the database, and that are not configured."""
    advice = "configure it again, under this name; do not let anybody pay there until then"
    for id, count in waiting.items():
        if count and id not in chains:
            yield id, problem("configuration", absence(count), advice)


def _others(id: str, known: Mapping[str, tuple[str | None, int]]) -> Mapping[str, str]:
    """The identities of all other chains that the database knows."""
    return {other: identity for other, (identity, _) in known.items() if other != id and identity is not None}


async def _diagnose(chain: ChainConfig, record: ChainRecord, tell: Callable[[Finding], None]) -> None:
    diagnose = chain.plugin.diagnose
    begin = None if diagnose is None else partial(diagnose, chain.id, chain.settings, record)
    await ask(chain.plugin.name, begin, tell)
