"""What a chain is known as in the database: its network's first block, and what its addresses are."""

from collections.abc import Iterator

from paydaemon_bitcoin.descriptors import Descriptor

_SHORT = 8
"""So many of a block's last digits tell networks apart; the first ones are often zeros."""


def identity_of(genesis: str, descriptor: Descriptor) -> str:
    """The identity that is stored at the first start."""
    return f"bitcoin {genesis} {descriptor.kind} {descriptor.fingerprint}"


def difference(mine: str, stored: str) -> str:
    """Which of network and wallet is not the one that is stored, in words, with short names of both."""
    return " and ".join(_differing(mine.split(), stored.split())) or f"this database belongs to {stored!r}"


def _differing(mine: list[str], stored: list[str]) -> Iterator[str]:
    match mine, stored:
        case [_, block, *wallet], ["bitcoin", old_block, *old_wallet]:
            if block != old_block:
                yield (
                    f"the node is on another network (its first block is …{block[-_SHORT:]}) "
                    f"than this database belongs to (…{old_block[-_SHORT:]})"
                )
            if wallet != old_wallet:
                yield (
                    f"the descriptor is of another wallet ({' '.join(wallet)}) "
                    f"than this database belongs to ({' '.join(old_wallet)})"
                )
        case _:
            pass
