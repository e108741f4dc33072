"""A real bitcoind on its own regtest network: for the demo, our tests, and anybody else's.

The node listens on loopback only, keeps everything in one folder, and has a wallet named ``miner`` with
money. There are two ways in: the cookie that it writes at each start, and `USER` with a password of which
its configuration holds only a salted hash. It is stopped by its pid and waited for.
"""

import hashlib
import hmac
import os
import secrets
import shutil
import signal
import socket
import struct
from collections.abc import Mapping, Sequence
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Self

import trio

from paydaemon.core.money import format_minor
from paydaemon.hooks.children import Child, start_child
from paydaemon_bitcoin.errors import NodeUnavailable, RpcError
from paydaemon_bitcoin.rpc import Rpc, connect, cookie_file

MINER = "miner"
USER = "user"

_START_TRIES = 5
_START_S = 60.0
_CALL_S = 600.0
_LOOK_S = 0.02
_SPENDABLE = 101  # blocks after which the first coinbase can be spent


class NoBitcoind(Exception):
    """There is no bitcoind to run."""


class NodeFailed(Exception):
    """The node ended, or did not start; the text is the end of its log."""


def find_bitcoind() -> Path:
    """The folder with bitcoind and bitcoin-cli: $PAYDAEMON_BITCOIND_DIR, else our cache, else the PATH.

    Raises `NoBitcoind`, saying how to get one.
    """
    told = os.environ.get("PAYDAEMON_BITCOIND_DIR")
    places = [Path(told)] if told else [_cache(), *_on_path()]
    for folder in places:
        if os.access(folder / "bitcoind", os.X_OK):
            return folder
    where = " or ".join(str(folder) for folder in places)
    raise NoBitcoind(f"there is no bitcoind in {where}: `make bitcoind` fetches one")


def _cache() -> Path:
    """Where ``tools/get-bitcoind`` unpacks it."""
    base = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(os.environ.get("PAYDAEMON_CACHE") or Path(base, "paydaemon"), "bitcoind", "node-2", "bin")


def _on_path() -> Sequence[Path]:
    found = shutil.which("bitcoind")
    return [Path(found).parent] if found else []


class NoCoin(Exception):
    """The miner has nothing left to spend: a coinbase can be spent once 100 blocks stand on it."""


@dataclass(frozen=True, slots=True)
class Coin:
    """An output that can be spent, and how many satoshi it holds."""

    txid: str
    vout: int
    amount_minor: int


