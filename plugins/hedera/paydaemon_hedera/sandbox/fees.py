"""What things cost, in tinybars, and who gets it. Invented, in the size and the shares of the real ones.

A real network asks a price in US cents at its exchange rate, by bytes and signatures; here a transfer costs
the same whatever its size, and so does a call of a contract, gas apart. The node that took it gets the node's
fee, account 0.0.98 all else.
"""

from dataclasses import dataclass

COLLECTOR = 98
"""The account that fees go to."""

RECORD_TINYBARS = FILE_TINYBARS = 84
"""What a node asks for a record, and for what a file holds."""

MIN_GAS = 21_000
"""What any call of a contract takes."""

GAS_TINYBARS = 71
"""What one gas costs: 0.0000852 US cents, at the exchange rate below."""

CENT_EQUIVALENT, HBAR_EQUIVALENT = 12, 1
"""The exchange rate: so many US cents are worth so many HBAR."""


@dataclass(frozen=True, slots=True)
class Fees:
    """The three parts of a fee, in tinybars."""

    node: int
    network: int
    service: int

    @property
    def without_service(self) -> int:
        """What a node makes sure of before it submits, and what a duplicate is charged."""
        return self.node + self.network

    @property
    def total(self) -> int:
        """What a transaction that is handled is charged, whether it comes through or not."""
        return self.node + self.network + self.service


def fees_of(*, token_lists: int, with_custom_fees: bool) -> Fees:
    """HBAR moves for about 0.01 US cents, tokens for ten times that, and for twice it with custom fees."""
    times = (20 if with_custom_fees else 10) if token_lists else 1
    return Fees(node=4_166 * times, network=37_500 * times, service=41_667 * times)
