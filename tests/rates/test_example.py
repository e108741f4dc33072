"""The source of docs/examples, as a stranger would bring it: installed, configured and quoted from."""

import json
import shutil
from pathlib import Path
from typing import Any

from tests.faults.stage import ROOT, Stage, installed, staged
from tests.support.daemon import Json, patiently

EXAMPLE = ROOT / "docs" / "examples" / "rate_file.py"
PAGE = (ROOT / "docs" / "rates.md").read_text(encoding="utf-8")


def tables(folder: Path) -> dict[str, Any]:
    """Install the plugin; the tables that ask for it, and are content with one source."""
    installed(folder, "rate-file", "rate_file")
    shutil.copy(EXAMPLE, folder / "installed")
    return {"rates": {"rate-file": {"path": str(folder / "rates.json")}}, "quotes": {"quorum": 1}}


async def ordered(stage: Stage) -> tuple[int, Json]:
    async with stage.daemon.client() as client:
        body = {"amount": "12.50", "currency": "EUR", "seller_id": "shop"}
        answer = await client.post("/v1/invoices", json=body)
    return answer.status_code, answer.json()


async def test_the_example_is_quoted_from_and_says_why_where_it_cannot_be(tmp_path: Path) -> None:
    file = tmp_path / "rates.json"
    async with staged(tmp_path, tables=tables(tmp_path)) as stage:
        status, refused = await ordered(stage)
        assert (status, refused["error"]["code"]) == (503, "no_rate")
        file.write_text(json.dumps({"BTC/EUR": "60000.00"}))

        async def is_offered() -> bool:
            return (await ordered(stage))[0] == 201

        await patiently(is_offered)
        _, invoice = await ordered(stage)
        (option,) = invoice["options"]
        assert (option["due_minor"], option["rate_source"]) == ("20834", "rate-file")
        await stage.daemon.stop()


def test_the_page_shows_what_the_example_is() -> None:
    code = [line for line in EXAMPLE.read_text(encoding="utf-8").splitlines() if line.strip()]
    begins, ends = code.index("EVERY_S = 2"), len(code)
    assert len([line for line in code[begins:ends] if not line.strip().startswith(('"""', "@"))]) <= 30
    assert "[`examples/rate_file.py`](examples/rate_file.py)" in PAGE