class RegtestNode:
    """One bitcoind in one folder; an async context manager that starts and stops it.

    `options` are further lines of its configuration. Ports are picked when it first starts and then kept, so
    that it can be restarted under a running daemon.
    """

    def __init__(
        self, folder: Path, *, zmq: bool = True, options: Mapping[str, object] | None = None
    ) -> None:
        self.folder = folder
        self.options = dict(options or {})
        self.zmq = zmq
        self.password = secrets.token_hex(16)
        self.rpc_port = 0
        self.zmq_port = 0
        self._bin = find_bitcoind()
        self._process: Child | None = None
        self._rpc: Rpc | None = None

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        with trio.CancelScope(shield=True):
            await self.stop()

    @property
    def pid(self) -> int:
        """Its process."""
        assert self._process is not None
        return self._process.pid

    @property
    def rpc(self) -> Rpc:
        """Calls to it."""
        assert self._rpc is not None
        return self._rpc

    @property
    def miner(self) -> Rpc:
        """Calls to its wallet with money."""
        return self.rpc.wallet(MINER)

    @property
    def url(self) -> str:
        """Its RPC, without credentials."""
        return f"http://127.0.0.1:{self.rpc_port}"

    @property
    def public_url(self) -> str:
        """Its RPC, with credentials in it: for scripts, and worth nothing elsewhere."""
        return f"http://{USER}:{self.password}@127.0.0.1:{self.rpc_port}"

    @property
    def cookie(self) -> Path:
        """The cookie that it writes at each start."""
        return self.folder / "regtest" / ".cookie"

    @property
    def settings(self) -> Mapping[str, object]:
        """What a chain's configuration says of it, all but the descriptor."""
        settings: dict[str, object] = {
            "network": "regtest",
            "rpc_url": self.url,
            "cookie_file": str(self.cookie),
        }
        if self.zmq:
            endpoint = f"tcp://127.0.0.1:{self.zmq_port}"
            settings |= {"zmq_rawtx": endpoint, "zmq_sequence": endpoint}
        return settings

    def cli(self, *arguments: str) -> list[str]:
        """The command by which a person makes a call."""
        return [str(self._bin / "bitcoin-cli"), f"-datadir={self.folder}", *arguments]

    # Starting and stopping

    async def start(self) -> None:
        """Start it, and wait until it answers. Raises `NodeFailed`."""
        picked = self.rpc_port == 0
        for _ in range(_START_TRIES if picked else 1):
            if picked:
                self.rpc_port, self.zmq_port = _free_ports(2)
            await self._launch()
            if await self._answers():
                if self._rpc is None:  # and otherwise it dials anew: calls may have waited for this start
                    self._rpc = connect(self.url, cookie_file(self.cookie), workers=8, timeout_s=_CALL_S)
                return
            await self.stop()
        raise NodeFailed(self._log_end())

    async def stop(self) -> None:
        """End it by its pid, gently first, and wait for it."""
        await self._end(signal.SIGTERM)

    async def move(self, rpc_port: int = 0, zmq_port: int = 0) -> None:
        """Restart it on these ports, or on any that are free. Raises `NodeFailed`."""
        await self.stop()
        self.rpc_port, self.zmq_port, self._rpc = rpc_port, zmq_port, None
        await self.start()

    async def kill(self) -> None:
        """End it as a power cut would."""
        await self._end(signal.SIGKILL)

    async def wait(self) -> None:
        """Wait until it ends by itself, and raise `NodeFailed` then."""
        assert self._process is not None
        await self._process.wait()
        raise NodeFailed(self._log_end())

    async def _launch(self) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        (self.folder / "bitcoin.conf").write_text(self._configuration())
        self.cookie.unlink(missing_ok=True)
        command = [str(self._bin / "bitcoind"), f"-datadir={self.folder}", "-printtoconsole=0"]
        with (self.folder / "stderr.log").open("wb") as errors:
            self._process = await start_child(command, stderr=errors)

    async def _answers(self) -> bool:
        """Whether it comes to answer; False where it ends instead. Raises `TooSlowError`."""
        assert self._process is not None
        probe = connect(self.url, cookie_file(self.cookie), workers=1, pauses_s=(0.0,))
        with trio.fail_after(_START_S):
            while self._process.poll() is None:
                with suppress(NodeUnavailable):
                    await probe.call("getblockchaininfo")
                    probe.close()
                    return True
                await trio.sleep(_LOOK_S)
        return False

    async def _end(self, how: signal.Signals) -> None:
        self._hang_up()
        process, self._process = self._process, None
        if process is None:
            return
        await process.end(how)
        self._hang_up()  # whoever made a call meanwhile has dialled anew

    def _hang_up(self) -> None:
        if self._rpc is not None:
            self._rpc.close()

    def _configuration(self) -> str:
        salt = secrets.token_hex(16)
        proof = hmac.new(salt.encode(), self.password.encode(), hashlib.sha256).hexdigest()
        endpoint = f"tcp://127.0.0.1:{self.zmq_port}"
        settings: dict[str, object] = {
            "rpcport": self.rpc_port,
            "rpcbind": "127.0.0.1",
            "rpcallowip": "127.0.0.1",
            "rpcauth": f"{USER}:{salt}${proof}",
            "listen": 0,
            "fallbackfee": "0.0001",
            "rejectparasites": 0,  # bitcoin knots refuses a lock time of 21, which its wallet may draw by lot
            **({"zmqpubrawtx": endpoint, "zmqpubsequence": endpoint} if self.zmq else {}),
            **self.options,
        }
        lines = [f"{name}={value}" for name, value in settings.items()]
        return "\n".join(["regtest=1", "dnsseed=0", "[regtest]", *lines, ""])

    def _log_end(self) -> str:
        logs = (self.folder / "stderr.log", self.folder / "regtest" / "debug.log")
        return "\n".join(log.read_text(errors="replace")[-2_000:] for log in logs if log.exists())

    # Money and blocks

    async def prepare(self) -> None:
        """Make the miner's wallet, and blocks until it has money to spend."""
        await self.rpc.call("createwallet", MINER, False, False, "", False, True, True)
        await self.mine(_SPENDABLE)

    async def mine(self, blocks: int = 1) -> Sequence[str]:
        """Mine blocks with everything in the mempool; returns their hashes."""
        address = await self.miner.call("getnewaddress", "", "bech32")
        return list(await self.rpc.call("generatetoaddress", blocks, address))

    async def pay(self, address: str, amount_minor: int) -> str:
        """Pay so many satoshi; returns the transaction's id. Raises `NodeFailed` where it is not on its way.

        The wallet answers with an id also where the mempool has refused it, and says so in the log alone.
        """
        txid = str(await self.miner.call("sendtoaddress", address, btc(amount_minor)))
        if not await self._has(txid):
            raise NodeFailed(f"the node took {txid} neither into its mempool nor a block: {self._log_end()}")
        return txid

    async def _has(self, txid: str) -> bool:
        """Whether a transaction of the miner's is in the mempool, or in a block since."""
        with suppress(RpcError):
            await self.rpc.call("getmempoolentry", txid)
            return True
        return bool((await self.miner.call("gettransaction", txid))["confirmations"] > 0)

    # Transactions made by hand, for whoever wants to see them replaced, conflicted or reorganised

    async def coin(self) -> Coin:
        """A coin of the miner's that no transaction spends yet; no other call returns it again.

        Raises `NoCoin` when every coin is spent, unconfirmed or too young.
        """
        coins = await self.miner.call("listunspent", 1)
        if not coins:
            raise NoCoin("the miner has no confirmed coin left: mine a block")
        found = max(coins, key=lambda coin: coin["amount"])
        await self.miner.call("lockunspent", False, [{"txid": found["txid"], "vout": found["vout"]}])
        return Coin(found["txid"], found["vout"], int(found["amount"] * 100_000_000))

    async def spend(self, coin: Coin, payments: Sequence[tuple[str, int]], fee_minor: int = 1_000) -> str:
        """A signed transaction that pays from one coin, as hex; it is not sent.

        Each payment becomes one output, also where several go to one address. The rest returns to the miner.
        """
        back = await self.miner.call("getnewaddress", "", "bech32")
        change = coin.amount_minor - sum(minor for _, minor in payments) - fee_minor
        outputs = [await self._output(address, minor) for address, minor in [*payments, (back, change)]]
        unsigned = (
            struct.pack("<iB", 2, 1)
            + bytes.fromhex(coin.txid)[::-1]
            + struct.pack("<IBI", coin.vout, 0, 0xFFFF_FFFD)
            + (bytes([len(outputs)]) if len(outputs) < 0xFD else struct.pack("<BH", 0xFD, len(outputs)))
            + b"".join(outputs)
            + bytes(4)
        )
        return str((await self.miner.call("signrawtransactionwithwallet", unsigned.hex()))["hex"])

    async def _output(self, address: str, amount_minor: int) -> bytes:
        script = bytes.fromhex((await self.rpc.call("validateaddress", address))["scriptPubKey"])
        return struct.pack("<QB", amount_minor, len(script)) + script

    async def send(self, raw: str) -> str:
        """Send a transaction; returns its id. Full replace-by-fee is on."""
        return str(await self.rpc.call("sendrawtransaction", raw, 0))

    async def mine_only(self, *raws: str) -> str:
        """Mine a block that holds just these transactions; returns its hash."""
        address = await self.miner.call("getnewaddress", "", "bech32")
        return str((await self.rpc.call("generateblock", address, list(raws)))["hash"])


def btc(amount_minor: int) -> str:
    """Satoshi as the node takes amounts: a decimal string of whole bitcoins."""
    return format_minor(amount_minor, 8)


def _free_ports(count: int) -> Sequence[int]:
    """Ports that nobody uses now. Somebody may still take one before the node does."""
    with ExitStack() as held:
        sockets = [held.enter_context(socket.socket()) for _ in range(count)]
        for one in sockets:
            one.bind(("127.0.0.1", 0))
        return [int(one.getsockname()[1]) for one in sockets]
