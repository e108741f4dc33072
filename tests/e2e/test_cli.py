"""``paydaemon`` from a shell, over the daemon's Unix socket."""

import json
import os
from pathlib import Path

import pytest

from paydaemon.cli.ending import reason
from paydaemon.cli.render import event_line
from paydaemon_bitcoin.regtest import RegtestNode
from tests.e2e.commands import Done, paydaemon, running
from tests.support.daemon import Daemon, Json, address_of, due_of, patiently
from tests.support.node import pay_many

EXIT_CONFIG = 78  # sysexits.h


class Shell:
    """A shell in which the daemon's socket is known."""

    def __init__(self, daemon: Daemon) -> None:
        self.socket = ("--socket", str(daemon.socket))

    async def __call__(self, *arguments: str, exit_code: int = 0) -> Done:
        done = await paydaemon(*arguments, *self.socket)
        assert done.exit_code == exit_code, done
        return done

    async def json(self, *arguments: str) -> Json:
        """What a command says with ``--json``."""
        return dict((await self(*arguments, "--json")).json)


@pytest.fixture
def shell(daemon: Daemon) -> Shell:
    return Shell(daemon)


async def test_sellers_and_their_keys(daemon: Daemon, shell: Shell) -> None:
    (first,) = (await shell("seller", "add", "cafe", "--name", "Café Zentral")).out.splitlines()
    mine = {"amount": "1.00", "currency": "EUR"}
    assert (await daemon.call("POST", "/v1/invoices", mine, key=first))["seller_id"] == "cafe"
    again = await shell("seller", "add", "cafe", exit_code=1)
    assert again.err == "Error: id: there is a seller 'cafe' already\n"
    listed = (await shell("seller", "list")).out
    assert listed.split("\n")[0].split() == ["SELLER", "ADDED", "NAME"]
    assert next(line for line in listed.splitlines() if line.startswith("cafe ")).endswith("Café Zentral")
    (row,) = [row for row in (await shell.json("seller", "list"))["data"] if row["id"] == "cafe"]
    assert (row["name"], row["disabled"]) == ("Café Zentral", False)
    second = await shell.json("seller", "rotate", "cafe")
    assert second["seller_id"] == "cafe"
    await daemon.call("POST", "/v1/invoices", mine, key=first, expect=4)
    await daemon.call("POST", "/v1/invoices", mine, key=second["secret"])
    assert (await shell("seller", "rotate", "nobody", exit_code=1)).err.startswith("Error: id: there is no")


async def test_a_seller_is_disabled_and_enabled(daemon: Daemon, shell: Shell) -> None:
    key = (await shell("seller", "add", "closed")).out.strip()
    mine = {"amount": "1.00", "currency": "EUR"}
    assert (await shell("seller", "disable", "closed")).out == "closed is disabled\n"
    assert "closed (disabled)" in (await shell("seller", "list")).out
    refused = await daemon.call("POST", "/v1/invoices", mine, key=key, expect=4)
    assert refused["error"]["code"] == "seller_disabled"
    await daemon.call("GET", "/v1/invoices", key=key)
    assert (await shell.json("seller", "enable", "closed"))["disabled"] is False
    await daemon.call("POST", "/v1/invoices", mine, key=key)
    assert (await shell("seller", "disable", "nobody", exit_code=1)).err.startswith("Error: id: there is no")


async def test_a_seller_is_framed_by_pages_of_its_own(shell: Shell) -> None:
    await shell("seller", "add", "framed")
    pages = "https://shop.example", "https://cafe.example"
    said = (await shell("seller", "frames", "framed", *pages)).out
    assert said == "framed may be framed by: https://shop.example, https://cafe.example\n"
    (row,) = [row for row in (await shell.json("seller", "list"))["data"] if row["id"] == "framed"]
    assert row["frame_ancestors"] == list(pages)
    assert (await shell.json("seller", "frames", "framed", "--none"))["frame_ancestors"] == []
    assert (await shell("seller", "frames", "framed", "--as-configured")).out.endswith(": as configured\n")
    wrong = await shell("seller", "frames", "framed", "https://shop.example/cart", exit_code=1)
    assert wrong.err.startswith("Error: frame_ancestors.0: must be an origin such as")
    assert "give either" in (await shell("seller", "frames", "framed", "--none", "*", exit_code=2)).err


