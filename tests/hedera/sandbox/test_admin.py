"""The admin route, the command, and the sandbox as the demo runs it."""

import base64
import json
import signal
import socket
import subprocess
import sys
from pathlib import Path
from subprocess import PIPE

import click
import httpx
import pytest
import trio
from click.testing import CliRunner

from paydaemon.cli.main import cli
from paydaemon.hooks.ports import PayTo
from paydaemon.hooks.sandbox import Sandbox, SandboxFacts
from paydaemon_hedera import plugin
from paydaemon_hedera.proto.transaction_pb2 import Transaction
from paydaemon_hedera.sandbox.command import hedera_sandbox
from paydaemon_hedera.sandbox.genesis import USDC
from paydaemon_hedera.sandbox.http import MAX_BODY_BYTES, MAX_CONNECTIONS
from paydaemon_hedera.sandbox.port import HederaSandbox
from tests.hedera.sandbox.live import sandbox
from tests.support.waiting import BOUND_S, until

PAYEE = "0.0.1001"


def test_it_says_what_there_is() -> None:
    with sandbox() as live:
        facts = live.get("/sandbox")
        assert facts == live.running.facts
        assert sorted(facts["nodes"].values()) == ["0.0.3", "0.0.4"]
        assert [one["type"] for one in facts["payers"]] == ["ed25519", "ecdsa", "threshold"]


def test_faults_are_listed_and_cleared() -> None:
    with sandbox() as live:
        live.arm(kind="code", code="BUSY", times=None, node="0.0.4")
        (fault,) = live.get("/sandbox/faults")["faults"]
        assert fault == {
            "kind": "code",
            "call": "submit",
            "node": "0.0.4",
            "times": None,
            "code": "BUSY",
            "delay_ms": 1_000,
        }
        assert live.submit(live.name(), node=4) == "BUSY"
        assert live.submit(live.name(), node=4) == "BUSY"
        assert live.http.delete("/sandbox/faults").json() == {"faults": []}
        assert live.submit(live.name(), node=4) == "OK"


def test_an_account_is_made_and_pays() -> None:
    with sandbox() as live:
        made = live.post("accounts", {"type": "ecdsa", "tinybars": "500000000", "auto_associations": -1})
        assert made["type"] == "ecdsa"
        paid = live.post("pay", {"payer": made["account"], "payee": PAYEE, "amount_minor": "7"})
        assert paid["payer"] == made["account"]
        assert live.get(f"/api/v1/accounts/{PAYEE}")["balance"]["balance"] == 7
        named = live.post("accounts", {"account": "0.0.4242"})
        assert named["account"] == "0.0.4242"
        again = live.http.post("/sandbox/accounts", json={"account": "0.0.4242"})
        assert (again.status_code, again.json()["error"]) == (400, "0.0.4242 is taken")


def test_a_token_of_the_same_symbol_with_fees() -> None:
    with sandbox() as live:
        order = {
            "symbol": "USDC",
            "decimals": 2,
            "fixed_fees": [{"collector": "0.0.3", "amount_minor": "5"}],
            "fractional_fees": [{"collector": "0.0.4", "numerator": 1, "denominator": 10}],
        }
        token = live.post("tokens", order)["token"]
        assert token != f"0.0.{USDC}"
        given = live.post("associations", {"account": "0.0.1002", "token": token, "amount_minor": "1000"})
        assert given["balance_minor"] == "1000"
        live.post("associations", {"account": PAYEE, "token": token})
        id = live.post("pay", {"payee": PAYEE, "token": token, "amount_minor": "100"})["transaction_id"]
        (one,) = live.get(f"/api/v1/transactions/{id}")["transactions"]
        assert {(fee["amount"], fee["token_id"]) for fee in one["assessed_custom_fees"]} == {
            (5, None),
            (10, token),
        }
        (held,) = live.get(f"/api/v1/accounts/{PAYEE}/tokens", **{"token.id": token})["tokens"]
        assert held["balance"] == 90
        told = live.get(f"/api/v1/tokens/{token}")["custom_fees"]
        assert told["fixed_fees"][0]["amount"] == 5
        assert told["fractional_fees"][0]["amount"] == {"numerator": 1, "denominator": 10}


