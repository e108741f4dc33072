"""``paydaemon email test``, and what the doctor is told: by the configuration that the daemon has."""

from pathlib import Path
from typing import Any

import pytest
import trio
from click.testing import CliRunner, Result

from paydaemon.cli.main import cli
from paydaemon.cli.toml import to_toml
from paydaemon.hooks.diagnosis import Finding, Verdict
from paydaemon_email.diagnosis import diagnose
from tests.email.wires import saying, serving
from tests.email.world import RECEIPTS, config
from tests.support.mailserver import PASSWORD, USER
from tests.support.post import PostOffice

TWO = {"ada": "ada@shop.example", "bob": "bob@shop.example"}


def run(folder: Path, notifiers: dict[str, dict[str, object]], *arguments: str) -> Result:
    tables = {id: {"plugin": "email", **table} for id, table in notifiers.items()}
    (folder / "paydaemon.toml").write_text(to_toml({"notifiers": tables}))
    command = ["email", "test", "--config", str(folder / "paydaemon.toml"), *arguments]
    return CliRunner().invoke(cli, command)


def test_each_step_is_said(post: PostOffice, tmp_path: Path) -> None:
    login: dict[str, Any] = {
        "user": USER,
        "password": {"file": "smtp-password"},
    }  # relative to the configuration's folder
    post.login(tmp_path)
    ended = run(tmp_path, {"email": post.settings(operators=TWO, **login)})
    assert ended.exit_code == 0, ended.output
    assert ended.output.splitlines() == [
        "to ada@shop.example:",
        f"  connected to localhost:{post.ports['starttls']}",
        "  TLSv1.3, its certificate is trusted",
        f"  logged in as {USER}",
        "  taken: 250 2.0.0 Ok: queued as 4F2c1",
        "to bob@shop.example:",
        "  taken: 250 2.0.0 Ok: queued as 4F2c1",
    ]
    assert [mail.recipients for mail in post.mails()] == [["ada@shop.example"], ["bob@shop.example"]]
    assert post.mails()[0].message["Subject"] == "A test of paydaemon"


def test_one_who_is_refused_keeps_no_other_from_theirs(post: PostOffice, tmp_path: Path) -> None:
    post.behave(rcpt={"ada@shop.example": {"answer": "550 5.1.1 No such user"}})
    ended = run(tmp_path, {"email": post.settings(operators=TWO)})
    assert ended.exit_code == 1
    assert (
        f"  NOT TAKEN: localhost:{post.ports['starttls']} refused the recipient: 550 5.1.1 No such user"
        in (ended.output.splitlines())
    )
    assert [mail.recipients for mail in post.mails()] == [["bob@shop.example"]]


def test_somebody_else_can_be_named(post: PostOffice, tmp_path: Path) -> None:
    notifiers = {"email": post.settings(), "other": post.settings("tls")}
    assert "say which by --notifier email|other" in run(tmp_path, notifiers).output
    ended = run(tmp_path, notifiers, "--notifier", "other", "--to", "eve@shop.example")
    assert ended.exit_code == 0, ended.output
    assert [(mail.listener, mail.recipients) for mail in post.mails()] == [("tls", ["eve@shop.example"])]


@pytest.mark.parametrize(
    ("notifiers", "arguments", "said"),
    [
        ({}, (), "has no [notifiers.email] with plugin ="),
        ({"email": {"host": 1}}, (), "[notifiers.email]: `paydaemon check-config` says what is wrong"),
        ({}, ("--to", "nobody"), "must be an email address"),
    ],
)
def test_what_is_wrong_is_one_line(
    tmp_path: Path, notifiers: dict[str, dict[str, object]], arguments: tuple[str, ...], said: str
) -> None:
    ended = run(tmp_path, notifiers, *arguments)
    assert ended.exit_code in (1, 2)
    assert said in ended.output
    assert "Traceback" not in ended.output


async def test_an_unknown_password_is_not_repeated(post: PostOffice, tmp_path: Path) -> None:
    table = post.settings(**post.login(tmp_path, "Tr0ub4dor&3"))
    ended = await trio.to_thread.run_sync(run, tmp_path, {"email": table})
    assert "refused logging in: 535 5.7.8" in ended.output
    assert "Tr0ub4dor" not in ended.output
    assert PASSWORD not in ended.output


# --- The doctor


async def found(post: PostOffice, listener: str = "starttls", **settings: Any) -> list[Finding]:
    return [finding async for finding in diagnose("email", config(post, listener, **settings))]


async def test_the_doctor_asks_for_each_operator_and_sends_nothing(post: PostOffice) -> None:
    post.behave(rcpt={"ada@shop.example": {"answer": "550 5.1.1 No such user"}})
    ada, bob = await found(post, operators=TWO)
    assert (ada.what, ada.verdict) == ("operator ada", Verdict.PROBLEM)
    assert "550 5.1.1 No such user" in ada.said
    assert (bob.what, bob.verdict) == ("operator bob", Verdict.OK)
    assert post.mails() == []


async def test_the_doctor_asks_with_receipts_alone(post: PostOffice) -> None:
    (finding,) = await found(post, operators={}, receipts=RECEIPTS)
    assert finding.verdict is Verdict.OK


@pytest.mark.parametrize(
    ("listener", "settings", "advice"),
    [
        ("other", {}, "look after security, ca_file, and the server's certificate"),
        ("starttls", {"security": "none"}, "set a sender that the server lets this user send as"),
    ],
)
async def test_the_doctor_says_what_to_look_after(
    post: PostOffice, listener: str, settings: dict[str, Any], advice: str
) -> None:
    (finding,) = await found(post, listener, **settings)
    assert (finding.what, finding.verdict, finding.advice) == ("server", Verdict.PROBLEM, advice)


async def test_the_doctor_of_a_server_that_is_silent(post: PostOffice) -> None:
    async with serving(saying()) as port:
        (finding,) = await found(post, "plain", port=port, timeout_s=1)
    assert finding.said.endswith("no answer in 1 s")
