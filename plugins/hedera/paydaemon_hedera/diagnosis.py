"""What ``paydaemon doctor`` is told of a Hedera chain: mirror, account, tokens, and every node.

They are only asked: nothing is handed to anybody.
"""

import time
from collections.abc import AsyncIterator, Iterable

import trio

from paydaemon.hooks.diagnosis import ChainRecord, Finding, ok, problem, warning
from paydaemon_hedera import addresses
from paydaemon_hedera.addresses import Addresses
from paydaemon_hedera.config import HederaConfig, TokenConfig
from paydaemon_hedera.errors import MirrorUnavailable, NodeAway, NodeSilent
from paydaemon_hedera.ids import TransactionId
from paydaemon_hedera.mirror import Mirror
from paydaemon_hedera.nodes import Nodes
from paydaemon_hedera.outcomes import receipt_query

LATE_S = 30.0
"""Mirrors are some seconds behind; more than that, and buyers wait."""
AHEAD_S = 5.0
_NS_PER_S = 1_000_000_000


async def diagnose(id: str, config: HederaConfig, record: ChainRecord) -> AsyncIterator[Finding]:
    """Look at the chain that `config` connects to (`paydaemon.hooks.diagnosis.Diagnose`)."""
    yield _network(config, record)
    said: list[Finding] = []
    once = config.limits.model_copy(update={"mirror_tries": 1})
    async with Mirror(config.mirror, once) as mirror:
        book: Addresses = {}
        try:
            said += [_lag(config, await mirror.newest_ns()), await _account(mirror, config)]
            said += [await _token(mirror, config, token) for token in config.tokens]
            book = await _book(mirror, config)
        except MirrorUnavailable as away:
            advice = "look after mirror_url and the way there; payments wait for it, and none is lost"
            said.append(problem("mirror", f"{config.mirror} cannot be asked: {away.reason}", advice))
    for finding in said:
        yield finding
    for finding in await _nodes(config, _known(config, book)):
        yield finding


def _network(config: HederaConfig, record: ChainRecord) -> Finding:
    mine = f"hedera {config.network}"
    if record.identity in (None, mine):
        return ok("network", config.network)
    said = f"{config.network} is configured, and the database belongs to {record.identity!r}"
    return problem("network", said, "set the old network again, or use another database")


def _lag(config: HederaConfig, newest_ns: int | None) -> Finding:
    if newest_ns is None:
        return problem("mirror", f"{config.mirror} has no block yet", "wait for the network")
    behind_s = (time.time_ns() - newest_ns) / _NS_PER_S
    if behind_s < -AHEAD_S:
        said = f"it is {-behind_s:.0f} s ahead of this machine's clock"
        return problem("mirror", said, "let a time service keep the clock: invoices expire by the network's")
    if behind_s > LATE_S:
        said = f"{config.mirror} is {behind_s:.0f} s behind"
        advice = "wait for it, or set mirror_url to another: payments are credited that much later"
        return warning("mirror", said, advice)
    return ok("mirror", f"{config.mirror} answers, {max(0.0, behind_s):.0f} s behind")


async def _account(mirror: Mirror, config: HederaConfig) -> Finding:
    found = await mirror.account(config.account)
    if found is None or found.is_deleted:
        said = f"{config.account} {'is not there' if found is None else 'was deleted'}"
        return problem("account", said, "set account and network to what belongs together")
    if found.signs_to_receive:
        said = f"{config.account} takes nothing without its own signature"
        return problem("account", said, "set its receiverSigRequired to false: no buyer can sign for it")
    return ok("account", f"{config.account} can be paid")


async def _token(mirror: Mirror, config: HederaConfig, token: TokenConfig) -> Finding:
    what = f"token {token.symbol}"
    decimals = await mirror.decimals(token.id)
    if decimals is None:
        return problem(what, f"there is no token {token.id}", "set its id as the network has it")
    if decimals != token.decimals:
        said = f"{token.id} has {decimals} decimals, and {token.decimals} are configured"
        return problem(what, said, f"set decimals = {decimals}")
    found = await mirror.account(config.account)
    can_take = found is not None and found.takes_any_token
    if not can_take and not await mirror.has_token(config.account, token.id):
        said = f"{config.account} is not associated with {token.id}, so nobody can pay it in {token.symbol}"
        advice = "let the account's owner sign a TokenAssociateTransaction; until then it is not offered"
        return warning(what, said, advice)
    return ok(what, f"{config.account} takes {token.id}, with {decimals} decimals")


# The nodes


async def _book(mirror: Mirror, config: HederaConfig) -> Addresses:
    said = await mirror.nodes()
    return addresses.from_mirror(said, tls=config.speaks_tls, usual=config.network != "local")


def _known(config: HederaConfig, book: Addresses) -> Addresses:
    if config.nodes is None:
        return book
    return addresses.with_hashes(addresses.configured(config.nodes, config.certificate_hashes), book)


async def _nodes(config: HederaConfig, known: Addresses) -> Iterable[Finding]:
    """One finding for each that is in trouble, and one for all others: there may be dozens."""
    strange = {id for id, node in known.items() if config.speaks_tls and node.certificate_hash is None}
    known = {id: node for id, node in known.items() if id not in strange}
    troubles: dict[str, str] = {}
    nodes = Nodes(config.limits, tls=config.speaks_tls)
    nodes.become(known)
    nodes.open()
    try:
        async with trio.open_nursery() as nursery:
            for id in known:
                nursery.start_soon(_ask, nodes, id, troubles)
    finally:
        with trio.CancelScope(shield=True):
            await nodes.close()
    return [
        *map(_strange, sorted(strange)),
        *_troubles(config, troubles),
        _reached(config, len(known) - len(troubles)),
    ]


async def _ask(nodes: Nodes, id: str, troubles: dict[str, str]) -> None:
    """Ask for the receipt of a transaction that never was."""
    try:
        await nodes.receipt(id, receipt_query(TransactionId(id, 1, 0)))
    except (NodeAway, NodeSilent) as trouble:
        troubles[id] = trouble.reason


def _troubles(config: HederaConfig, troubles: dict[str, str]) -> Iterable[Finding]:
    advice = "look after the way there"
    if config.nodes is not None:
        advice += ", or leave nodes out: the mirror's address book then says where they are"
    return [warning(f"node {id}", reason, advice) for id, reason in sorted(troubles.items())]


def _strange(id: str) -> Finding:
    said = "it is handed nothing: nothing vouches for its certificate, and the address book does not have it"
    return problem(
        f"node {id}", said, "write down its certificate's SHA-384 in certificate_hashes, or leave it out"
    )


def _reached(config: HederaConfig, count: int) -> Finding:
    how = "by TLS" if config.speaks_tls else "without TLS"
    if count:
        return ok("nodes", f"{count} can be reached, {how}")
    return problem("nodes", f"none can be reached, {how}", "nothing can be relayed; look after nodes and tls")
