"""docs/webhooks.md says what the code does, and its examples receive what the notifier sends."""

import os
import re
import signal
import sys
import tomllib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
import trio

from paydaemon.config import parse_config
from paydaemon.hooks.children import start_child
from paydaemon.hooks.notifier import NotTold, Told
from paydaemon.plugins import load_plugins
from paydaemon_webhook.config import WebhookConfig
from tests.sdks.plans import SCRIPTS
from tests.support.spout import spout
from tests.systemd.away import NOBODY
from tests.webhook.world import OLDER, SECRET, notice, outcome, target, telling

ROOT = Path(__file__).parents[2]
EXAMPLES = ROOT / "docs/examples"
PAGE = (ROOT / "docs/webhooks.md").read_text(encoding="utf-8")
COMMANDS = {"webhook.py": [sys.executable], "webhook.mjs": SCRIPTS["javascript"][:-1]}

Says = trio.lowlevel.FdStream


@asynccontextmanager
async def example(name: str, folder: Path) -> AsyncIterator[tuple[str, Says]]:
    """An example that runs; yields where it listens, and what it says."""
    script = folder / name
    script.write_bytes((EXAMPLES / name).read_bytes())
    (folder / "node_modules").symlink_to(ROOT / "tests/sdks/node_modules")  # where Node looks for libraries
    env = {**os.environ, "WEBHOOK_SECRET": SECRET}
    command = [*COMMANDS[name], str(script), "0"]
    with spout() as (out, says):
        process = await start_child(command, stdout=out, cwd=folder, env=env)
    try:
        async with says:
            yield (await line(says)).removeprefix("listening on "), says
    finally:
        await process.end(signal.SIGKILL)


async def line(says: Says) -> str:
    said = b""
    with trio.fail_after(30):
        while not said.endswith(b"\n"):
            more = await says.receive_some(1)
            assert more, "it ended"
            said += more
    return said.decode().strip()


@pytest.mark.parametrize("name", COMMANDS)
async def test_an_example_verifies_and_deals_with_each_event_once(name: str, tmp_path: Path) -> None:
    first, second = notice(), notice("invoice.expired")
    async with example(name, tmp_path) as (url, says), telling() as notifier:
        for what in (first, first):
            assert isinstance(await notifier.tell(target(url), [what]), Told)
        forged = await outcome(notifier, target(url, OLDER), notice("invoice.marked"))
        assert isinstance(forged, NotTold)
        assert forged.status == 401
        assert isinstance(await notifier.tell(target(url, OLDER, SECRET), [second]), Told)
        assert [await line(says) for _ in range(2)] == ["invoice.settled inv_a", "invoice.expired inv_a"]


@pytest.mark.parametrize(
    ("kind", "name", "code"), re.findall(r"<!-- (\w+): (\S+) -->\n```\w+\n(.*?)```", PAGE, re.DOTALL)
)
def test_what_the_page_shows_is_the_example(kind: str, name: str, code: str) -> None:
    whole = (EXAMPLES / name).read_text(encoding="utf-8")
    assert code == whole if kind == "example" else code in whole


def test_the_configuration_in_it_would_be_taken() -> None:
    (table,) = re.findall(r"```toml\n(.*?)```", PAGE, re.DOTALL)
    found = parse_config({**NOBODY, **tomllib.loads(table)}, load_plugins()).notifiers
    assert isinstance(found["webhook"].settings, WebhookConfig)
