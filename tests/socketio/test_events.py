"""The five events: what each asks of the daemon, and every answer it may get, field by field."""

import io
from collections import Counter
from typing import Any

import pytest
import trio
from trio.testing import MockClock

from paydaemon.core.access import PUBLIC, Principal
from paydaemon.core.errors import ErrorType, Refusal, invalid, unavailable
from paydaemon.core.relay import Relay, RelayStatus
from paydaemon.hooks.ports import Reply
from paydaemon_socketio import fields
from paydaemon_socketio.clerk import Clerk
from paydaemon_socketio.events import QUESTIONS, Event, Said
from paydaemon_socketio.fields import NO_WORD_YET, UNREACHABLE
from tests.socketio.world import (
    CLIENT,
    TX,
    TX_ID,
    Client,
    Host,
    in_base64,
    relay,
    running,
    said,
    settle,
)

ASKS = sorted(QUESTIONS)
HANDS_IN = [event for event in Event if event not in QUESTIONS]
NOTHING: dict[Event, dict[str, Any]] = {
    Event.CRYPTOTRANSFER: {},
    Event.CONTRACTCALL: {},
    Event.CRYPTOGETACCOUNTBALANCE: {"balance": None, "accountID": None},
    Event.TRANSACTIONGETRECEIPT: {
        "receiptStatus": None,
        "receiptAccountID": None,
        "receiptFileID": None,
        "receiptContractID": None,
    },
    Event.FILEGETCONTENTS: {"fileContents": None, "fileID": None},
}


async def answered(host: Host, event: Event, payload: object = TX, wait_s: float = 0) -> Said:
    return await Clerk(host, "hedera", 1_000, wait_s).answer(event, payload, PUBLIC, CLIENT)


def failed(event: Event, error: str) -> dict[str, Any]:
    fields = {"nodePrecheckcode": None, **NOTHING[event], "error": error}
    return {"responseData": fields, "tx": None} if event is Event.CONTRACTCALL else fields


@pytest.mark.parametrize(
    ("handed", "precheck", "error"),
    [
        (relay(), 0, None),
        (relay(precheck="DUPLICATE_TRANSACTION"), 11, None),
        (relay(RelayStatus.SUCCEEDED, receipt="SUCCESS"), 0, None),
        (relay(RelayStatus.SUCCEEDED, None, "SUCCESS"), 0, None),
        (relay(precheck=None), 0, None),
        (relay(RelayStatus.FAILED, "BUSY", error="node 0.0.3 does not take it: BUSY"), 12,
         "node 0.0.3 does not take it: BUSY"),
        (relay(RelayStatus.FAILED, "CODE_777", error="new"), 777, "new"),
        (relay(RelayStatus.FAILED, "OK", "INVALID_SIGNATURE", "refused"), 0, "refused"),
        (relay(RelayStatus.FAILED, None, error="no connection"), None, UNREACHABLE),
        (relay(RelayStatus.UNKNOWN, None, error="node 0.0.3 has not answered"), None,
         "node 0.0.3 has not answered"),
        (relay(RelayStatus.RECEIVED, None), None, NO_WORD_YET),
    ],
)  # fmt: skip
async def test_a_transaction(handed: Relay, precheck: int | None, error: str | None) -> None:
    host = Host(relay=handed)
    fields = {"nodePrecheckcode": precheck, "error": error}
    assert await answered(host, Event.CRYPTOTRANSFER) == Said(fields)
    tx = {"transactionId": TX_ID, "status": handed.status.value}
    assert await answered(host, Event.CONTRACTCALL) == Said({"responseData": fields, "tx": tx})
    assert host.handed == [(PUBLIC, "hedera", TX)] * 2


async def test_a_balance() -> None:
    content = {"account": "0.0.1002", "balance_minor": 2**53 + 1}
    host = Host(replies=[Reply("cryptogetAccountBalance", "OK", content)])
    fields = {"nodePrecheckcode": 0, "balance": 2**53 + 1, "accountID": "0.0.1002", "error": None}
    assert await answered(host, Event.CRYPTOGETACCOUNTBALANCE, in_base64(TX)) == Said(fields)
    assert host.asked == [(PUBLIC, "hedera", TX, ("cryptogetAccountBalance",))]


