"""A notifier that writes every event to a file, one line of JSON each: a plugin of your own can start here.

It is a plugin because its distribution says so, in pyproject.toml::

    [project.entry-points."paydaemon.plugins"]
    tell-file = "tell_file"

and it is used by a table of the configuration::

    [notifiers.log]
    plugin = "tell-file"
    path = "/var/lib/paydaemon/events.jsonl"
"""

import json
import os
from collections.abc import Mapping, Sequence
from pathlib import Path

import trio
from pydantic import Field

from paydaemon.core.events import EventType
from paydaemon.hooks.notifier import Audience, BadSetting, Notice, NotTold, Target, Told
from paydaemon.hooks.settings import Settings
from paydaemon.hooks.specs import NotifierPlugin, hookimpl


class TellFileSettings(Settings):
    """``[notifiers.<id>]`` of this plugin. `paydaemon check-config` holds a file to it."""

    path: Path = Field(description="The file that events are added to.")
    types: tuple[EventType, ...] = Field(
        default=(), description="Only these types of events; all by default."
    )


class TellFile:
    """One file. The daemon keeps the order and the retries; this writes what it is given, or says why not."""

    def __init__(self, id: str, settings: TellFileSettings) -> None:
        self.id = id
        self.audiences = (Audience("file", frozenset(settings.types), batch=100),)
        self._path = settings.path

    def check(self, settings: Mapping[str, object]) -> Mapping[str, object]:
        """There are no endpoints that sellers could make."""
        raise BadSetting("url", "this notifier has no endpoints")

    async def run(self, *, task_status: trio.TaskStatus[None] = trio.TASK_STATUS_IGNORED) -> None:
        """Nothing has to be kept open from one call to the next."""
        task_status.started()
        await trio.sleep_forever()

    async def tell(self, target: Target, notices: Sequence[Notice]) -> Told:
        """Write all of them, and return once they are on the disk."""
        lines = "".join(json.dumps(notice.body) + "\n" for notice in notices)
        try:
            await trio.to_thread.run_sync(self._append, lines)
        except OSError as error:
            raise NotTold(f"the file cannot be written: {error.strerror}") from error
        return Told(detail=f"{len(notices)} written")

    def _append(self, lines: str) -> None:
        with self._path.open("a", encoding="utf-8") as file:
            file.write(lines)
            file.flush()
            os.fsync(file.fileno())


@hookimpl
def register_notifiers() -> Sequence[NotifierPlugin]:
    """The one way to tell that this plugin brings."""
    return [NotifierPlugin("tell-file", TellFileSettings, TellFile)]