def test_what_was_submitted_byte_for_byte() -> None:
    with sandbox() as live:
        raw = live.transaction(live.name())
        live.call("cryptoTransfer", raw)
        live.call("cryptoTransfer", b"\xff")
        log = live.get("/sandbox/submissions")
        assert log["count"] == 2
        good, bad = log["submissions"]
        assert base64.b64decode(good["transaction"]) == raw
        assert Transaction.FromString(raw).signedTransactionBytes
        assert (good["code"], bad["code"], bad["transaction_id"]) == ("OK", "INVALID_TRANSACTION", None)


BAD_ORDERS = [
    ("faults", {}, "kind"),
    ("faults", {"kind": "explode"}, "kind"),
    ("faults", {"kind": "code", "code": "NOBODY"}, "there is no response code NOBODY"),
    ("faults", {"kind": "http", "code": "200"}, "from 400 to 599"),
    ("faults", {"kind": "hang", "call": "mirror"}, "hang"),
    ("faults", {"kind": "code", "node": "0.0.9"}, "there is no node 0.0.9"),
    ("faults", {"kind": "code", "colour": "red"}, "colour"),
    ("accounts", {"tinybars": "-1"}, "tinybars"),
    ("accounts", {"tinybars": "9999999999999999999"}, "0.0.2 has less than"),
    ("tokens", {"symbol": "X", "treasury": "0.0.9"}, "there is no account 0.0.9"),
    ("associations", {"account": "0.0.9", "token": "0.0.5001"}, "there is no 0.0.9"),
    ("pay", {"payee": "0.0.1001", "amount_minor": "1", "payer": "0.0.2"}, "keys of 0.0.2"),
    ("pay", {"payee": "0.0.1001", "amount_minor": "9000000000000000000"}, "nobody has that much"),
    ("pay", {"payee": "0.0.1001", "amount_minor": "1", "payer": "0.0.1001"}, "nobody pays themselves"),
    ("clock", {"advance_s": -1}, "advance_s"),
    ("settings", {"mirror_lags_s": []}, "mirror_lags_s"),
    ("settings", {"nodes_down": ["0.0.9"]}, "there is no node 0.0.9"),
]


def test_bad_orders_are_refused_by_name() -> None:
    with sandbox() as live:
        for path, order, words in BAD_ORDERS:
            answer = live.http.post(f"/sandbox/{path}", json=order)
            assert answer.status_code == 400, (path, order, answer.text)
            assert words in answer.json()["error"]
        assert live.http.get("/sandbox/nothing").status_code == 404
        assert live.http.delete("/sandbox").status_code == 404


def test_an_account_that_could_not_be_paid_for_is_not_there() -> None:
    with sandbox() as live:
        order = {"account": "0.0.4242", "tinybars": "9999999999999999999"}
        assert live.http.post("/sandbox/accounts", json=order).status_code == 400
        assert live.http.get("/api/v1/accounts/0.0.4242").status_code == 404


def test_what_a_node_refuses_is_told_with_its_code() -> None:
    with sandbox() as live:
        order = {"payee": PAYEE, "amount_minor": "1", "memo": "ä" * 51}
        answer = live.http.post("/sandbox/pay", json=order)
        assert (answer.status_code, answer.json()["error"]) == (422, "MEMO_TOO_LONG")


def test_no_page_can_send_orders_unasked() -> None:
    with sandbox() as live:
        simple = live.http.post(
            "/sandbox/clock", content=b'{"advance_s": 1}', headers={"Content-Type": "text/plain"}
        )
        assert simple.status_code == 400


def test_bodies_and_connections_have_limits() -> None:
    with sandbox() as live:
        large = live.http.post("/sandbox/clock", json={"advance_s": 1, "x": "x" * MAX_BODY_BYTES})
        assert large.status_code == 400
        host, port = httpx.URL(live.running.mirror_url).host, httpx.URL(live.running.mirror_url).port
        assert port is not None
        many = [socket.create_connection((host, port)) for _ in range(MAX_CONNECTIONS + 1)]
        try:
            many[-1].settimeout(10)
            assert many[-1].recv(1) == b""
        finally:
            for one in many:
                one.close()