async def test_a_receipt() -> None:
    content = {"status": "SUCCESS", "account": "0.0.1003", "file": None}
    host = Host(replies=[Reply("transactionGetReceipt", "OK", content)])
    assert await answered(host, Event.TRANSACTIONGETRECEIPT) == Said(
        {
            "nodePrecheckcode": 0,
            "receiptStatus": 22,
            "receiptAccountID": "0.0.1003",
            "receiptFileID": None,
            "receiptContractID": None,
            "error": None,
        }
    )
    assert host.asked == [(PUBLIC, "hedera", TX, ("transactionGetReceipt",))]


@pytest.mark.parametrize("address", [CLIENT, None])
async def test_each_client_asks_for_itself(address: str | None) -> None:
    """By its address or, where there is none, by its session."""
    host = Host(replies=[Reply("cryptogetAccountBalance", "OK")])
    async with running(host) as frontend:
        clients = [Client(frontend, address=address) for _ in range(2)]
        for client in clients:
            await client.open()
            await client.emit("CRYPTOGETACCOUNTBALANCE", TX)
        await settle()
    assert Counter(host.askers) == Counter(address or client.sid for client in clients)


async def test_a_files_contents() -> None:
    host = Host(replies=[Reply("fileGetContents", "OK", {"file": "0.0.111", "contents": b"\x00\xff"})])
    fields = {"nodePrecheckcode": 0, "fileContents": "AP8=", "fileID": "0.0.111", "error": None}
    assert await answered(host, Event.FILEGETCONTENTS) == Said(fields)
    assert host.asked == [(PUBLIC, "hedera", TX, ("fileGetContents",))]


@pytest.mark.parametrize("event", ASKS)
async def test_an_answer_that_is_no_good(event: Event) -> None:
    host = Host(replies=[Reply("whatever", "INVALID_ACCOUNT_ID", {"account": 7, "balance_minor": "x"})])
    expected = {**failed(event, "Hedera answers INVALID_ACCOUNT_ID"), "nodePrecheckcode": 15}
    assert await answered(host, event) == Said(expected)


@pytest.mark.parametrize("event", Event)
@pytest.mark.parametrize("code", ["chain_unavailable", "keys_unavailable", "no_nodes"])
async def test_a_network_that_cannot_be_reached(event: Event, code: str) -> None:
    away = unavailable(code, "it is away")
    assert await answered(Host(relay=away, replies=[away]), event) == Said(failed(event, UNREACHABLE))


@pytest.mark.parametrize("event", Event)
@pytest.mark.parametrize("code", ["store_unavailable", "too_many_relays", "too_many_questions"])
async def test_a_daemon_that_cannot(event: Event, code: str) -> None:
    full = unavailable(code, "wait a little")
    said = await answered(Host(relay=full, replies=[full]), event)
    assert said == Said(failed(event, "wait a little"))


@pytest.mark.parametrize("event", Event)
async def test_what_its_client_can_mend_is_told_twice(event: Event) -> None:
    wrong = invalid("signatures", "must be right", "invalid_signature")
    error = "signatures: must be right"
    assert await answered(Host(relay=wrong, replies=[wrong]), event) == Said(failed(event, error), error)
    denied = Refusal(ErrorType.PERMISSION, "operator_only", "not you")
    assert (await answered(Host(relay=denied, replies=[denied]), event)).complaint == "not you"


@pytest.mark.parametrize("event", Event)
async def test_a_mistake_of_ours_is_told_as_nothing_more(event: Event) -> None:
    bug = RuntimeError("secret")
    assert await answered(Host(relay=bug, replies=[bug]), event) == Said(failed(event, fields.BROKEN))


@pytest.mark.parametrize("event", Event)
@pytest.mark.parametrize(
    ("payload", "error"),
    [
        (None, "payload: must be bytes, or their text"),
        (7, "payload: must be bytes, or their text"),
        ({"type": "Buffer"}, "payload: must be bytes, or their text"),
        (b"x" * 1_001, "payload: must be at most 1000 bytes long"),
        ("x" * 1_335, "payload: must be at most 1000 bytes long"),
    ],
)
async def test_what_is_no_payload(event: Event, payload: object, error: str) -> None:
    host = Host()
    assert await answered(host, event, payload) == Said(failed(event, error), error)
    assert (host.handed, host.asked) == ([], [])


@pytest.mark.parametrize("event", Event)
@pytest.mark.parametrize("length", [997, 998, 999, 1_000])
async def test_a_payload_has_as_many_bytes_as_its_text_stands_for(event: Event, length: int) -> None:
    """However that ends: 1,000 bytes are 1,336 characters."""
    host = Host(replies=[Reply("whatever", "OK")])
    assert (await answered(host, event, in_base64(bytes(length)))).complaint is None
    for payload in (bytes(1_001), in_base64(bytes(1_001))):
        error = "payload: must be at most 1000 bytes long"
        assert await answered(Host(), event, payload) == Said(failed(event, error), error)


