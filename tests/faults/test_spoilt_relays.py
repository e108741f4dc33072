"""A relay that raises, waits for ever, answers nonsense or blocks, wherever it can: nobody else's suffers.

Before a transaction is recorded that refuses it; afterwards it is no answer, and proves nothing. What can be
spoilt is read from the port itself, so a new member is tried without being named here.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import trio

from paydaemon.hooks.ports import Relay
from paydaemon.testing.fakerelay import PAYEE, signed
from tests.faults.spoilt import BLOCKS, RAISES, RAVES, WAITS, members, more_ways
from tests.faults.stage import Stage, installed, staged
from tests.support.daemon import Daemon, Json, due_of, patiently

Way = tuple[str, str]
WAYS = more_ways(Relay)
WELL = "well"
PAYER = "0.0.1002"
WAIT_S = 1
STOPS_WITHIN_S = 10.0

NEVER_RECORDED = {
    *((member, how) for member in ("payees", "inspect", "relay_health") for how in (RAISES, RAVES)),
    ("verify", RAISES),
    ("verify", WAITS),
}
"""What is refused: nobody has looked at the transaction as they should."""

UNANSWERED = {
    (member, how): status
    for member, status in (("submit", "received"), ("follow", "accepted"))
    for how in (RAISES, WAITS, RAVES)
}
"""What is recorded, and stays as it is for as long as the chain gives no answer."""


def name_of(way: Way) -> str:
    return "-".join(way).replace("_", "-")


def chain(folder: Path, way: Way) -> Json:
    member, how = way
    files = {name: str(folder / f"{name}-{name_of(way)}") for name in ("moves", "ledger")}
    return {"plugin": "spoilt-relay", "member": member, "how": how, **files}


@asynccontextmanager
async def all_spoilt(folder: Path) -> AsyncIterator[Stage]:
    """One daemon with a relay for each way to be spoilt, and one that is well."""
    well = {"plugin": "relayed", "moves": str(folder / "moves-well"), "ledger": str(folder / "ledger-well")}
    (folder / "moves-well").touch()
    installed(folder, "spoilt", "tests.faults.spoilt")
    limits = {"answer_wait_s": WAIT_S, "submit_timeout_s": WAIT_S, "follow_timeout_s": WAIT_S}
    tables = {
        "chains": {WELL: well, **{name_of(way): chain(folder, way) for way in WAYS}},
        "limits": {"plugin_wait_s": WAIT_S, "relay": {**limits, "follow_longest_pause_s": 1}},
    }
    async with staged(folder, tables=tables) as stage:
        yield stage


async def hand_in(daemon: Daemon, chain: str, *, expect: int = 2) -> Json:
    """A transaction that pays an invoice of its own there; returns the relay, or the error."""
    body = {"amount": "0.0002", "currency": "BTC", "seller_id": "shop", "chains": [chain]}
    invoice = await daemon.call("POST", "/v1/invoices", body)
    due, memo = due_of(invoice), invoice["options"][0]["destination"]["memo"]
    moves = {(PAYEE, "BTC"): due, (PAYER, "BTC"): -due}
    body = {"transaction": signed(f"tx-{invoice['id']}", moves, memo=memo), "invoice_id": invoice["id"]}
    return await daemon.call("POST", f"/v1/relay/{chain}?wait=consensus", body, expect=expect)


async def test_whatever_a_relay_spoils_the_others_go_on(tmp_path: Path) -> None:
    async with all_spoilt(tmp_path) as stage:
        async with trio.open_nursery() as nursery:
            nursery.start_soon(others_go_on, stage.daemon)
            for way in WAYS:
                nursery.start_soon(is_as_it_should, stage.daemon, tmp_path, way)
        begun_s = trio.current_time()
        await stage.daemon.stop()
        assert trio.current_time() - begun_s < STOPS_WITHIN_S
    assert stage.daemon.errors() == []


async def others_go_on(daemon: Daemon) -> None:
    for _ in range(10):
        await comes_to(daemon, WELL, await hand_in(daemon, WELL), "succeeded")


async def is_as_it_should(daemon: Daemon, folder: Path, way: Way) -> None:
    chain = name_of(way)
    if way in NEVER_RECORDED:
        error = (await hand_in(daemon, chain, expect=5))["error"]
        assert error["code"] == "chain_unavailable", (way, error)
        assert (folder / f"ledger-{chain}").read_text() == "", "no node was given anything"
        return
    relay = await hand_in(daemon, chain)
    if way in (("canonical", RAISES), ("canonical", RAVES)):
        path = f"/v1/relay/{chain}/{relay['transaction_id']}"
        error = (await daemon.call("GET", path, expect=5))["error"]
        assert error["code"] == "chain_unavailable", (way, error)
    else:
        await comes_to(daemon, chain, relay, UNANSWERED.get(way, "succeeded"))


async def comes_to(daemon: Daemon, chain: str, relay: Json, status: str) -> None:
    """It stands so in the end, and after another try is no further."""

    async def stands_so() -> bool:
        found = await daemon.call("GET", f"/v1/relay/{chain}/{relay['transaction_id']}")
        return bool((found["id"], found["status"]) == (relay["id"], status))

    await patiently(stands_so)
    if status != "succeeded":
        await trio.sleep(2 * WAIT_S)
        assert await stands_so(), (chain, status)


async def test_what_was_left_unanswered_goes_on_once_the_plugin_is_mended(tmp_path: Path) -> None:
    """The next run has another plugin under the same name: it takes up what the spoilt one has left."""
    async with all_spoilt(tmp_path) as stage:
        left: dict[str, Json] = {}

        async def leave(name: str) -> None:
            left[name] = await hand_in(stage.daemon, name)

        async with trio.open_nursery() as nursery:
            for way in UNANSWERED:
                nursery.start_soon(leave, name_of(way))
        await stage.daemon.kill()
        mended = {name_of(way): {**chain(tmp_path, way), "member": "nothing"} for way in UNANSWERED}
        stage.daemon.configure({"chains": mended})
        await stage.daemon.start()

        async def all_succeeded() -> bool:
            events = await stage.daemon.journal()
            done = {event["data"]["relay"]["id"] for event in events if event["type"] == "relay.succeeded"}
            return done >= {relay["id"] for relay in left.values()}

        await patiently(all_succeeded)
        for name in left:
            assert len((tmp_path / f"ledger-{name}").read_text().split()) >= 1


def test_every_member_is_tried() -> None:
    assert {member for member, _ in WAYS} == set(members(Relay))
    assert {how for _, how in WAYS} == {RAISES, WAITS, RAVES, BLOCKS}
    assert UNANSWERED.keys() | NEVER_RECORDED < set(WAYS)
