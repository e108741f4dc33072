"""What can happen on a regtest network: it is paid, mined, reorganised and forgotten.

What monerod lets one do to a chain was tried (0.18): ``pop_blocks`` takes the newest blocks away and puts
their transactions back into the pool; the wallets follow only once the chain is longer than before.
``flush_txpool`` forgets transactions. A double spend is refused while its rival is in the pool, and taken
once that is flushed.
"""

from collections.abc import Collection, Mapping, Sequence
from contextlib import suppress
from typing import Any

import trio

from paydaemon_monero.errors import RpcError, Unavailable
from paydaemon_monero.programs import Program

_LOOK_S = 0.05
_MINABLE_S = 10.0


class Play:
    """A node that mines when it is told to, and a payer with money."""

    node: Program
    payer: Program
    payer_address: str

    async def mine(self, blocks: int = 1) -> None:
        """Mine blocks, the first with everything in the pool.

        Now and then monerod keeps a transaction out of the next block however long one waits, and takes it
        into the one after that. Then one more is mined than was asked for.
        """
        if not await self._comes_to_be_minable():
            await self._generate(1)
            await self._comes_to_be_minable()
        await self._generate(blocks)

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

    async def _generate(self, blocks: int) -> None:
        asked = {"amount_of_blocks": blocks, "wallet_address": self.payer_address}
        await self.node.rpc.call("generateblocks", asked)

    async def _comes_to_be_minable(self) -> bool:
        with trio.move_on_after(_MINABLE_S):
            while not await self._is_minable():  # noqa: ASYNC110 - what is waited for is no task of ours
                await trio.sleep(_LOOK_S)
            return True
        return False

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