@pytest.mark.parametrize("payload", ["%", "AQI", "äöü="])
@pytest.mark.parametrize("event", ASKS)
async def test_a_question_that_is_no_base64(event: Event, payload: str) -> None:
    error = "payload: must be base64 where it is a text"
    assert await answered(Host(), event, payload) == Said(failed(event, error), error)


UNKNOWN = Reply("transactionGetReceipt", "OK", {"status": "UNKNOWN"})
NOT_FOUND = Reply("transactionGetReceipt", "RECEIPT_NOT_FOUND")
SUCCESS = Reply("transactionGetReceipt", "OK", {"status": "SUCCESS"})


async def test_a_receipt_is_asked_for_until_there_is_one(autojump_clock: MockClock) -> None:
    host = Host(replies=[NOT_FOUND, UNKNOWN, UNKNOWN, SUCCESS])
    said = await answered(host, Event.TRANSACTIONGETRECEIPT, wait_s=15)
    assert (said.fields["receiptStatus"], len(host.asked)) == (22, 4)
    assert trio.current_time() == pytest.approx(0.5 + 1 + 2, abs=0.1)


async def test_a_receipt_is_not_waited_for_without_end(autojump_clock: MockClock) -> None:
    host = Host(replies=[UNKNOWN])
    said = await answered(host, Event.TRANSACTIONGETRECEIPT, wait_s=15)
    assert (said.fields["receiptStatus"], said.fields["error"]) == (21, None)
    assert 10 < trio.current_time() < 15.1
    assert len(host.asked) == 6


async def test_a_receipt_is_not_waited_for_by_a_daemon_that_stops(autojump_clock: MockClock) -> None:
    host = Host(replies=[NOT_FOUND])
    host.stopping.set()
    said = await answered(host, Event.TRANSACTIONGETRECEIPT, wait_s=15)
    assert (said.fields["nodePrecheckcode"], said.fields["receiptStatus"]) == (18, None)
    assert len(host.asked) == 1


async def test_each_event_is_asked_in_the_name_of_who_brings_it() -> None:
    host = Host()
    async with running(host) as frontend:
        client = Client(frontend)
        await client.open()
        client.principal = Principal("key_1", "shop")
        await client.emit("CRYPTOTRANSFER", TX)
        await client.poll()
    assert host.handed == [(client.principal, "hedera", TX)]


async def test_an_event_too_many_is_answered_at_once() -> None:
    host = Host(gate=trio.Event())
    async with running(host, events_under_way=2) as frontend:
        client = Client(frontend)
        await client.open()
        await client.say(*[f'42["CRYPTOTRANSFER","{number}"]' for number in range(3)])
        (answer,) = await client.poll()
        assert said(answer)[1] == {"nodePrecheckcode": None, "error": fields.BUSY}
        assert host.gate is not None
        host.gate.set()
        await settle()
        assert len(await client.poll()) == 2
        await client.emit("CRYPTOTRANSFER", TX)
        assert said((await client.poll())[0])[1]["error"] is None
    assert [given for *_, given in host.handed] == ["0", "1", TX]


async def test_bad_input_is_told_by_both_events_and_the_acknowledgement() -> None:
    async with running(Host()) as frontend:
        client = Client(frontend)
        await client.open()
        await client.say('429["CRYPTOGETACCOUNTBALANCE"]')
        answer, ack, error = await client.poll()
        name, fields = said(answer)
        assert (name, fields["error"]) == ("CRYPTOGETACCOUNTBALANCE_RESPONSE", said(error)[1]["error"])
        assert ack.startswith('439[{"nodePrecheckcode":null,"balance":null,')
        assert said(error)[0] == "PAYMENTSERVERERROR"


async def test_no_payload_is_in_the_log(logged: io.BytesIO) -> None:
    async with running(Host(relay=RuntimeError("a bug"))) as frontend:
        client = Client(frontend)
        await client.open()
        await client.emit("CRYPTOTRANSFER", b"confidential")
        await client.say('42["CRYPTOTRANSFER","confidential"]', "4confidential")
        await client.poll()
        await settle()
        text = logged.getvalue().decode()
    assert "an event failed unexpectedly" in text
    assert "confidential" not in text
    assert client.sid not in text
