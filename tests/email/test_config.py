"""What a notifier's table takes, and what it says of mistakes: together with the daemon's own checks."""

import json
from pathlib import Path
from typing import Any

import pytest

from paydaemon.config import ConfigError, parse_config
from paydaemon.plugins import load_plugins
from paydaemon_email.config import EmailConfig
from paydaemon_email.notifier import EmailNotifier
from tests.systemd.away import NOBODY

PLUGINS = load_plugins()
LEAST: dict[str, Any] = {
    "plugin": "email",
    "host": "smtp.shop.example",
    "sender": "payments@shop.example",
    "operators": {"ops": "ops@shop.example"},
}


def settings(**others: object) -> EmailConfig:
    document = {**NOBODY, "notifiers": {"email": {**LEAST, **others}}}
    found = parse_config(document, PLUGINS).notifiers["email"].settings
    assert isinstance(found, EmailConfig)
    return found


def problems(**others: object) -> list[str]:
    table = {key: value for key, value in {**LEAST, **others}.items() if value is not None}
    with pytest.raises(ConfigError) as caught:
        parse_config({**NOBODY, "notifiers": {"email": table}}, PLUGINS)
    return [str(problem) for problem in caught.value.problems]


@pytest.mark.parametrize(("security", "port"), [("starttls", 587), ("tls", 465), ("none", 25)])
def test_the_port_is_the_usual_one(security: str, port: int) -> None:
    assert settings(security=security).server_name == f"smtp.shop.example:{port}"
    assert settings(security=security, port=2525).server_port == 2525


def test_whom_it_tells() -> None:
    receipts = [{"seller": "shop", "name": "Café am Eck"}]
    operators = {"ada": "ada@shop.example", "night-shift": "night@shop.example"}
    audiences = EmailNotifier("email", settings(operators=operators, receipts=receipts)).audiences
    assert [audience.name for audience in audiences] == ["ada", "night-shift", "buyers"]
    assert [audience.batch for audience in audiences] == [200, 200, 1]
    assert sorted(audiences[0].types) == [
        *("chain.recovered", "chain.stale", "invoice.paid_late", "invoice.payment_seen"),
        *("invoice.reversed", "invoice.settled", "payment.unmatched", "rates.recovered", "rates.stopped"),
    ]
    assert list(audiences[2].types) == ["invoice.settled"]
    assert EmailNotifier("email", settings(tell=[], receipts=receipts)).audiences == (audiences[2],)


@pytest.mark.parametrize(
    ("others", "said"),
    [
        ({"host": None}, "notifiers.email.host: is required"),
        ({"host": "smtp.shop.example:587"}, "notifiers.email.host: must be a name such as"),
        ({"security": "ssl"}, 'notifiers.email.security: must be "starttls", "tls" or "none"'),
        ({"sender": "shop.example"}, "notifiers.email.sender: must be an email address such as"),
        ({"operators": {"ops": "ops"}}, "notifiers.email.operators.ops: must be an email address such as"),
        ({"operators": {"Ops": "a@b.example"}}, "notifiers.email.operators.Ops: must match"),
        ({"operators": {}}, "notifiers.email: there is nobody to tell"),
        (
            {"operators": {"buyers": "a@b.example"}},
            'notifiers.email: operators: "buyers" is what those are called who get receipts',
        ),
        ({"tell": ["paid"]}, "notifiers.email.tell.0: must be "),
        ({"user": "clerk"}, "notifiers.email: give both user and password, or none of them"),
        (
            {"password": "hunter2"},
            "notifiers.email.password: must not be the secret itself, but where it is",
        ),
        ({"sender_name": "a\r\nBcc: b"}, "notifiers.email.sender_name: must be one line of at most"),
        ({"locale": "DE"}, "notifiers.email.locale: must match"),
        (
            {"receipts": [{"seller": "a", "name": "A"}, {"seller": "a", "name": "B"}]},
            "notifiers.email: receipts: two of them are for the same seller",
        ),
        ({"receipts": [{"seller": "a"}]}, "notifiers.email.receipts.0.name: is required"),
        (
            {"limits": {"digest_from": 20, "digest_events": 10}},
            "notifiers.email.limits: digest_events must not be less than digest_from",
        ),
        ({"templates": "/nowhere/mails"}, "notifiers.email: templates: there is no such folder"),
        ({"ca_file": "/nowhere/ca.pem"}, "notifiers.email: ca_file: … cannot be read: No such file"),
    ],
)
def test_a_mistake_is_named(others: dict[str, object], said: str) -> None:
    assert any(problem.startswith(said) for problem in problems(**others)), problems(**others)


def test_a_password_is_not_for_the_open(tmp_path: Path) -> None:
    file = tmp_path / "password"
    file.write_text("hunter2")
    file.chmod(0o600)
    login = {"user": "clerk", "password": {"file": str(file)}}
    (problem,) = problems(security="none", allow_plain=True, **login)
    assert "a password is never sent in the open" in problem
    assert settings(security="none", **login).user == "clerk"


def test_a_template_with_a_mistake_stops_the_start_and_says_where(tmp_path: Path) -> None:
    (tmp_path / "mails/en").mkdir(parents=True)
    (tmp_path / "mails/en/received.txt").write_text("Subject: Paid\n\nBy {{ bayer }}\n")
    (problem,) = problems(templates=str(tmp_path / "mails"))
    assert problem == "notifiers.email: templates: en/received.txt, line 3: 'bayer' is undefined"


def test_nothing_given_is_repeated() -> None:
    told = problems(password="hunter2-hunter2", sender="hunter2-hunter2", host="hunter2 hunter2")
    assert "hunter2" not in json.dumps(told)
