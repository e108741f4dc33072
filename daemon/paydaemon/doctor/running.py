"""Whether a daemon runs, what it says of itself, and who has the ports that it needs."""

import errno
import os
import socket
import stat
import struct
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

import httpx

from paydaemon.config.addresses import Address
from paydaemon.hooks.diagnosis import Finding, ok, problem, warning

WAIT_S = 5.0
LISTEN = "0A"
"""The state of a listening socket in ``/proc/net/tcp`` (proc_net_tcp(5))."""

_UCRED = struct.Struct("3i")


@dataclass(frozen=True, slots=True)
class Running:
    """Who answers at the Unix socket: `pid` is None where nobody does, and `error` says why, as an errno."""

    socket: Path
    pid: int | None = None
    error: int | None = None


def running_at(path: Path) -> Running:
    """Knock at the Unix socket. The kernel says who is there (unix(7), SO_PEERCRED)."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as probe:
        probe.settimeout(WAIT_S)
        try:
            probe.connect(str(path))
        except OSError as error:
            return Running(path, error=error.errno or errno.EIO)
        pid, _, _ = _UCRED.unpack(probe.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, _UCRED.size))
    return Running(path, pid=pid)


def socket_findings(path: Path, running: Running) -> Iterator[Finding]:
    """The Unix socket, and whether a daemon is behind it."""
    if running.pid is not None:
        yield ok("socket", f"a daemon runs (pid {running.pid}) and answers at {path}")
        if path.stat().st_mode & (stat.S_IRWXG | stat.S_IRWXO):
            yield problem("socket", f"others may open {path}", f"chmod 600 {path}, and restart the daemon")
        return
    match running.error:
        case errno.ENOENT:
            yield ok("socket", f"no daemon runs: {path} is not there")
        case errno.ECONNREFUSED:
            yield ok(
                "socket", f"no daemon runs: {path} is left from one that crashed, and is replaced at start"
            )
        case errno.EACCES | errno.EPERM:
            advice = "run this as the daemon's user or root"
            yield problem("socket", f"{path} may not be opened by uid {os.geteuid()}", advice)
        case code:
            said = f"{path}: {os.strerror(code or errno.EIO)}"
            yield problem("socket", said, "see who has it: ss -xlp")
    yield from _folder_findings(path.parent)


def _folder_findings(folder: Path) -> Iterator[Finding]:
    with suppress(OSError):
        if folder.stat().st_mode & (stat.S_IWGRP | stat.S_IWOTH):
            yield problem("socket", f"others may change what is in {folder}", f"chmod go-w {folder}")


def port_findings(address: Address, running: Running) -> Iterator[Finding]:
    """The port of the API: free, the daemon's own, or somebody else's."""
    if address.port == 0:
        yield ok("port", "port 0: the system chooses a free one at start")
        return
    if _can_bind(address) is None:
        if running.pid is None:
            yield ok("port", f"{address} is free")
        else:
            said = f"nobody listens on {address}, though a daemon runs"
            yield problem("port", said, "restart the daemon: its configuration was changed since it started")
        return
    holders = _holders(address.port)
    who = ", ".join(f"{_name(pid)} (pid {pid})" for pid in holders) or "a process that only root may see"
    if running.pid is not None and (running.pid in holders or not holders):
        yield ok("port", f"the daemon listens on {address}")
    else:
        said = f"{address} cannot be had: {_can_bind(address)}; it is in use by {who}"
        yield problem("port", said, "stop that, or set another http.bind")


def _can_bind(address: Address) -> str | None:
    """Why this address cannot be listened on, None where it can."""
    family = socket.AF_INET6 if ":" in address.host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((address.host, address.port))
            probe.listen(1)
        except OSError as error:
            return os.strerror(error.errno or errno.EIO)
    return None


def _holders(port: int) -> Sequence[int]:
    """The processes that listen on a TCP port, as far as we may look into them."""
    inodes = {
        f"socket:[{inode}]"
        for table in ("tcp", "tcp6")
        for inode in _listening(Path("/proc/net", table), port)
    }
    found: set[int] = set()
    for folder in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            if any(str(entry.readlink()) in inodes for entry in (folder / "fd").iterdir()):
                found.add(int(folder.name))
    return sorted(found)


def _listening(table: Path, port: int) -> Iterator[str]:
    with suppress(OSError):
        for line in table.read_text(encoding="ascii").splitlines()[1:]:
            fields = line.split()
            if fields[3] == LISTEN and int(fields[1].rpartition(":")[2], 16) == port:
                yield fields[9]


def _name(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/comm").read_text(encoding="utf-8").strip()
    except OSError:
        return "a process"


async def ready_findings(running: Running) -> Sequence[Finding]:
    """What a running daemon says of itself and its chains."""
    if running.pid is None:
        return []
    transport = httpx.AsyncHTTPTransport(uds=str(running.socket), verify=False)
    try:
        async with httpx.AsyncClient(
            transport=transport, base_url="http://paydaemon", timeout=WAIT_S
        ) as client:
            about = (await client.get("/admin/v1/daemon")).json()
            ready = (await client.get("/readyz")).json()
    except (httpx.HTTPError, ValueError) as error:
        said = f"it does not answer: {type(error).__name__}"
        return [problem("answer", said, "look into its log, and restart it")]
    return [*_version_findings(about), *_chain_states(ready)]


def _version_findings(about: dict[str, Any]) -> Iterator[Finding]:
    installed = version("paydaemon")
    if about.get("version") != installed:
        said = f"release {about.get('version')} runs, and {installed} is installed"
        yield warning("release", said, "restart the daemon")
    else:
        yield ok("release", f"release {installed} runs, for {about.get('public_url')}")


def _chain_states(ready: dict[str, Any]) -> Iterator[Finding]:
    for chain in ready.get("chains", []):
        said = f"chain {chain['id']} is {chain['state']}"
        if chain["state"] == "healthy":
            yield ok("chain", said)
        else:
            advice = f"see what is found of chains.{chain['id']} below"
            yield problem("chain", f"{said}: {chain['reason']}", advice)
