"""What ``paydaemon doctor`` is told of a Bitcoin chain: node, network, clock, wallet, descriptor and ZMQ.

The node is only asked: no wallet is made, loaded or changed.
"""

import time
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from typing import Any
from urllib.parse import urlsplit

import trio

from paydaemon.hooks.diagnosis import ChainRecord, Finding, ok, problem, warning
from paydaemon_bitcoin.config import BitcoinConfig
from paydaemon_bitcoin.descriptors import Descriptor, Network, parse
from paydaemon_bitcoin.errors import NO_METHOD, NO_WALLET, NodeUnavailable, RpcError
from paydaemon_bitcoin.identity import difference, identity_of
from paydaemon_bitcoin.node import lag
from paydaemon_bitcoin.notifications import Heard, listen_for
from paydaemon_bitcoin.rpc import Rpc, connect
from paydaemon_bitcoin.wallet import CHAINS, COMPARED, watched_below

WAIT_S = 10.0
LISTEN_S = 3.0
APART_MS = 10_000
"""How far the clocks may be apart. The node's is told by an RPC that takes a while itself."""


async def diagnose(id: str, config: BitcoinConfig, record: ChainRecord) -> AsyncIterator[Finding]:
    """Look at the chain that `config` connects to (`paydaemon.hooks.diagnosis.Diagnose`)."""
    rpc = connect(config.node_url(), config.credentials(), workers=1, timeout_s=WAIT_S, pauses_s=(0.0, 0.5))
    try:
        async for finding in _node(rpc, config):
            yield finding
        async for finding in _wallet(rpc, config, record):
            yield finding
        async for finding in _notifications(rpc, config):
            yield finding
    except NodeUnavailable as away:
        advice = "start the node, with server=1; look after rpc_url, and cookie_file or rpc_user"
        yield problem("node", f"{config.node_url()} cannot be asked: {away.reason}", advice)
    except RpcError as refused:
        yield problem("node", f"it refuses a call: {refused}", "see docs/bitcoin.md for what it must allow")
    finally:
        rpc.close()


# The node


async def _node(rpc: Rpc, config: BitcoinConfig) -> AsyncIterator[Finding]:
    chain = await rpc.call("getblockchaininfo")
    about = await rpc.call("getnetworkinfo")
    yield ok("node", f"{about['subversion']} answers at {config.node_url()}")
    network = Network(config.network)
    if chain["chain"] != CHAINS[network]:
        said = f"the node is on the network {chain['chain']!r}, and {network} is configured"
        yield problem("network", said, "set network or rpc_url: the two must belong together")
    else:
        yield ok("network", f"{network}, at block {chain['blocks']}")
    behind = lag(network, chain, await rpc.call("getmempoolinfo"), await rpc.call("getconnectioncount"))
    if behind is None:
        yield ok("sync", "the node is at the tip of the chain it knows")
    else:
        yield problem(
            "sync", behind, "wait for it, or look after the node's connections: no new invoices until then"
        )
    if chain.get("pruned"):
        said = f"the node is pruned below block {chain.get('pruneheight')}"
        yield warning("pruning", said, "keep more blocks than the daemon is ever away for, or do not prune")
    yield _clock(int((await rpc.call("getnettotals"))["timemillis"]))


def _clock(node_ms: int) -> Finding:
    apart_ms = node_ms - time.time_ns() // 1_000_000
    where = "ahead of" if apart_ms > 0 else "behind"
    said = f"the node's clock is {abs(apart_ms) / 1000:.1f} s {where} this one"
    if abs(apart_ms) > APART_MS:
        return problem("clock", said, "let a time service keep both: invoices expire by the node's clock")
    return ok("clock", said)


# The wallet


async def _wallet(rpc: Rpc, config: BitcoinConfig, record: ChainRecord) -> AsyncIterator[Finding]:
    descriptor = config.parsed_descriptor()
    genesis = await rpc.call("getblockhash", 0)
    yield _identity(descriptor, str(genesis), record)
    if descriptor.is_change:
        said = "its addresses are those for change (/1/*), which a wallet does not show as payments"
        yield warning("branch", said, "use the receiving branch, /0/*, unless this is meant")
    theirs = await rpc.call("deriveaddresses", descriptor.canonical, [0, COMPARED - 1])
    if theirs == [descriptor.address(index) for index in range(COMPARED)]:
        yield ok(
            "descriptor",
            f"the node derives the same addresses from it ({descriptor.kind}, {descriptor.fingerprint})",
        )
    else:
        advice = "give no address of it to anybody, and report this"
        yield problem("descriptor", "the node derives other addresses from it than the daemon", advice)
    name = config.wallet or f"paydaemon-{descriptor.fingerprint}"
    try:
        loaded = name in await rpc.call("listwallets")
    except RpcError as error:
        if error.code != NO_METHOD:
            raise
        yield problem(
            "wallet", "the node runs without wallets", "remove disablewallet=1 from its configuration"
        )
        return
    if loaded:
        for finding in await _loaded(rpc.wallet(name), name, descriptor, record):
            yield finding
    else:
        yield await _not_loaded(rpc, name)


def _identity(descriptor: Descriptor, genesis: str, record: ChainRecord) -> Finding:
    mine = identity_of(genesis, descriptor)
    if record.identity is None:
        return _unrecorded(mine, record)
    if record.identity == mine:
        return ok("identity", "node and descriptor are those of the database")
    said = difference(mine, record.identity)
    return problem("identity", said, "set the old network and descriptor again, or use another database")


