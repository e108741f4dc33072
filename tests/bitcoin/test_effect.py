"""No key of a chain is without effect; `tests/limits` drives one into each limit."""

from paydaemon_bitcoin.config import BitcoinConfig
from paydaemon_bitcoin.regtest import RegtestNode
from tests.bitcoin.world import world
from tests.limits.page import ROWS
from tests.support.reads import reads


async def test_a_chain_that_watches_has_read_every_key_of_its_own(node: RegtestNode) -> None:
    shop = world(node)
    with reads() as read:
        async with shop.watching():
            await shop.issue()
            assert shop.chain.depths.default == 6
    known = {name for name in BitcoinConfig.model_fields if f"chains.bitcoin.{name}" not in ROWS}
    assert known - {name for kind, name in read if kind is BitcoinConfig} == {"rpc_user", "rpc_password"}
    assert shop.config.cookie_file is not None  # the other way into the node
