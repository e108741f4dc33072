"""The units stand up to systemd's own tools, which look at the files alone and ask no manager."""

import re
import shutil
import sys
from pathlib import Path

import pytest

from paydaemon.cli.service import EXIT_CONFIG
from paydaemon.ending import SEEN_OFF_S
from paydaemon.frontends import Limits
from paydaemon.supervisor import ServiceLimits
from tests.systemd.units import ROOT, SERVICE, SOCKET, analyze, value, values

INSTALLED = "/usr/local/bin/paydaemon"
MAX_EXPOSURE = 1.2


@pytest.fixture
def units(tmp_path: Path) -> list[Path]:
    """Copies that run the command of this virtualenv: what they name must be there to be run."""
    copies = [tmp_path / unit.name for unit in (SERVICE, SOCKET)]
    command = str(Path(sys.executable).with_name("paydaemon"))
    for unit, copy in zip((SERVICE, SOCKET), copies, strict=True):
        copy.write_text(unit.read_text().replace(INSTALLED, command))
    return copies


def test_systemd_has_nothing_to_say_about_them(units: list[Path]) -> None:
    assert analyze("verify", "--man=no", *units) == ""


def test_the_service_is_hardly_exposed() -> None:
    report = analyze("security", "--offline=true", "--no-pager", SERVICE)
    found = re.search(r"Overall exposure level for paydaemon\.service: ([0-9.]+)", report)
    assert found is not None, report
    print(found[0])
    assert float(found[1]) <= MAX_EXPOSURE, report


def test_it_runs_the_command_that_there_is() -> None:
    command, *arguments = value(SERVICE, "ExecStart").split()
    assert (command, arguments[0]) == (INSTALLED, "run")
    assert arguments[1:] == ["--config", "/etc/paydaemon/paydaemon.toml"]


def test_a_mistake_in_the_configuration_is_not_tried_again() -> None:
    assert value(SERVICE, "Restart") == "on-failure"
    assert value(SERVICE, "RestartPreventExitStatus") == str(EXIT_CONFIG)


def test_there_is_time_to_stop() -> None:
    bound_s = int(value(SERVICE, "TimeoutStopSec").removesuffix("s"))
    assert bound_s >= 2 * (Limits().grace_s + SEEN_OFF_S + ServiceLimits().stop_timeout_s)


def test_there_are_descriptors_for_every_connection() -> None:
    assert int(value(SERVICE, "LimitNOFILE")) >= 2 * Limits().connections


def test_the_socket_is_the_default_address() -> None:
    assert f'#bind = "{value(SOCKET, "ListenStream")}"' in (ROOT / "etc" / "paydaemon.toml").read_text()


def test_what_it_writes_to_is_its_own() -> None:
    assert value(SERVICE, "User") == value(SERVICE, "Group") == "paydaemon"
    assert (ROOT / "systemd" / "paydaemon.sysusers").read_text().splitlines()[-1].split()[:2] == [
        "u",
        "paydaemon",
    ]
    assert values(SERVICE, "StateDirectoryMode") == values(SERVICE, "RuntimeDirectoryMode") == ["0700"]


def test_its_other_commands_are_there() -> None:
    reload = value(SERVICE, "ExecReload").split()[0]
    assert shutil.which(reload) == reload