# --- The command


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--node", "three"], "is not ACCOUNT[:PORT]"),
        (["--node", "0.0.3:80000"], "'0.0.3:80000': a port is at most 65535"),
        (["--fault", '{"kind": "burn"}'], "kind: Input should be 'code', 'drop_before'"),
        (["--account", "0.0.5:rsa:1"], "is not ACCOUNT:KEY:HBAR"),
        (["--account", "0.0.1002:ecdsa:1"], "0.0.1002 is taken"),
        (["--account", "0.0.2000:ecdsa:99999999999"], "less than nothing"),
        (["--fault", "{"], "Invalid JSON"),
        (["--fault", '{"kind": "code", "code": "NOBODY"}'], "there is no response code NOBODY"),
    ],
)
def test_a_bad_option_is_named(arguments: list[str], words: str) -> None:
    done = CliRunner().invoke(cli, ["hedera-sandbox", *arguments])
    assert done.exit_code == 2
    assert words in done.stderr


def test_a_port_that_is_taken() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        done = CliRunner().invoke(cli, ["hedera-sandbox", "--mirror-port", str(port)])
    assert done.exit_code == 1
    assert "Address already in use" in done.stderr


async def test_the_command_prints_one_line_and_ends_when_told() -> None:
    options = ["--json", "--account", "0.0.1010:ecdsa:5", "--fault", '{"kind": "code", "code": "BUSY"}']
    command = [sys.executable, "-m", "paydaemon", "hedera-sandbox", *options]
    process = await trio.lowlevel.open_process(command, stdout=PIPE, stderr=PIPE)
    assert process.stdout is not None
    with trio.fail_after(BOUND_S):
        said = b""
        async for chunk in process.stdout:
            said += chunk
            if said.endswith(b"\n"):
                break
        facts = json.loads(said)
        async with httpx.AsyncClient(base_url=facts["mirror"]) as http:
            answer = await http.post("/sandbox/pay", json={"payee": PAYEE, "amount_minor": "1"})
            assert answer.status_code == 200
            log = (await http.get("/sandbox/submissions")).json()
            armed = (await http.get("/sandbox/faults")).json()["faults"]
        process.send_signal(signal.SIGINT)
        assert await process.wait() == 0
    assert [one["code"] for one in log["submissions"]] == ["OK"]
    assert [(one["kind"], one["times"]) for one in armed] == [("code", 1)], "it was not used up"
    assert facts["payers"][-1]["account"] == "0.0.1010"
    await process.stdout.aclose()
    assert process.stderr is not None
    await process.stderr.aclose()


def test_the_plugin_brings_it() -> None:
    assert list(plugin.register_commands()) == [hedera_sandbox]
    assert isinstance(hedera_sandbox, click.Command)


def test_what_a_daemon_without_such_a_chain_does_not_need_is_not_imported() -> None:
    needless = {"grpc", "coincurve", "cryptography"}
    code = f"import sys, paydaemon_hedera.plugin; print({needless} & sys.modules.keys())"
    done = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    assert done.stdout == "set()\n"


# --- The demo's sandbox


async def test_the_demo_can_run_it_pay_and_tell_how(tmp_path: Path) -> None:
    (made,) = plugin.register_sandboxes()
    network: Sandbox = made.build()
    assert isinstance(network, HederaSandbox)
    async with trio.open_nursery() as nursery:
        facts: SandboxFacts = await nursery.start(network.run, tmp_path)
        assert facts.settings["plugin"] == made.chain == "hedera"
        assert facts.settings["account"] == facts.public["payee"] == PAYEE
        assert facts.settings["mirror_url"] == facts.public["mirror"]
        assert set(facts.public) == {"nodes", "mirror", "payee", "contract", "payers"}
        to = PayTo(PAYEE, "inv 1", "HBAR", 700)
        id = await network.pay(to)
        assert id.startswith("0.0.1002@")
        await network.finalise(1)
        (command,) = network.how_to_pay(PayTo(PAYEE, None, "USDC", 5))
        done = await trio.run_process(["bash", "-c", command], capture_stdout=True)
        assert "transaction_id" in json.loads(done.stdout)
        async with httpx.AsyncClient(base_url=str(facts.public["mirror"])) as http:

            async def has_both() -> bool:
                return len((await http.get(f"/api/v1/accounts/{PAYEE}")).json()["transactions"]) == 2

            await until(has_both)
        nursery.cancel_scope.cancel()
    with pytest.raises(RuntimeError, match="does not run"):
        _ = network.running
    assert not await trio.to_thread.run_sync(lambda: list(tmp_path.iterdir()))
