"""A publisher all the way: from what a payer has signed, by a real daemon, to what verifies and records."""

import base64
import sqlite3
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import trio

from paydaemon_hedera.proto import response_code_pb2 as rc
from paydaemon_hedera.sandbox.faults import Fault, Kind
from paydaemon_hedera.sandbox.genesis import PAYEE
from paydaemon_hedera.sandbox.running import Options, Running
from tests.publisher.sites import example, socketio
from tests.publisher.world import keep_key
from tests.support.daemon import Daemon, Json, patiently, running
from tests.support.hederanet import NODES, settings
from tests.support.waiting import until
from tests.webhook.wires import Stream, answer, request, serving

ALICE = 1002
SLOW_S = 5


@dataclass(frozen=True, slots=True)
class Shop:
    """A network, a daemon on it, and the folder that the publisher keeps its records in."""

    sandbox: Running
    daemon: Daemon
    folder: Path

    def signed(self, memo: str = "138,1", amount_minor: int = 1000) -> str:
        raw = self.sandbox.signed(ALICE, PAYEE, amount_minor, memo=memo)
        return base64.b64encode(raw).decode()

    async def hand_in(self, transaction: str, *, wait: str = "precheck") -> Json:
        return await self.daemon.call("POST", f"/v1/relay/hedera?wait={wait}", {"transaction": transaction})

    def recorded(self) -> dict[str, tuple[Any, ...]]:
        """What the example has written down, by the transaction."""
        with sqlite3.connect(self.folder / "publisher.sqlite3") as database:
            rows = database.execute("SELECT * FROM payments").fetchall()
        database.close()
        return {row[0]: row[1:] for row in rows}

    async def delivered(self, count: int) -> None:
        """Wait until so many deliveries are done with, whatever they were worth."""

        async def are() -> bool:
            listed = await self.daemon.call("GET", "/v1/deliveries?state=delivered&limit=200")
            return len(listed["data"]) >= count

        await patiently(are)


@asynccontextmanager
async def shop(folder: Path, **publishers: Json) -> AsyncIterator[Shop]:
    """A shop that tells these publishers, each by a table of its own."""
    with Running(Options(nodes=NODES, consensus_delay_s=0.05)) as sandbox:
        tables = settings(sandbox, {"submit_tries": 1, "submit_nodes": 1})
        tables["notifiers"] = {id: {"plugin": "publisher", **table} for id, table in publishers.items()}
        tables["limits"]["deliveries"] = {"retry_pause_s": 1, "retry_longest_pause_s": 1}
        async with running(folder, tables) as daemon:
            yield Shop(sandbox, daemon, folder)
            assert daemon.errors() == []


def expected(relay: Json, code: int) -> tuple[object, ...]:
    """What the example makes of a relay."""
    reader, _, content = (relay.get("memo") or "").partition(",")
    return reader, content, "0.0.1002", 1000, code


async def test_each_payment_is_recorded_once_with_its_first_word(tmp_path: Path) -> None:
    async with example(tmp_path) as site:
        async with shop(tmp_path, publisher={"url": site.begins, "key": keep_key(tmp_path)}) as made:
            paid = await made.hand_in(made.signed(), wait="consensus")
            assert (paid["status"], paid["precheck"]) == ("succeeded", "OK")
            made.sandbox.faults.arm(Fault(Kind.CODE, code=rc.BUSY))
            busy = await made.hand_in(made.signed())
            assert (busy["status"], busy["precheck"]) == ("failed", "BUSY")
            await made.delivered(3)  # the success is, too, and worth nothing
        said = [await site.line() for _ in range(2)]
    codes = {line.split(" ")[0]: int(line.split(" ")[-1]) for line in said}
    assert codes == {paid["transaction_id"]: 0, busy["transaction_id"]: rc.BUSY}
    assert made.recorded() == {
        paid["transaction_id"]: expected(paid, 0),
        busy["transaction_id"]: expected(busy, rc.BUSY),
    }


async def test_nothing_is_lost_by_an_outage_and_a_kill(tmp_path: Path) -> None:
    """And of a transaction that failed and was handed in again, the failure comes first."""
    async with example(tmp_path) as site:
        url = site.begins
    port = int(url.split(":")[2].partition("/")[0])
    async with shop(tmp_path, publisher={"url": url, "key": keep_key(tmp_path)}) as made:
        again = made.signed()
        made.sandbox.faults.arm(Fault(Kind.CODE, code=rc.BUSY))
        assert (await made.hand_in(again))["status"] == "failed"
        signed = [again, *(made.signed() for _ in range(4))]
        relays = [await made.hand_in(one, wait="consensus") for one in signed]

        async def is_down() -> bool:
            (target,) = (await made.daemon.call("GET", "/v1/targets"))["data"]
            return bool(target["state"] == "down")

        await patiently(is_down)
        await made.daemon.kill()
        async with example(tmp_path, port) as site:
            await made.daemon.start()
            said = [await site.line() for _ in range(6)]
            await made.delivered(11)
        assert made.recorded() == {relay["transaction_id"]: expected(relay, 0) for relay in relays}
    of_one = [line for line in said if line.startswith(relays[0]["transaction_id"])]
    assert [line.rpartition(" ")[2] for line in of_one] == ["12", "0"]


async def test_by_socketio_and_one_that_is_slow_keeps_no_payer_waiting(tmp_path: Path) -> None:
    """Not the first payer, when nobody knows yet that it is slow, and none of those behind."""
    asked: list[bytes] = []

    async def slow(stream: Stream) -> None:
        asked.append(await request(stream))
        await trio.sleep(SLOW_S)
        await stream.send_all(answer())

    async with serving(slow) as port, socketio("2") as old, socketio("4") as new:
        sleepy = {"url": f"http://127.0.0.1:{port}/v1/hello", "key": keep_key(tmp_path)}
        sockets = {
            name: {"socket_url": f"http://127.0.0.1:{site.begins}"}
            for name, site in (("old", old), ("new", new))
        }
        async with shop(tmp_path, sleepy=sleepy, **sockets) as made:
            relays, took_s = [], []
            for _ in range(10):
                signed, began_s = made.signed(), trio.current_time()
                relays.append(await made.hand_in(signed))
                took_s.append(trio.current_time() - began_s)
            await until(lambda: bool(asked))
            told = {
                name: [await site.told() for _ in range(10)] for name, site in (("old", old), ("new", new))
            }
    print(f"a payer's answer took {sorted(took_s)[5]:.3f} s, and {max(took_s):.3f} s at most")
    assert max(took_s) < SLOW_S
    assert sum(took_s) < 2 * SLOW_S, "not even all of them together wait for two"
    assert (
        told["old"]
        == told["new"]
        == [
            {
                "transactionId": relay["transaction_id"],
                "account": "0.0.1002",
                "memo": relay.get("memo") or "",
                "cost": 1000,
                "nodePrecheckcode": 0,
            }
            for relay in relays
        ]
    )
