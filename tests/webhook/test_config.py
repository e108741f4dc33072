"""What the table takes, what it says of mistakes, and what the doctor says of it."""

from pathlib import Path
from typing import Any

import pytest

from paydaemon.config import ConfigError, parse_config
from paydaemon.hooks.diagnosis import Verdict
from paydaemon.plugins import load_plugins
from paydaemon_webhook.config import WebhookConfig
from paydaemon_webhook.diagnosis import diagnose
from tests.systemd.away import NOBODY
from tests.webhook.conftest import Authority

PLUGINS = load_plugins()


def table(**settings: Any) -> WebhookConfig:
    document = {**NOBODY, "notifiers": {"webhook": {"plugin": "webhook", **settings}}}
    found = parse_config(document, PLUGINS).notifiers["webhook"].settings
    assert isinstance(found, WebhookConfig)
    return found


def test_nothing_has_to_be_said() -> None:
    assert table().allowed == ()


def test_networks_and_addresses() -> None:
    found = table(allow=["10.0.0.0/8", "192.0.2.7", "fd00::/8"])
    assert [str(network) for network in found.allowed] == ["10.0.0.0/8", "192.0.2.7/32", "fd00::/8"]


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"allow": ["10.0.0.1/8"]}, 'allow.0: must be a network such as "10.0.0.0/8", or an address'),
        ({"allow": ["shop.example"]}, 'allow.0: must be a network such as "10.0.0.0/8", or an address'),
        ({"allow": ["10.0.0.0/8", "::/0"]}, "allow.1: must not be every address: that would be no list"),
        ({"allow": "10.0.0.0/8"}, "allow: must be a list"),
        ({"secret": "x"}, "secret: "),
        ({"ca_file": "/nowhere/ca.pem"}, "ca_file: cannot be read: No such file"),
        ({"limits": {"timeout_s": 5}}, "limits: timeout_s must not be less than connect_timeout_s and"),
        ({"limits": {"connections": 0}}, "limits.connections: must be at least 1"),
    ],
)
def test_a_mistake_is_named(settings: dict[str, object], said: str) -> None:
    with pytest.raises(ConfigError) as caught:
        table(**settings)
    problems = [str(problem) for problem in caught.value.problems]
    assert any(said in problem for problem in problems), problems


def test_a_file_without_certificates_is_told(tmp_path: Path) -> None:
    (tmp_path / "ca.pem").write_text("nothing of the kind")
    with pytest.raises(ConfigError, match="ca_file: there are no certificates in it"):
        table(ca_file=str(tmp_path / "ca.pem"))


async def test_the_doctor_says_where_webhooks_may_lead(authority: Authority) -> None:
    found = [finding async for finding in diagnose("webhook", table(ca_file=str(authority.ca_file)))]
    assert [finding.verdict for finding in found] == [Verdict.OK, Verdict.OK]
    assert found[0].said.endswith(" authorities are trusted")
    found = [finding async for finding in diagnose("webhook", table(allow=["10.0.0.0/8"]))]
    assert found[1].verdict is Verdict.WARNING
    assert found[1].said == "webhooks may lead to 10.0.0.0/8 too"
