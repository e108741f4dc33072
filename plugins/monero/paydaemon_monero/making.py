"""Making a regtest network: a payer who is paid by mining, and a seller who can only look.

The seller's wallet is made of an address and a view key that are written here: the spend key was forgotten
when they were made, so nobody can ever spend what is paid there.
"""

from pathlib import Path

import trio

from paydaemon_monero.commands import maker_arguments
from paydaemon_monero.programs import WALLET_RPC, Program, free_ports

SELLER_ADDRESS = (
    "42N4ZkKmiUeVBNMrk5m3s3gkbLkZWydPkREQHz2KhvwfhFDcxaNcQCdMzshmu8FMLN6iy3CWEzx8KN67MQDZBeYrQ5m5WJM"
)
SELLER_VIEW_KEY = "7d7029c660226cbff3a61ae3378a1318122152fa93f7d5843f0f255d21937707"
PAYER, SELLER = "payer", "seller"
"""What their wallets, and the folders of these, are called."""

SPENDABLE = 130
"""Blocks after which the payer can pay: what is mined can be spent after 60, and a ring takes 16.

The wallet draws rings by chance, and where there are few more to choose from than it needs, it may never end.
"""


async def make(folder: Path, node: Program) -> None:
    """Let one server make both wallets, since there is no file to open yet; then mine, and stop it all."""
    (port,) = free_ports(1)
    maker = Program(folder / "maker", WALLET_RPC, port, maker_arguments(folder / "maker", node.port))
    try:
        await node.start()
        await maker.start()
        await _make_wallets(maker)
        asked = {
            "amount_of_blocks": SPENDABLE,
            "wallet_address": (await maker.rpc.call("get_address"))["address"],
        }
        await node.rpc.call("generateblocks", asked)
    finally:
        with trio.CancelScope(shield=True):
            await maker.stop()
            await node.stop()
    _settle_in(maker.folder, folder)


async def _make_wallets(maker: Program) -> None:
    """The payer's is the last one, which stays open."""
    seller = {"filename": SELLER, "password": "", "address": SELLER_ADDRESS, "viewkey": SELLER_VIEW_KEY}
    await maker.rpc.call("generate_from_keys", {**seller, "restore_height": 0})
    await maker.rpc.call("create_wallet", {"filename": PAYER, "password": "", "language": "English"})


def _settle_in(made: Path, folder: Path) -> None:
    """Give each wallet a folder of its own."""
    for name in (SELLER, PAYER):
        (folder / name).mkdir(exist_ok=True)
        for file in made.glob(f"{name}*"):
            file.rename(folder / name / file.name)