async def test_keys_are_listed_without_their_secrets_and_revoked(daemon: Daemon, shell: Shell) -> None:
    await shell("seller", "add", "keeper")
    sellers, operators = await shell.json("seller", "rotate", "keeper"), await shell.json("operator", "add")
    listed = (await shell("key", "list", "--all")).out
    assert sellers["secret"] not in listed
    assert operators["secret"] not in listed
    mine = (await shell("key", "list", "--seller", "keeper", "--all")).out.splitlines()
    assert [line.split()[0] == sellers["id"] for line in mine] == [False, True]
    assert ["revoked" in line for line in mine] == [True, False]
    assert len((await shell("key", "list", "--seller", "keeper")).out.splitlines()) == 1
    assert operators["id"] in (await shell("operator", "list")).out
    assert sellers["id"] not in (await shell("operator", "list", "--all")).out
    not_an_operators = await shell("operator", "revoke", sellers["id"], exit_code=1)
    assert not_an_operators.err.startswith("Error: id: there is no valid operator's key")
    assert (await shell("operator", "revoke", operators["id"])).out == f"{operators['id']} is revoked\n"
    await daemon.call("GET", "/v1/invoices", key=operators["secret"], expect=4)
    await shell("key", "revoke", sellers["id"])
    await daemon.call("GET", "/v1/invoices", key=sellers["secret"], expect=4)
    assert (await shell("key", "revoke", sellers["id"], exit_code=1)).err.startswith("Error: id: there is no")
    trail = (await shell("events", "--after", str((await daemon.journal())[-1]["seq"] - 1))).out
    assert f"admin.key_revoked        by: uid {os.geteuid()}, key_id: {sellers['id']}" in trail


async def test_an_operators_key_acts_for_any_seller(daemon: Daemon, shell: Shell) -> None:
    key = (await shell("operator", "add")).out.strip()
    body = {"amount": "1.00", "currency": "EUR", "seller_id": "shop"}
    await daemon.call("POST", "/v1/invoices", body, key=key)
    made = await shell.json("operator", "add")
    assert made["seller_id"] is None
    await daemon.call("POST", "/v1/invoices", body, key=made["secret"])
    assert key not in daemon.log()


async def test_an_invoice_is_created_shown_listed_and_marked(daemon: Daemon, shell: Shell) -> None:
    asked = ("12.50", "EUR", "--seller", "shop", "--note", "Tisch 7", "--confirmations", "2")
    created = await shell.json("invoice", "create", *asked, "--chain", "bitcoin", "--expires-in", "120")
    id = created["id"]
    assert created == await daemon.show(id)
    assert (created["note"], created["options"][0]["confirmations_required"]) == ("Tisch 7", 2)
    shown = (await shell("invoice", "show", id)).out
    assert f"{id}  12.50 EUR  new" in shown
    assert "0.00020834 BTC on bitcoin, 2 confirmations required" in shown
    assert address_of(created) in shown
    assert await shell.json("invoice", "show", id) == created
    assert id in (await shell("invoice", "list", "--seller", "shop", "--status", "new")).out
    page = await shell.json("invoice", "list", "--limit", "1")
    assert page["has_more"]
    assert f"more: --cursor {page['next_cursor']}" in (await shell("invoice", "list", "--limit", "1")).out
    marked = (await shell("invoice", "mark", id, "settled")).out
    assert f"{id}  12.50 EUR  settled (marked)" in marked
    assert (await daemon.show(id))["flags"] == ["marked"]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("invoice", "create", "12.505", "EUR", "--seller", "shop"), "Error: amount: "),
        (("invoice", "create", "12.50", "XQX", "--seller", "shop"), "Error: currency: "),
        (("invoice", "create", "12.50", "EUR", "--seller", "nobody"), "Error: seller_id: "),
        (("invoice", "show", "inv_nobodys"), "Error: id: there is no invoice"),
        (("invoice", "mark", "inv_nobodys", "settled"), "Error: id: there is no invoice"),
        (("invoice", "watch", "inv_nobodys"), "Error: id: there is no invoice"),
        (("payments", "assign", "pay_nobodys", "inv_nobodys"), "Error: id: there is no payment"),
    ],
)
async def test_what_the_daemon_refuses_is_said_in_its_words(
    shell: Shell, arguments: tuple[str, ...], said: str
) -> None:
    refused = await shell(*arguments, exit_code=1)
    assert refused.out == ""
    assert refused.err.startswith(said)
    assert len(refused.err.splitlines()) == 1