def _unrecorded(mine: str, record: ChainRecord) -> Finding:
    for other, identity in record.others.items():
        if identity == mine:
            said = f"the database knows this network and wallet as chain {other!r}"
            advice = f"call it {other!r} again; where that is configured too, use a wallet of its own here"
            return problem("identity", said, advice)
    return ok("identity", "not recorded yet")


async def _not_loaded(rpc: Rpc, name: str) -> Finding:
    there = [entry["name"] for entry in (await rpc.call("listwalletdir"))["wallets"]]
    if name in there:
        return ok("wallet", f"{name} is there, and is loaded when the daemon starts")
    return ok("wallet", f"{name} is not there yet: the daemon makes it, and has it rescanned where need be")


async def _loaded(wallet: Rpc, name: str, descriptor: Descriptor, record: ChainRecord) -> Sequence[Finding]:
    try:
        info = await wallet.call("getwalletinfo")
        listed = (await wallet.call("listdescriptors"))["descriptors"]
        watched = await watched_below(wallet, descriptor)
    except RpcError as error:
        if error.code == NO_WALLET:
            return [warning("wallet", f"{name} was unloaded just now", "look again")]
        raise
    found = list(_wallet_findings(name, info, listed, descriptor, record))
    return found if watched is None or record.identity is not None else [*found, _known(name, watched)]


def _known(name: str, watched: int) -> Finding:
    """Of a wallet that a daemon has used, while the database says that none has run here."""
    said = f"a daemon has watched {watched} addresses with {name} before, and this database knows none"
    advice = "if the database was lost, restore a backup: else addresses are given out a second time"
    return warning("history", said, advice)


def _wallet_findings(
    name: str,
    info: Mapping[str, Any],
    listed: Sequence[Mapping[str, Any]],
    descriptor: Descriptor,
    record: ChainRecord,
) -> Iterator[Finding]:
    advice = "name another wallet, which the daemon makes"
    if info["private_keys_enabled"] or not info.get("descriptors", True):
        yield problem("wallet", f"{name} is not a watch-only descriptor wallet", advice)
        return
    if not all(_is_of(descriptor, entry) for entry in listed):
        yield problem("wallet", f"{name} watches other descriptors too", advice)
        return
    end = max((entry["range"][1] + 1 for entry in listed if entry["active"]), default=0)
    if info["scanning"]:
        percent = int(100 * info["scanning"]["progress"])
        yield warning(
            "wallet", f"{name} is being rescanned ({percent} %)", "wait: no new invoices until then"
        )
    elif end < record.next_index:
        said = f"{name} watches {end} addresses, and {record.next_index} may have been given out"
        yield warning("wallet", said, "start the daemon: it lets the wallet catch up, which takes a rescan")
    else:
        said = f"{name} watches {end} addresses, of which {record.next_index} have been given out"
        yield ok("wallet", said)


def _is_of(descriptor: Descriptor, entry: Mapping[str, Any]) -> bool:
    try:
        return parse(entry["desc"], descriptor.network).fingerprint == descriptor.fingerprint
    except ValueError:
        return False


# ZMQ


async def _notifications(rpc: Rpc, config: BitcoinConfig) -> AsyncIterator[Finding]:
    published = {entry["type"]: entry["address"] for entry in await rpc.call("getzmqnotifications")}
    endpoints = {"rawtx": config.zmq_rawtx, "sequence": config.zmq_sequence}
    found: dict[str, Finding] = {}

    async def look(topic: str, endpoint: str | None) -> None:
        found[topic] = await _topic(topic, endpoint, published.get(f"pub{topic}"), config.poll_interval_s)

    async with trio.open_nursery() as nursery:  # each may listen for a while
        for topic, endpoint in endpoints.items():
            nursery.start_soon(look, topic, endpoint)
    for topic in endpoints:
        yield found[topic]


async def _topic(topic: str, endpoint: str | None, published: str | None, poll_s: float) -> Finding:
    what = f"zmq_{topic}"
    if endpoint is None:
        said = f"not configured, so payments are noticed up to {poll_s:g} s later"
        return warning(what, said, f"set zmqpub{topic} in the node and {what} here, to the same endpoint")
    if published is None:
        return problem(
            what, f"the node does not publish {topic}", f"zmqpub{topic}={endpoint} in bitcoin.conf"
        )
    if _port(published) != _port(endpoint):
        said = f"the node publishes {topic} at {published}, and {endpoint} is configured"
        return problem(what, said, "set both to the same endpoint")
    match await listen_for(topic, endpoint, LISTEN_S):
        case Heard.NOTHING:
            return problem(what, f"no publisher answers at {endpoint}", "see that nothing blocks that port")
        case Heard.HANDSHAKE:
            return ok(what, f"a publisher answers at {endpoint}; it had nothing to tell in {LISTEN_S:g} s")
        case Heard.MESSAGE:
            return ok(what, f"{endpoint} publishes {topic}")


def _port(endpoint: str) -> int | str:
    """What two names of one endpoint share: the node may say ``0.0.0.0`` where we say ``127.0.0.1``."""
    parts = urlsplit(endpoint)
    return parts.port or parts.path
