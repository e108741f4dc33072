"""What tests of the checkout page do with a daemon: where its page is, who pays, and how late it is."""

from paydaemon.engine.clock import system_clock
from tests.support.served import Json, Served

BOTH = ["bitcoin", "hedera"]
HOUR_MS = 3_600_000
DUE = 20_834
"""What 12.50 EUR are in satoshi here."""


def link(daemon: Served, invoice: Json, query: str = "") -> str:
    """Where the invoice's page is for a browser on this machine."""
    return f"http://127.0.0.1:{daemon.port}/i/{invoice['id']}{query}"


async def pay(daemon: Served, invoice: Json, amount_minor: int = DUE) -> str:
    """Pay so much of an invoice in Bitcoin; returns the transaction's id."""
    index = int(invoice["options"][0]["destination"]["address"].removeprefix("bitcoin1q"))
    return await daemon.engine.pay((f"bitcoin-key-{index}", amount_minor))


async def expire(daemon: Served) -> None:
    """Let every invoice expire: each chain has been seen complete for an hour more."""
    for chain in daemon.engine.chains.values():
        chain.network.clock = lambda: system_clock() + HOUR_MS
        await chain.tell()


async def mark(daemon: Served, invoice: Json, status: str) -> None:
    """Put a person's word over the amounts."""
    async with daemon.client() as client:
        answer = await client.post(f"/v1/invoices/{invoice['id']}/mark", json={"status": status})
    assert answer.status_code == 200
