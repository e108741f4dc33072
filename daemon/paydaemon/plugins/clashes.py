"""Clashes: what several plugins claim belongs to none of them.

Whoever were preferred would get tables of the configuration that the operator wrote for another one, keys and
all, without a word. So all of them are broken, each says whom it clashes with, and the operator chooses.
"""

from collections.abc import Iterator, Sequence

from paydaemon.plugins.record import KINDS, PluginRecord, PluginStatus

CHOOSE = "disable or uninstall one of them"


def clash(record: PluginRecord, records: Sequence[PluginRecord]) -> str | None:
    """What a plugin brings that another one brings too; None where there is nothing."""
    return next(_shared(record, [other for other in records if other is not record]), None)


def _shared(record: PluginRecord, others: Sequence[PluginRecord]) -> Iterator[str]:
    for field, word in KINDS.items():
        for other in others:
            for name in getattr(record, field):
                if name in getattr(other, field):
                    yield f'the {word} "{name}" is brought by {other.who} too: {CHOOSE}'


def namesake(record: PluginRecord, records: Sequence[PluginRecord]) -> str | None:
    """Which other plugin has its name; None where none has. One that is disabled is no rival."""
    for other in records:
        if other is not record and other.name == record.name and other.status is not PluginStatus.DISABLED:
            return f"{other.who} has the same name: uninstall one of them"
    return None