async def test_watching_an_invoice_ends_when_it_is_settled(
    node: RegtestNode, daemon: Daemon, shell: Shell
) -> None:
    invoice = await daemon.invoice(confirmations=2)
    async with (
        running("invoice", "watch", invoice["id"], *shell.socket) as text,
        running("invoice", "watch", invoice["id"], "--json", *shell.socket) as as_json,
    ):
        for watcher in (text, as_json):
            await watcher.says("invoice.created")
        await pay_many(node, (address_of(invoice), due_of(invoice)))
        for watcher in (text, as_json):
            await watcher.says("invoice.processing")
        await node.mine(1)
        for watcher in (text, as_json):
            await watcher.says("payment.confirming")
        await node.mine(1)
        for watcher in (text, as_json):
            assert await watcher.ends() == 0
    told = ["invoice.created", "invoice.payment_seen", "invoice.processing", "payment.confirming"]
    told += ["payment.confirmed", "invoice.settled"]
    assert [line[8:].split()[0] for line in text.out] == told, "after the time, or as much room without"
    assert [json.loads(line)["type"] for line in as_json.out] == told
    assert "1 of 2" in text.out[3]
    assert text.err == as_json.err == []


async def test_unmatched_payments_are_listed_and_assigned(
    node: RegtestNode, daemon: Daemon, shell: Shell, unissued_address: str
) -> None:
    txid = await pay_many(node, (unissued_address, 20_834))
    await node.mine(1)

    async def listed() -> bool:
        return txid in (await shell("payments", "unmatched")).out

    await patiently(listed)
    (line,) = [line for line in (await shell("payments", "unmatched")).out.splitlines() if txid in line]
    assert "0.00020834 BTC on bitcoin" in line
    rows = (await shell.json("payments", "unmatched"))["data"]
    (row,) = [row for row in rows if row["transaction_id"] == txid]
    assert row["id"] == line.split()[0]
    invoice = await daemon.invoice(confirmations=1)
    assigned = (await shell("payments", "assign", row["id"], invoice["id"])).out
    assert f"{invoice['id']}  0.00020834 BTC  settled" in assigned
    assert txid not in (await shell("payments", "unmatched")).out


async def test_events_by_the_page_and_as_they_come(daemon: Daemon, shell: Shell) -> None:
    invoice = await daemon.invoice()
    last = (await daemon.journal())[-1]["seq"]
    page = await shell.json("events", "--after", str(last - 1), "--limit", "1")
    assert page["data"] == await daemon.journal(after=last - 1)
    (line,) = (await shell("events", "--after", str(last - 1))).out.splitlines()
    assert line.split()[0] == str(last)
    assert "invoice.created" in line
    async with running("events", "--follow", "--json", "--after", str(last - 1), *shell.socket) as followed:
        await followed.says(invoice["id"])
        later = await daemon.invoice()
        await followed.says(later["id"])
        assert await followed.interrupt() == 1
    assert [json.loads(line) for line in followed.out] == (await daemon.journal(after=last - 1))[:2]
    assert followed.err == ["", "Aborted!"]


async def test_whoever_follows_goes_on_over_a_restart_without_gap_or_repetition(
    node: RegtestNode, daemon: Daemon, shell: Shell
) -> None:
    last = (await daemon.journal())[-1]["seq"]
    invoice = await daemon.invoice(confirmations=1)
    async with (
        running("events", "--follow", "--json", "--after", str(last), *shell.socket) as followed,
        running("invoice", "watch", invoice["id"], "--json", *shell.socket) as watcher,
    ):
        for command in (followed, watcher):
            await command.says("invoice.created")
        await daemon.stop()
        for command in (followed, watcher):
            await command.warns("waiting for it")
        await pay_many(node, (address_of(invoice), due_of(invoice)))
        await daemon.start()
        for command in (followed, watcher):
            await command.says("invoice.processing")
        await node.mine(1)
        assert await watcher.ends() == 0
        await followed.says("invoice.settled")
        assert await followed.interrupt() == 1
    journal = await daemon.journal(after=last)
    told = [json.loads(line) for line in followed.out]
    assert [event for event in told if "seq" in event] == journal[: len(told)]
    mine = [event for event in journal if event["invoice_id"] == invoice["id"]]
    watched = [json.loads(line) for line in watcher.out]
    assert [event for event in watched if "seq" in event] == mine
    for command in (followed, watcher):
        assert command.err[0] == "the daemon has ended; waiting for it"


