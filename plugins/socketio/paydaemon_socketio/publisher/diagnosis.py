"""What ``paydaemon doctor`` is told of a publisher: whether it could be told, without telling it anything."""

from collections.abc import AsyncIterator

import trio

from paydaemon.hooks.diagnosis import Finding, ok, problem, warning
from paydaemon.hooks.settings import Secret
from paydaemon.hooks.trust import trusting
from paydaemon_socketio.publisher.address import authority, is_encrypted, is_open
from paydaemon_socketio.publisher.config import PublisherConfig
from paydaemon_socketio.publisher.emitting import Emitter
from paydaemon_socketio.publisher.signing import BadKey, public_hex, read_key
from paydaemon_socketio.publisher.way import NoWay, connected


async def diagnose(id: str, config: PublisherConfig) -> AsyncIterator[Finding]:
    """Look at the key and the way there (`paydaemon.hooks.diagnosis.DiagnoseNotifier`)."""
    if config.key is not None:
        yield await _key(config.key)
    url = config.url or config.socket_url or ""
    if is_open(url):
        said = f"{authority(url)} is told in the open: others can read it, and answer in its place"
        yield warning("encryption", said, "have the publisher speak TLS, and write https://")
    yield await _way(config, url)


async def _key(secret: Secret) -> Finding:
    try:
        key = await trio.to_thread.run_sync(read_key, secret)
    except BadKey as error:
        return problem("key", str(error), 'look after key; "paydaemon publisher-key" makes one')
    return ok("key", f"the publisher verifies by the public key {public_hex(key)}")


async def _way(config: PublisherConfig, url: str) -> Finding:
    try:
        said = await (_of_web(config, url) if config.socket_url is None else _of_socket(config))
    except (NoWay, ValueError) as trouble:
        return problem("publisher", f"{authority(url)}: {trouble}", "look after the address, and the server")
    return ok("publisher", f"{authority(url)} {said}")


async def _of_web(config: PublisherConfig, url: str) -> str:
    stream = await connected(url, trusting(config.ca_file), config.limits.connect_timeout_s)
    await trio.aclose_forcefully(stream)
    return "is there, and its certificate is trusted" if is_encrypted(url) else "is there"


async def _of_socket(config: PublisherConfig) -> str:
    revision = await Emitter(config, trusting(config.ca_file)).converse(())
    return f"takes connections by Engine.IO {revision.value}"
