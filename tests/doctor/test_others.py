"""What the doctor asks of sources of rates, and says of those who are told."""

from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any

import pytest
import trio

from paydaemon.config import RateConfig
from paydaemon.doctor import asking
from paydaemon.doctor.notifiers import told_findings
from paydaemon.doctor.rates import examine_sources
from paydaemon.hooks.diagnosis import Finding, ok, problem
from paydaemon.plugins import load_plugins
from paydaemon.store.sqlite.inspect import Told


async def test_each_source_of_rates_is_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    """With its own settings; one that hangs or raises keeps nobody from the others."""

    async def answers(settings: object) -> AsyncIterator[Finding]:
        yield problem("BTC/EUR", f"no price by {settings}", "set another pair")

    async def raises(settings: object) -> AsyncIterator[Finding]:
        yield ok("first", "said before it broke")
        raise RuntimeError("oh no")

    async def hangs(settings: object) -> AsyncIterator[Finding]:
        yield ok("first", "said before it hung")
        await trio.sleep_forever()

    monkeypatch.setattr(asking, "WAIT_S", 0.2)
    fixed = load_plugins().rate_sources["fixed"]
    asked = {"one": answers, "two": raises, "three": hangs, "four": None}
    sources = {
        name: RateConfig(replace(fixed, diagnose=diagnose), fixed.config(prices={f"{name.upper()}/EUR": "1"}))
        for name, diagnose in asked.items()
    }
    told: list[tuple[str, str]] = []
    await examine_sources(sources, lambda name, finding: told.append((name, finding.said)))
    said = {
        name: words for name, words in told if words not in ("said before it broke", "said before it hung")
    }
    assert "ONE/EUR" in said["one"]
    assert "oh no" in said["two"]
    assert "nothing more in 0.2 s" in said["three"]
    assert "no diagnosis" in said["four"]


def test_who_is_told_is_looked_at() -> None:
    now_ms, hour_ms = 10**12, 3_600_000

    def target(id: str, *, pending: int = 0, parked: int = 0, oldest_ms: int | None = None) -> Told:
        down_ms = None if oldest_ms is None else oldest_ms + 1
        return Told(id, id.partition(":")[0], down_ms, pending, parked, oldest_ms)

    told = [
        target("email:well", pending=1, oldest_ms=now_ms - hour_ms),
        target("email:late", pending=7, oldest_ms=now_ms - hour_ms - 1),
        target("email:lost", parked=3),
        target("gone:operator"),
    ]
    configured: dict[str, Any] = {"email": None}
    found = {finding.what: (area, finding) for area, finding in told_findings(configured, told, now_ms)}
    verdicts = {what: finding.verdict.value for what, (_, finding) in found.items()}
    assert verdicts == {
        "email:well": "ok",
        "email:late": "problem",
        "email:lost": "warning",
        "gone:operator": "problem",
    }
    assert "7 deliveries wait" in found["email:late"][1].said
    assert "cannot be reached since" in found["email:late"][1].said
    assert found["email:lost"][1].advice.endswith("paydaemon deliveries retry --target email:lost")
    assert found["gone:operator"][0] == "gone"
