"""A plugin that raises, or waits for ever, wherever it can: the others go on, and it is told.

What can be spoilt is read from the hooks and the ports themselves, so a new one is tried without being named
here. A port that is neither tried nor left out for a reason fails the last test.
"""

from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import trio

from paydaemon.hooks import frontend, notifier, ports
from paydaemon.hooks.notifier import Notifier
from paydaemon.hooks.ports import Chain
from tests.faults.spoilt import HOOKS, RAISES, SOURCES, WAITS, members, ways
from tests.faults.stage import CHAIN, Stage, installed, staged
from tests.support.daemon import Json, patiently
from tests.support.ledgercheck import milliseconds
from tests.support.stream import Stream
from tests.support.waiting import until

ONCE_AND_FOR_ALL = ("id", "assets", "depths")
"""What a chain is asked once, when it is made: one that cannot say it cannot be configured."""

WAIT_S = 1
MARGIN_S = 4.0
STOPS_WITHIN_S = 10.0

Way = tuple[str, str]
TOLD_ONCE = ("id", "audiences")
"""What a notifier is asked once."""
NOTIFIERS: list[Way] = [way for way in ways(Notifier) if way[0] not in TOLD_ONCE]
WELL: Way = ("nothing", RAISES)
WAYS: list[Way] = [way for way in ways(Chain) if way[0] not in ONCE_AND_FOR_ALL]


def name_of(way: Way) -> str:
    """What a chain that is spoilt in this way is called."""
    return "-".join(way)


def chain(folder: Path, way: Way) -> Json:
    """The table of a chain that is spoilt in this way."""
    member, how = way
    return {"plugin": "spoilt", "member": member, "how": how, "moves": str(folder / f"moves-{name_of(way)}")}


def notifying(folder: Path, way: Way) -> Json:
    """The table of a notifier that is spoilt in this way."""
    member, how = way
    return {"plugin": "spoilt", "member": member, "how": how, "told": str(folder / f"told-{name_of(way)}")}


@asynccontextmanager
async def all_spoilt(folder: Path) -> AsyncIterator[Stage]:
    """One daemon with everything that can be spoilt, and one chain and one rate source that are not."""
    tables: dict[str, Any] = {
        "chains": {name_of(way): chain(folder, way) for way in WAYS},
        "rates": {"fixed": {"prices": {"BTC/EUR": "60000.00"}}, **{source: {} for source in SOURCES}},
        "notifiers": {name_of(way): notifying(folder, way) for way in (WELL, *NOTIFIERS)},
        "limits": {"plugin_wait_s": WAIT_S, "deliveries": {"notice_timeout_s": WAIT_S}},
    }
    installed(folder, "spoilt", "tests.faults.spoilt")
    for hook in HOOKS:
        install_broken(folder, hook)
    async with staged(folder, tables=tables, ready=False) as stage:
        await patiently(
            lambda: is_healthy(stage, CHAIN, *(name_of(way) for way in WAYS if way[0] == "destination"))
        )
        yield stage


def install_broken(folder: Path, hook: str) -> None:
    """A plugin that raises in one hook."""
    name = f"broken_{hook}"
    installed(folder, name, name)
    (folder / "installed" / f"{name}.py").write_text(
        "from paydaemon.hooks.specs import hookimpl\n\n\n"
        f"@hookimpl\ndef {hook}():\n    raise RuntimeError('{hook} is broken')\n"
    )


async def is_healthy(stage: Stage, *chains: str) -> bool:
    """Whether these chains can be offered."""
    states = {one["id"]: one["state"] for one in (await stage.daemon.readiness())["chains"]}
    return all(states[chain] == "healthy" for chain in chains)


async def test_whatever_a_plugin_spoils_the_others_go_on(tmp_path: Path) -> None:
    async with all_spoilt(tmp_path) as stage, stage.daemon.stream() as stream:
        await others_go_on(stage, stream)
        await others_are_told(stage, tmp_path)
        await hooks_are_told(stage)
        await services_are_told_and_restarted_later_and_later(stage, stream)
        await destinations_have_a_bound(stage)
        await health_is_told(stage)
        begun_s = trio.current_time()
        await stage.daemon.stop()
        assert trio.current_time() - begun_s < STOPS_WITHIN_S
    assert stage.daemon.errors() == []


async def others_go_on(stage: Stage, stream: Stream) -> None:
    """The chain that is well is offered, with the rate of the source that is well, and settles."""
    begun_s = trio.current_time()
    invoice = await stage.daemon.call(
        "POST",
        "/v1/invoices",
        {"amount": "12.50", "currency": "EUR", "seller_id": "shop", "confirmations": 2},
    )
    assert trio.current_time() - begun_s < WAIT_S + MARGIN_S
    assert [option["chain"] for option in invoice["options"]] == [CHAIN]
    stage.settle(invoice)
    await stream.until("invoice.settled", invoice["id"])


async def others_are_told(stage: Stage, folder: Path) -> None:
    """The notifier that is well tells what it is to tell, and so does one of which another part is spoilt."""
    [first] = [event for event in await stage.daemon.journal() if event["type"] == "invoice.created"]
    for way in (WELL, ("check", RAISES)):
        await patiently(partial(holds, folder / f"told-{name_of(way)}", first["invoice_id"]))
    await patiently(lambda: fails(stage, ("tell", RAISES), "the notifier failed: Spoilt"))
    await patiently(lambda: fails(stage, ("tell", WAITS), f"it took longer than {WAIT_S} s"))
    for way in (("run", RAISES), ("run", WAITS)):
        assert not (folder / f"told-{name_of(way)}").exists(), "nothing is told before it is up"


