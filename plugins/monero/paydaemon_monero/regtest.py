"""A real Monero network of one node, a payer with money, and a seller's view-only wallet: for the demo, our
tests, and anybody else's.

Everything is in one folder and listens on loopback alone. The payer is paid by mining. The seller's wallet is
made of an address and a view key that are written here: the spend key was forgotten when they were made, so
nobody can ever spend what is paid there.

What monerod lets one do to a chain was tried (0.18): ``pop_blocks`` takes the newest blocks away and puts
their transactions back into the pool; the wallets follow only once the chain is longer than before.
``flush_txpool`` forgets transactions. A double spend is refused while its rival is in the pool, and taken
once that is flushed.
"""

from collections.abc import AsyncIterator, Collection, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import trio

from paydaemon_monero import kept
from paydaemon_monero.errors import RpcError, Unavailable
from paydaemon_monero.programs import HOST, MONEROD, WALLET_RPC, Program, ProgramFailed, free_ports

SELLER = "42N4ZkKmiUeVBNMrk5m3s3gkbLkZWydPkREQHz2KhvwfhFDcxaNcQCdMzshmu8FMLN6iy3CWEzx8KN67MQDZBeYrQ5m5WJM"
SELLER_VIEW_KEY = "7d7029c660226cbff3a61ae3378a1318122152fa93f7d5843f0f255d21937707"
PAYER = "payer"
SPENDABLE = 130
"""Blocks after which the payer can pay: what is mined can be spent after 60, and a ring takes 16.

The wallet draws rings by chance, and where there are few more to choose from than it needs, it may never end.
"""

_START_TRIES = 3
_LOOK_S = 0.2
_MINABLE_S = 10.0
# Without TLS, since the key for it takes a processor up to half a minute at each start.
_QUIET = (
    "--rpc-ssl=disabled",
    "--non-interactive",
    "--log-level=0",
    "--max-log-file-size=1000000",
    "--max-log-files=1",
)


