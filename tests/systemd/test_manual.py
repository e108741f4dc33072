"""The manual and the completions are what the code says, and their readers take them."""

import shutil
import subprocess
import sys

import pytest

from tests.systemd.units import ROOT


def run(*command: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)


def test_they_are_up_to_date() -> None:
    done = run(sys.executable, "tools/make-man", "--check")
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize("page", ["paydaemon.1", "paydaemon.toml.5"])
def test_a_page_is_proper_roff(page: str) -> None:
    assert shutil.which("groff") is not None, "this test needs groff: apt-get install groff-base"
    done = run("groff", "-man", "-ww", "-z", "-Tutf8", f"man/{page}")
    assert (done.returncode, done.stderr) == (0, "")


def test_the_manual_has_every_command_and_key() -> None:
    text = (ROOT / "man" / "paydaemon.1").read_text().replace("\\-", "-")
    for command in ("run", "check-config", "seller add", "invoice create", "payments assign"):
        assert f".SS paydaemon {command} " in text
    assert "\\fBbind = " in (ROOT / "man" / "paydaemon.toml.5").read_text()


def test_bash_takes_the_completion() -> None:
    done = run("bash", "-n", "completion/paydaemon.bash")
    assert (done.returncode, done.stderr) == (0, "")