async def test_plugins(shell: Shell) -> None:
    rows = {row["name"]: row for row in (await shell.json("plugins"))["data"]}
    assert rows["bitcoin"]["status"] == rows["rates"]["status"] == "loaded"
    lines = (await shell("plugins")).out.splitlines()
    assert [line.split()[0] for line in lines if "loaded" in line] == list(rows)


async def test_the_socket_is_found_by_the_configuration(daemon: Daemon) -> None:
    done = await paydaemon("seller", "list", "--json", "--config", str(daemon.config))
    assert "shop" in {row["id"] for row in done.json["data"]}


@pytest.mark.parametrize("command", [("seller", "list"), ("events", "--follow")])
async def test_where_no_daemon_runs_it_is_said_in_one_line(tmp_path: Path, command: tuple[str, ...]) -> None:
    nobody = str(tmp_path / "nobody.sock")
    async with running(*command, "--socket", nobody) as asked:
        assert await asked.ends() == 1
    (line,) = asked.err
    assert (asked.out, line.startswith("Error: no "), nobody in line) == ([], True, True)
    assert "running?" in line


async def test_check_config(daemon: Daemon, tmp_path: Path) -> None:
    good = await paydaemon("check-config", "--config", str(daemon.config))
    assert (good.exit_code, good.err) == (0, "")
    assert "1 chain(s), 1 rate source(s), 0 notifier(s), 0 frontend(s), no problems" in good.out
    as_json = await paydaemon("check-config", "--json", "--config", str(daemon.config))
    assert as_json.json == {"problems": []}

    bad = tmp_path / "bad.toml"
    text = daemon.config.read_text().replace('"bind" = "127.0.0.1:0"', '"bnd" = "127.0.0.1:0"')
    bad.write_text(text.replace('"network" = "regtest"', '"network" = "regtset"'))
    told = await paydaemon("check-config", "--config", str(bad))
    assert (told.exit_code, told.out) == (EXIT_CONFIG, "")
    assert "http.bnd" in told.err
    assert "did you mean" in told.err.lower()
    assert "chains.bitcoin.network" in told.err
    problems = await paydaemon("check-config", "--json", "--config", str(bad))
    assert problems.exit_code == EXIT_CONFIG
    assert {problem["path"] for problem in problems.json["problems"]} >= {
        "http.bnd",
        "chains.bitcoin.network",
    }


async def test_a_daemon_does_not_start_on_a_wrong_configuration(daemon: Daemon, tmp_path: Path) -> None:
    bad = tmp_path / "bad.toml"
    bad.write_text(daemon.config.read_text() + "\n[http2]\n")
    async with running("run", "--config", str(bad)) as started:
        assert await started.ends() == EXIT_CONFIG
    assert started.out == []
    assert "http2" in "\n".join(started.err)


async def test_a_second_daemon_on_the_same_files_gives_way(daemon: Daemon) -> None:
    async with running("run", "--config", str(daemon.config)) as second:
        assert await second.ends() == os.EX_TEMPFAIL
    assert "paydaemon: " in second.err[-1]
    assert "Traceback" not in "\n".join(second.err)
    assert (await daemon.invoice())["status"] == "new"


def test_a_list_in_an_event_is_told_without_brackets() -> None:
    changed = ["limits.body_bytes", "http.tls_key"]
    line = event_line({"type": "admin.reloaded", "data": {"changed": changed}})
    assert line.endswith("changed: limits.body_bytes, http.tls_key")


def test_why_something_failed_is_told_without_the_systems_number() -> None:
    assert reason(OSError(98, "another process listens here", "127.0.0.1:1")) == (
        "127.0.0.1:1: another process listens here"
    )
    wrapped = RuntimeError("[Errno 111] Connection refused")
    wrapped.__cause__ = ConnectionRefusedError(111, "Connection refused")
    assert reason(wrapped) == "Connection refused"
    assert reason(ValueError("of its own")) == "of its own"