class Regtest:
    """One such network; an async context manager that starts and stops it, on the same data each time.

    Ports are picked when it is first started and then kept, so that any of it can be away under a running
    daemon.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.payer_address = ""
        self._pick()

    def _pick(self) -> None:
        rpc, p2p, payer, seller = free_ports(4)
        self.node = Program(self.folder / "node", MONEROD, rpc, self._node_arguments(p2p))
        self.payer = Program(self.folder / PAYER, WALLET_RPC, payer, self._wallet_arguments(PAYER))
        self.seller = Program(self.folder / "seller", WALLET_RPC, seller, self._wallet_arguments("seller"))

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        with trio.CancelScope(shield=True):
            await self.stop()

    @property
    def settings(self) -> dict[str, object]:
        """What a chain's configuration says of it."""
        return {
            "network": "regtest",
            "monerod_url": self.node.url,
            "wallet_rpc_url": self.seller.url,
            "poll_interval_s": 0.5,
            "lookahead": 16,
        }

    @property
    def programs(self) -> Sequence[Program]:
        """All of them, in the order in which they start."""
        return (self.node, self.payer, self.seller)

    async def start(self) -> None:
        """Start it; at first, make its wallets and mine until the payer can pay. Raises `ProgramFailed`."""
        if not (self.folder / PAYER / PAYER).exists():
            await kept.fill(self.folder, self._prepare)
        for attempt in range(_START_TRIES):
            try:
                await self._start_all()
                return
            except ProgramFailed:  # somebody else may have taken a port meanwhile
                await self.stop()
                if attempt + 1 == _START_TRIES:
                    raise
                self._pick()

    async def _start_all(self) -> None:
        await self.node.start()
        for wallet in (self.payer, self.seller):
            await wallet.launch()
        for wallet in (self.payer, self.seller):
            await wallet.until_it_answers()
        self.payer_address = (await self.payer.rpc.call("get_address"))["address"]

    async def stop(self) -> None:
        """Stop all of it; wallets first, which store what they know."""
        for program in reversed(self.programs):
            await program.stop()

    @asynccontextmanager
    async def dialled(self) -> AsyncIterator[None]:
        """For another run of trio than that which has started it: connections belong to one.

        Whatever was stopped meanwhile is started again.
        """
        for program in self.programs:
            await program.until_it_answers()
        try:
            yield
        finally:
            with trio.CancelScope(shield=True):
                for program in self.programs:
                    if not program.runs:
                        await program.start()
                    await program.hang_up()

    async def wait(self) -> None:
        """Wait until some of it ends by itself, and raise `ProgramFailed` then."""
        while True:
            for program in self.programs:
                program.check()
            await trio.sleep(_LOOK_S)

    # Money and blocks

    async def mine(self, blocks: int = 1) -> None:
        """Mine blocks, the first with everything in the pool."""
        with trio.move_on_after(_MINABLE_S):
            while not await self._is_minable():  # noqa: ASYNC110 - what is waited for is no task of ours
                await trio.sleep(_LOOK_S / 4)
        asked = {"amount_of_blocks": blocks, "wallet_address": self.payer_address}
        await self.node.rpc.call("generateblocks", asked)

    async def pay(self, *to: tuple[str, int], unlock_time: int = 0) -> str:
        """Pay piconero to addresses by one transaction; returns its id. It is in the pool then."""
        return str((await self._transfer(to, unlock_time=unlock_time))["tx_hash"])

    async def sign(self, *to: tuple[str, int]) -> tuple[str, str]:
        """The id and the hex of a transaction that pays, and is not sent: the next one spends the same."""
        made = await self._transfer(to, do_not_relay=True, get_tx_hex=True)
        return str(made["tx_hash"]), str(made["tx_blob"])

    async def send(self, raw: str) -> None:
        """Send what was signed. Raises `RpcError` for a double spend."""
        await self.node.rpc.post("/send_raw_transaction", {"tx_as_hex": raw})

    async def contest(self, raw: str) -> None:
        """Send a double spend of what is in the pool: it is refused, and the node notes it."""
        with suppress(RpcError):
            await self.send(raw)

    async def forget(self, *txids: str) -> None:
        """Let the node forget these transactions of its pool, or all of them."""
        await self.node.rpc.call("flush_txpool", {"txids": list(txids)} if txids else {})

    async def take_back(self, blocks: int) -> None:
        """Let the chain lose its newest blocks. What they held is in the pool again."""
        await self.node.rpc.post("/pop_blocks", {"nblocks": blocks})

    async def reorganise(self, blocks: int, lost: Collection[str] = ()) -> None:
        """Replace the newest blocks by one more than that, all empty. What they held is in the pool again,
        except for what is `lost`.

        The pool is mined with every block, so the node forgets it meanwhile and is handed it again in the
        end. What spends an output that was mined here is gone for good.
        """
        await self.take_back(blocks)
        pool = await self._pool()
        await self.forget()
        await self.mine(blocks + 1)
        for txid, raw in pool.items():
            if txid not in lost:
                with suppress(RpcError):
                    await self.send(raw)

    async def height(self) -> int:
        """The number of the newest block."""
        return int((await self.node.rpc.call("get_info"))["height"]) - 1

    async def _transfer(self, to: Sequence[tuple[str, int]], **options: object) -> Any:
        with suppress(Unavailable):  # its connection to a node that was restarted breaks at the first call
            await self.payer.rpc.call("refresh")
        await self.payer.rpc.call("refresh")
        destinations = [{"address": address, "amount": amount_minor} for address, amount_minor in to]
        return await self.payer.rpc.call("transfer", {"destinations": destinations, **options})

    async def _is_minable(self) -> bool:
        """Whether the next block would hold the whole pool: what just came is kept back for a moment."""
        asked = {"wallet_address": self.payer_address, "reserve_size": 1}
        block = (await self.node.rpc.call("get_block_template", asked))["blocktemplate_blob"]
        return all(txid in block for txid in await self._pool_hashes())

    async def _pool_hashes(self) -> Sequence[str]:
        said = await self.node.rpc.post("/get_transaction_pool_hashes", {})
        return list(said.get("tx_hashes", []))

    async def _pool(self) -> Mapping[str, str]:
        """The transactions in the node's pool, as hex by their ids, in the order in which they came."""
        hashes = await self._pool_hashes()
        if not hashes:
            return {}
        said = await self.node.rpc.post("/get_transactions", {"txs_hashes": hashes})
        came = sorted(said["txs"], key=lambda entry: entry["received_timestamp"])
        return {entry["tx_hash"]: entry["as_hex"] for entry in came}

    # Making it

    async def _prepare(self) -> None:
        """Both wallets are made by one server, since there is no file to open yet; then blocks are mined."""
        (port,) = free_ports(1)
        maker = Program(self.folder / "maker", WALLET_RPC, port, self._maker_arguments())
        try:
            await self.node.start()
            await maker.start()
            seller = {"filename": "seller", "password": "", "address": SELLER, "viewkey": SELLER_VIEW_KEY}
            await maker.rpc.call("generate_from_keys", {**seller, "restore_height": 0})
            await maker.rpc.call("create_wallet", {"filename": PAYER, "password": "", "language": "English"})
            address = (await maker.rpc.call("get_address"))["address"]
            asked = {"amount_of_blocks": SPENDABLE, "wallet_address": address}
            await self.node.rpc.call("generateblocks", asked)
        finally:
            with trio.CancelScope(shield=True):
                await maker.stop()
                await self.node.stop()
        _settle_in(maker.folder, self.folder)

    def _node_arguments(self, p2p: int) -> Sequence[str]:
        return (
            *("--regtest", "--keep-fakechain", "--offline", "--fixed-difficulty=1", "--no-igd", "--no-zmq"),
            *(f"--data-dir={self.folder / 'node'}", f"--p2p-bind-ip={HOST}", f"--p2p-bind-port={p2p}"),
            *("--check-updates=disabled", "--disable-dns-checkpoints", *_QUIET),
        )

    def _maker_arguments(self) -> Sequence[str]:
        return (f"--wallet-dir={self.folder / 'maker'}", *self._common_arguments("maker"))

    def _wallet_arguments(self, name: str) -> Sequence[str]:
        return (f"--wallet-file={self.folder / name / name}", "--password", "", *self._common_arguments(name))

    def _common_arguments(self, name: str) -> Sequence[str]:
        return (
            *(f"--daemon-address={HOST}:{self.node.port}", "--trusted-daemon", "--daemon-ssl=disabled"),
            # By default there is one for all of the user's wallets, with rings that only another network has.
            f"--shared-ringdb-dir={self.folder / name / 'rings'}",
            "--disable-rpc-login",
            *(f"--log-file={self.folder / name / 'wallet.log'}", *_QUIET),
        )


def _settle_in(made: Path, folder: Path) -> None:
    """Give each wallet a folder of its own."""
    for name in ("seller", PAYER):
        (folder / name).mkdir(exist_ok=True)
        for file in made.glob(f"{name}*"):
            file.rename(folder / name / file.name)
