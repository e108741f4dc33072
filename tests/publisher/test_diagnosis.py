"""What the doctor says of a publisher, without telling it anything."""

import ssl
from pathlib import Path

import trustme

from paydaemon.hooks.diagnosis import Finding, Verdict
from paydaemon_socketio.publisher.config import PublisherConfig
from paydaemon_socketio.publisher.diagnosis import diagnose
from tests.publisher.sites import socketio
from tests.publisher.world import PUBLIC, config, keep_key
from tests.webhook.wires import Saying, answer, serving, silent


async def found(settings: PublisherConfig) -> dict[str, Finding]:
    return {finding.what: finding async for finding in diagnose("publisher", settings)}


async def test_all_is_well(tmp_path: Path, authority: trustme.CA, ca_file: Path) -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(context)
    server = Saying(answer())
    async with serving(server, context) as port:
        settings = config(url=f"https://127.0.0.1:{port}/", key=keep_key(tmp_path), ca_file=str(ca_file))
        seen = await found(settings)
    assert {one.verdict for one in seen.values()} == {Verdict.OK}
    assert seen["key"].said == f"the publisher verifies by the public key {PUBLIC}"
    assert seen["publisher"].said == f"127.0.0.1:{port} is there, and its certificate is trusted"
    assert server.requests == [], "it is told nothing"


async def test_what_is_wrong_is_said(tmp_path: Path, authority: trustme.CA) -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(context)
    async with serving(silent, context) as port:
        seen = await found(config(url=f"https://127.0.0.1:{port}/", key=keep_key(tmp_path, "ab")))
    assert {one.verdict for one in seen.values()} == {Verdict.PROBLEM}
    assert seen["key"].said == "it is no Ed25519 key of 32 or 64 bytes in hex"
    assert "its certificate is not trusted" in seen["publisher"].said
    seen = await found(config(url=f"https://127.0.0.1:{port}/", key=keep_key(tmp_path)))
    assert seen["publisher"].said == f"127.0.0.1:{port}: no connection: connection refused"


async def test_what_is_told_in_the_open_is_worth_a_look(tmp_path: Path) -> None:
    open_url = "http://publisher.invalid/"
    seen = await found(config(url=open_url, key=keep_key(tmp_path), allow_plain=True))
    assert seen["encryption"].verdict is Verdict.WARNING
    assert "no connection" in seen["publisher"].said


async def test_a_socket_is_opened_and_nothing_said() -> None:
    async with socketio("4") as site:
        seen = await found(config(socket_url=f"http://127.0.0.1:{site.begins}"))
    assert seen["publisher"].said.endswith(" takes connections by Engine.IO 4")