async def holds(file: Path, line: str) -> bool:
    await trio.lowlevel.checkpoint()
    return line in lines_of(file)


def lines_of(file: Path) -> list[str]:
    return file.read_text().splitlines() if file.exists() else []


async def fails(stage: Stage, way: Way, reason: str) -> bool:
    target = f"{name_of(way)}:operator"
    rows = (await stage.daemon.call("GET", f"/v1/deliveries?state=pending&target={target}"))["data"]
    return [row["reason"] for row in rows] == [reason]


async def hooks_are_told(stage: Stage) -> None:
    rows = await plugins(stage)
    for hook in HOOKS:
        assert rows[f"broken_{hook}"]["status"] == "broken"
        assert f"{hook} is broken" in rows[f"broken_{hook}"]["reason"]
    told = {one["name"]: one["status"] for one in (await stage.daemon.readiness())["plugins"]}
    assert told["played"] == told["spoilt"] == "loaded"
    assert {told[f"broken_{hook}"] for hook in HOOKS} == {"broken"}


async def plugins(stage: Stage) -> Mapping[str, Json]:
    return {row["name"]: row for row in (await stage.daemon.call("GET", "/v1/plugins"))["data"]}


def failing_services() -> Iterator[str]:
    """Every service that raises, again and again."""
    yield f"chain {name_of(('run', RAISES))}"
    yield f"notifier {name_of(('run', RAISES))}"
    yield from (f"rates {source}" for source in SOURCES if source.endswith(RAISES) and "-id-" not in source)


async def services_are_told_and_restarted_later_and_later(stage: Stage, stream: Stream) -> None:
    for service in failing_services():
        await until(lambda: len(failures_of(stream, service)) >= 3)  # noqa: B023
        failures = failures_of(stream, service)[:3]
        first_ms, second_ms, third_ms = (milliseconds(event["created_at"]) for event in failures)
        assert second_ms - first_ms >= 1_000
        assert third_ms - second_ms >= 2_000
        assert "is spoilt" in failures_of(stream, service)[0]["data"]["reason"]
    services = {one["name"]: one for one in (await plugins(stage))["spoilt"]["services"]}
    for service in failing_services():
        assert "is spoilt" in services[service]["last_error"]
        assert services[service]["restarts"] >= 2
    waiting = {one["name"]: one["state"] for one in (await stage.daemon.readiness())["services"]}
    assert waiting[f"chain {name_of(('run', WAITS))}"] == "starting"
    assert waiting[f"chain {CHAIN}"] == "running"


def failures_of(stream: Stream, service: str) -> list[Json]:
    return [
        event
        for event in stream.events
        if event["type"] == "plugin.failed" and event["data"]["service"] == service
    ]


async def destinations_have_a_bound(stage: Stage) -> None:
    """Whoever asks for the spoilt chain alone is refused soon, and told which it is."""
    for how in (RAISES, WAITS):
        name = name_of(("destination", how))
        body = {"amount": "0.0002", "currency": "BTC", "seller_id": "shop", "chains": [name]}
        with trio.fail_after(WAIT_S + MARGIN_S):
            answer = await stage.daemon.call("POST", "/v1/invoices", body, expect=5)
        assert answer["error"]["type"] == "unavailable"
        assert f"chain {name} gave no destination" in answer["error"]["message"]


async def health_is_told(stage: Stage) -> None:
    chains = {one["id"]: one for one in (await stage.daemon.readiness())["chains"]}
    spoilt = chains[name_of(("health", RAISES))]
    assert (spoilt["state"], spoilt["reason"]) == ("stale", "it could not tell its health")
    assert chains[name_of(("run", WAITS))]["state"] == "starting"


async def test_a_chain_that_cannot_be_made_is_a_mistake_of_the_configuration(tmp_path: Path) -> None:
    ways = [(member, RAISES) for member in (*ONCE_AND_FOR_ALL, "build")]
    tables = {"chains": {name_of(way): chain(tmp_path, way) for way in ways}}
    installed(tmp_path, "spoilt", "tests.faults.spoilt")
    with pytest.raises(AssertionError, match="the daemon ended") as ended:
        async with staged(tmp_path, tables=tables, ready=False):
            pass
    said = str(ended.value).splitlines()[1:]
    assert said == [f"chains.{name_of(way)}: tests.faults.spoilt.Spoilt: {way[0]} is spoilt" for way in ways]


def test_every_port_is_tried_or_left_out_for_a_reason() -> None:
    tried = {"Chain", "RateSource", "Notifier"}
    given = {"ChainHost", "RateHost", "FrontendHost", "Socket", "PromptSocket"}  # the daemon's own
    # A recipient is for `paydaemon demo`, where no daemon depends on it, as sandboxes are; a relay is spoilt
    # in test_spoilt_relays.py, and held to its port there; questions and prompts in engine/test_inquiries.py,
    # what wallets sign in engine/test_preparations.py,
    # a frontend in frontends/test_guests.py.
    elsewhere = {
        "Recipient", "Relay", "Inquiry", "Prompt", "Frontend", "Preparing",
    }  # fmt: skip
    found = {
        name
        for room in (ports, notifier, frontend)
        for name, port in vars(room).items()
        if getattr(port, "_is_protocol", False) and name != "Protocol"
    }
    assert found == tried | given | elsewhere
    assert {way[0] for way in WAYS} | set(ONCE_AND_FOR_ALL) == set(members(Chain))
    assert {way[0] for way in NOTIFIERS} | set(TOLD_ONCE) == set(members(Notifier))
