"""What a chain is known as in the database: its network's first block, its wallet, and the account of it."""

from collections.abc import Iterator

_SHORT = 8
"""So many of a hash's or an address's digits tell them apart."""


def identity_of(genesis: str, primary: str, account: int) -> str:
    """The identity that is stored at the first start. `primary` is the wallet's own address."""
    return f"monero {genesis} {primary} {account}"


def difference(mine: str, stored: str) -> str:
    """What is not as it is stored, in words, with short names of both."""
    return " and ".join(_differing(mine.split(), stored.split())) or f"this database belongs to {stored!r}"


def _differing(mine: list[str], stored: list[str]) -> Iterator[str]:
    match mine, stored:
        case [_, block, address, account], ["monero", old_block, old_address, old_account]:
            if block != old_block:
                yield f"the node is on another network than this database belongs to (…{old_block[-_SHORT:]})"
            if address != old_address:
                yield (
                    f"the wallet is another one ({address[:_SHORT]}…) "
                    f"than this database belongs to ({old_address[:_SHORT]}…)"
                )
            if account != old_account:
                yield f"the account is {account}, and this database belongs to account {old_account}"
        case _:
            pass
