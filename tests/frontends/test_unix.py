"""The Unix socket: who may open it, what is left of it, and what it administers."""

import os
import socket
import stat
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest
import trio

from paydaemon.frontends import open_unix
from tests.support.engine import engine_on
from tests.support.served import PUBLIC_URL, Served, error_of, listening
from tests.support.waiting import BOUND_S


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


async def test_only_this_user_and_root_can_open_it(daemon: Served) -> None:
    assert mode(daemon.socket) == 0o600
    assert mode(daemon.socket.parent) == 0o700


async def test_no_umask_opens_it_wider(tmp_path: Path) -> None:
    before = os.umask(0)
    try:
        async with open_unix(tmp_path / "deep" / "er" / "admin.sock"):
            assert mode(tmp_path / "deep" / "er" / "admin.sock") == 0o600
            assert mode(tmp_path / "deep" / "er") == 0o700
    finally:
        os.umask(before)


async def test_the_file_is_gone_afterwards(tmp_path: Path) -> None:
    path = tmp_path / "admin.sock"
    async with open_unix(path):
        assert path.exists()
    assert not path.exists()


async def test_what_a_killed_daemon_left_is_removed(tmp_path: Path) -> None:
    path = tmp_path / "admin.sock"
    with socket.socket(socket.AF_UNIX) as left:
        left.bind(str(path))
        left.listen()
    assert path.exists()
    async with open_unix(path) as listener:
        assert str(listener) == f"unix:{path}"
        async with await trio.open_unix_socket(str(path)):
            pass


async def test_a_socket_that_somebody_listens_on_stays_theirs(daemon: Served) -> None:
    with pytest.raises(OSError, match="another process listens here"):
        async with open_unix(daemon.socket):
            pass
    async with daemon.admin() as admin:
        assert (await admin.get("/healthz")).status_code == 200


async def test_a_file_that_is_no_socket_stays_where_it_is(tmp_path: Path) -> None:
    path = tmp_path / "admin.sock"
    path.write_text("precious")
    with pytest.raises(FileExistsError):
        async with open_unix(path):
            pass
    assert path.read_text() == "precious"


async def test_anothers_socket_at_the_same_path_is_not_removed(tmp_path: Path) -> None:
    path = tmp_path / "admin.sock"
    async with open_unix(path):
        path.rename(tmp_path / "moved.sock")
        async with open_unix(path):
            assert path.exists()
        path.touch()
    assert path.exists()


@pytest.mark.parametrize("open_to", [0o770, 0o707, 0o1777])
async def test_a_folder_that_others_may_write_to_is_refused(tmp_path: Path, open_to: int) -> None:
    folder = tmp_path / "shared"
    folder.mkdir()
    folder.chmod(open_to)
    with pytest.raises(PermissionError, match="others may change"):
        async with open_unix(folder / "admin.sock"):
            pass


async def test_a_path_too_long_for_a_socket_is_told_so(tmp_path: Path) -> None:
    with pytest.raises(OSError, match="at most 107 bytes"):
        async with open_unix(tmp_path / ("x" * 120)):
            pass


AS_NOBODY = """
import os, socket, sys
client = socket.socket(socket.AF_UNIX)
if os.geteuid() == 0:
    os.setgid(65534)
    os.setuid(65534)
client.connect(sys.argv[1])
try:
    client.sendall(b"GET /admin/v1/sellers HTTP/1.1\\r\\nHost: x\\r\\n\\r\\n")
    print(len(client.recv(1)))
except OSError:
    print(0)
"""


