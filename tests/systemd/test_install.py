"""`make install` below an empty folder, and the unit's own command line brings up a service there."""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import trio

from tests.support.daemon import Daemon
from tests.systemd import confined
from tests.systemd.away import NOBODY
from tests.systemd.units import ROOT, SERVICE, value

VENV = "usr/local/lib/paydaemon"
UNIT = "usr/local/lib/systemd/system/paydaemon.service"
CONFIG = "etc/paydaemon/paydaemon.toml"
LAID_OUT = (
    UNIT,
    CONFIG,
    "usr/local/bin/paydaemon",
    "usr/local/lib/systemd/system/paydaemon.socket",
    "usr/local/lib/sysusers.d/paydaemon.conf",
    "usr/local/share/man/man1/paydaemon.1",
    "usr/local/share/man/man5/paydaemon.toml.5",
    "usr/local/share/bash-completion/completions/paydaemon",
    "usr/local/share/zsh/site-functions/_paydaemon",
    "usr/local/share/fish/vendor_completions.d/paydaemon.fish",
)


def make(target: str, root: Path, *more: str) -> str:
    """Run `make`, as from a shell of its own; returns what it said."""
    env = {name: text for name, text in os.environ.items() if not name.startswith(("MAKE", "MFLAGS"))}
    command = ["make", target, f"DESTDIR={root}", f"PYTHON={sys.executable}", *more]
    done = subprocess.run(
        command, cwd=ROOT, env=env, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False
    )
    assert done.returncode == 0, done.stdout
    return done.stdout


def files(root: Path) -> Iterator[Path]:
    for folder, _, names in os.walk(root):
        yield from (Path(folder, name) for name in names)


class Installed(Daemon):
    """A daemon that is run by its unit's command line, where `root` stands for the root of the system."""

    def __init__(self, root: Path, folder: Path) -> None:
        super().__init__(
            folder, NOBODY, under=(sys.executable, confined.__file__ or "", str(SERVICE)), env=ENV
        )
        self._root = root
        written = self.config.read_text()
        self.config = root / CONFIG
        self.config.write_text(written)

    def _command(self) -> list[str]:
        command, *arguments = value(self._root / UNIT, "ExecStart").split()
        script = self._root / command.removeprefix("/")
        interpreter, *options = script.read_text().splitlines()[0].removeprefix("#!").split()
        mapped = [self._root / path.removeprefix("/") for path in (interpreter, command, arguments[-1])]
        return [str(mapped[0]), *options, str(mapped[1]), *arguments[:-1], str(mapped[2])]


ENV = {"PYTHONPATH": str(ROOT)}


async def test_it_is_installed_runs_and_is_uninstalled(tmp_path: Path) -> None:
    root = tmp_path / "root"
    await trio.to_thread.run_sync(make, "install", root)
    check_what_is_laid_out(root)
    daemon = Installed(root, tmp_path)
    configured = daemon.config.read_text()
    try:
        await daemon.start(ready=False)
        assert (await daemon.call("GET", "/v1/invoices"))["data"] == []
        async with daemon.client() as client:
            page = await client.get("/i/inv_none?lang=de")
            assert "Diese Rechnung gibt es nicht" in page.text, "the built wheel has no catalogues"
            assert (await client.get("/paydaemon.js")).status_code == 200
        await daemon.stop()
    finally:
        with trio.CancelScope(shield=True):
            await daemon.kill()
    said = await trio.to_thread.run_sync(make, "install", root)
    assert f"/{CONFIG} is there already and stays" in said
    assert daemon.config.read_text() == configured
    await trio.to_thread.run_sync(make, "uninstall", root)
    assert list(files(root)) == [daemon.config]


def check_what_is_laid_out(root: Path) -> None:
    for path in LAID_OUT:
        assert (root / path).exists(), path
    first = (root / VENV / "bin" / "paydaemon").read_text().splitlines()[0]
    assert first == f"#!/{VENV}/bin/python -I"
    naming = [str(path) for path in files(root) if str(root).encode() in path.read_bytes()]
    assert naming == [], "they name where they are now instead of where they will be"
    assert (root / CONFIG).read_text() == (ROOT / "etc" / "paydaemon.toml").read_text()


async def test_another_place(tmp_path: Path) -> None:
    """Wherever it is installed, the units name the place."""
    script = ROOT / "tools" / "install-service"
    env = {**os.environ, "DESTDIR": str(tmp_path), "PREFIX": "/opt/pay", "SYSCONFDIR": "/opt/etc"}
    await trio.run_process([str(script), "units"], env=env)
    unit = tmp_path / "opt/pay/lib/systemd/system/paydaemon.service"
    assert value(unit, "ExecStart") == "/opt/pay/bin/paydaemon run --config /opt/etc/paydaemon/paydaemon.toml"
