"""What ``paydaemon doctor`` is told of a Monero chain: node, network, wallet, subaddresses.

They are only asked: no subaddress is made, and nothing is rescanned.
"""

from collections.abc import AsyncIterator

from paydaemon.hooks.diagnosis import ChainRecord, Finding, ok, problem, warning
from paydaemon.hooks.ports import ChainMismatch
from paydaemon_monero.chain import minor_of
from paydaemon_monero.config import MoneroConfig
from paydaemon_monero.errors import RpcError, Unavailable
from paydaemon_monero.identity import difference, identity_of
from paydaemon_monero.node import NETWORKS, Node, lag
from paydaemon_monero.rpc import Rpc
from paydaemon_monero.subaddresses import Subaddresses
from paydaemon_monero.wallet import Wallet

WAIT_S = 10.0


async def diagnose(id: str, config: MoneroConfig, record: ChainRecord) -> AsyncIterator[Finding]:
    """Look at the chain that `config` connects to (`paydaemon.hooks.diagnosis.Diagnose`)."""
    url, login = config.node_url(), config.node_login()
    try:
        async with Rpc("monerod", url, login, timeout_s=WAIT_S, limits=config.limits) as rpc:
            node = Node(rpc, config.limits.asked_at_once)
            info = await node.info()
            yield ok("node", f"monerod {info.version} answers at {url}")
            if info.network == NETWORKS[config.network]:
                yield ok("network", f"{config.network}, at block {info.height}")
            else:
                said = f"monerod is on the network {info.network}, and {config.network} is configured"
                yield problem("network", said, "set network or monerod_url: the two must belong together")
            yield _sync(lag(info, config.network))
            genesis = await node.block_at(0)
    except (Unavailable, RpcError) as error:
        advice = "start monerod; look after monerod_url, monerod_user and monerod_password"
        yield problem("node", f"{url} cannot be asked: {error}", advice)
        return
    async for finding in _wallet(config, record, genesis, info.blocks):
        yield finding


def _sync(behind: str | None) -> Finding:
    if behind is None:
        return ok("sync", "monerod is at the tip of the chain it knows")
    return problem("sync", behind, "wait for it, or look after its peers: no new invoices until then")


async def _wallet(
    config: MoneroConfig, record: ChainRecord, genesis: str, blocks: int
) -> AsyncIterator[Finding]:
    url, login = config.wallet_rpc_url, config.wallet_login()
    try:
        async with Rpc("the wallet", url, login, timeout_s=WAIT_S, limits=config.limits) as rpc:
            wallet = Wallet(rpc, config.account, config.limits.catch_up_timeout_s)
            primary = await wallet.primary()
            yield ok("wallet", f"a wallet that sees what is paid, and cannot spend it, is open at {url}")
            yield _identity(identity_of(genesis, primary, config.account), record)
            yield _height(await wallet.height(), blocks)
            subaddresses = Subaddresses(wallet, config.lookahead, config.limits.rescan_timeout_s)
            counted = await subaddresses.counted(primary)
            given = minor_of(record.next_index)
            yield _subaddresses(counted, config.account, given, known=record.identity is not None)
    except ChainMismatch as mismatch:
        advice = "make one by monero-wallet-cli --generate-from-view-key, which compares address and key"
        yield problem("wallet", str(mismatch), advice)
    except (Unavailable, RpcError) as error:
        advice = "start monero-wallet-rpc with --wallet-file; look after wallet_rpc_url, _user and _password"
        yield problem("wallet", f"{url} cannot be asked: {error}", advice)


def _identity(mine: str, record: ChainRecord) -> Finding:
    if record.identity not in (None, mine):
        said = difference(mine, str(record.identity))
        return problem(
            "identity", said, "set the old network, wallet and account again, or use another database"
        )
    for other, identity in record.others.items():
        if identity == mine and record.identity is None:
            said = f"the database knows this network, wallet and account as chain {other!r}"
            advice = f"call it {other!r} again; where that is configured too, use an account of its own here"
            return problem("identity", said, advice)
    said = (
        "not recorded yet"
        if record.identity is None
        else "network, wallet and account are those of the database"
    )
    return ok("identity", said)


def _height(known: int, blocks: int) -> Finding:
    if known + 1 < blocks:
        said = f"the wallet knows {known} of {blocks} blocks"
        return warning("height", said, "wait: it catches up by itself, and nothing is told until then")
    return ok("height", f"the wallet knows {known} of {blocks} blocks")


def _subaddresses(counted: tuple[int, int | None], account: int, given: int, *, known: bool) -> Finding:
    made, noted = counted
    if noted is None and given > 1:
        said = f"the wallet was made anew: it has {made} subaddresses, and {given} may have been given out"
        return warning(
            "subaddresses", said, "start the daemon: it makes them again, and has the wallet rescanned"
        )
    if noted is not None and not known:
        said = (
            f"a daemon has watched {noted} subaddresses with this wallet before, and this database knows none"
        )
        advice = "if the database was lost, restore a backup: else addresses are given out a second time"
        return warning("subaddresses", said, advice)
    return ok(
        "subaddresses",
        f"the wallet watches {made} of account {account}, {given} are given out or reserved",
    )