async def test_the_kernel_is_asked_who_is_at_the_other_end(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Even where the file's mode lets somebody in. Only root can become somebody else; others pretend."""
    async with engine_on(tmp_path / "paydaemon.sqlite3") as engine:
        with tempfile.TemporaryDirectory() as folder:
            async with listening(engine, Path(folder)) as daemon:
                for place in (Path(folder), daemon.socket.parent):
                    place.chmod(0o755)
                daemon.socket.chmod(0o666)
                if os.geteuid() != 0:
                    own = os.geteuid()
                    monkeypatch.setattr(os, "geteuid", lambda: own + 1)
                assert await visit_as_somebody_else(daemon.socket) == b"0"
                monkeypatch.undo()
                async with daemon.admin() as admin:
                    assert (await admin.get("/admin/v1/sellers")).status_code == 200


async def visit_as_somebody_else(path: Path) -> bytes:
    """How many bytes another user, where we can become one, gets for an answer."""
    with trio.fail_after(BOUND_S):
        done = await trio.run_process(
            [sys.executable, "-S", "-c", AS_NOBODY, str(path)], capture_stdout=True, stderr=subprocess.STDOUT
        )
    return bytes(done.stdout).strip()


async def test_sellers_are_added_listed_and_rotated(daemon: Served) -> None:
    async with daemon.admin() as admin:
        made = await admin.post("/admin/v1/sellers", json={"id": "cafe", "name": "Café am Eck"})
        assert made.status_code == 201
        key = made.json()
        assert set(key) == {"id", "secret", "seller_id"}
        assert key["seller_id"] == "cafe"
        listed = (await admin.get("/admin/v1/sellers")).json()
        assert {row["id"]: row["name"] for row in listed["data"]}["cafe"] == "Café am Eck"
        assert key["secret"] not in str(listed)
        rotated = await admin.post("/admin/v1/sellers/cafe/rotate")
        assert rotated.status_code == 201
    async with daemon.client(rotated.json()["secret"]) as client:
        body = {"amount": "1", "currency": "EUR"}
        assert (await client.post("/v1/invoices", json=body)).json()["seller_id"] == "cafe"
    async with daemon.client(key["secret"]) as client:
        assert (await client.get("/v1/invoices")).status_code == 401


async def test_an_operators_key_acts_for_every_seller(daemon: Served) -> None:
    async with daemon.admin() as admin:
        made = await admin.post("/admin/v1/operators")
        assert (made.status_code, made.json()["seller_id"]) == (201, None)
    async with daemon.client(made.json()["secret"]) as client:
        for seller in ("shop", "rival"):
            body = {"amount": "1", "currency": "EUR", "seller_id": seller}
            assert (await client.post("/v1/invoices", json=body)).status_code == 201


@pytest.mark.parametrize(
    ("body", "status", "code", "param"),
    [
        ({"id": "shop"}, 409, "seller_exists", "id"),
        ({"id": "Shop!"}, 400, "not_an_id", "id"),
        ({}, 400, "missing", "id"),
        ({"id": "a", "nmae": "b"}, 400, "unknown_field", "nmae"),
        ({"id": "a", "name": ""}, 400, "too_short", "name"),
    ],
)
async def test_a_bad_seller_names_its_field(
    daemon: Served, body: dict[str, str], status: int, code: str, param: str
) -> None:
    async with daemon.admin() as admin:
        answer = await admin.post("/admin/v1/sellers", json=body)
    assert answer.status_code == status
    assert (error_of(answer)["code"], error_of(answer)["param"]) == (code, param)


async def test_what_takes_no_body_refuses_one(daemon: Served) -> None:
    async with daemon.admin() as admin:
        assert (await admin.post("/admin/v1/sellers/nobody/rotate")).status_code == 404
        answer = await admin.post("/admin/v1/operators", json={"id": "me"})
        assert (answer.status_code, error_of(answer)["code"]) == (400, "unexpected_body")


async def test_the_whole_api_is_there_without_a_key(daemon: Served) -> None:
    async with daemon.admin() as admin:
        body = {"amount": "1", "currency": "EUR", "seller_id": "shop"}
        invoice = (await admin.post("/v1/invoices", json=body)).json()
        assert invoice["checkout_url"].startswith(PUBLIC_URL)
        assert (await admin.get(f"/v1/invoices/{invoice['id']}")).json() == invoice
        assert (await admin.get("/v1/plugins")).json()["data"][0]["name"] == "fake"
        told = (await admin.get("/admin/v1/daemon")).json()
        assert told["public_url"] == PUBLIC_URL
        assert told["version"]
