"""The scripts of the destinations that were issued: what a raw transaction is matched against.

This is only the fast way to notice a payment; the node's wallet knows every address in its range and is asked
anyway. So the memory it takes is bounded, and of very many destinations only the newest are matched.
"""

from collections.abc import Iterator
from itertools import islice

from paydaemon_bitcoin.descriptors import script_of
from paydaemon_bitcoin.limits import BitcoinLimits
from paydaemon_bitcoin.observations import Credit
from paydaemon_bitcoin.transactions import Transaction


class Scripts:
    """Scripts of issued destinations, the newest `most` of them."""

    def __init__(self, most: int = BitcoinLimits().scripts) -> None:
        self._most = most
        self._addresses: dict[bytes, str] = {}

    def __len__(self) -> int:
        return len(self._addresses)

    def add(self, address: str) -> None:
        """Match this address from now on. Raises `ValueError` where it is none of ours."""
        self._addresses[script_of(address)] = address
        if len(self._addresses) > self._most:
            for script in list(islice(self._addresses, len(self._addresses) - self._most)):
                del self._addresses[script]

    def match(self, outputs: list[tuple[bytes, int]]) -> bool:
        """Whether one of these outputs, as `transactions.outputs` reads them, pays a destination."""
        return any(script in self._addresses for script, amount_minor in outputs if amount_minor)

    def credits(self, transaction: Transaction) -> Iterator[Credit]:
        """The credits of a transaction to destinations."""
        for vout, output in enumerate(transaction.outputs):
            address = self._addresses.get(output.script)
            if address is not None and output.amount_minor:
                yield Credit(transaction.txid, vout, output.amount_minor, address)
