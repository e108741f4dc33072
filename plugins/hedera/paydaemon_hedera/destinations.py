"""Destinations: an account of ours, and a memo that tells its credits apart."""


def key(account: str, memo: str) -> str:
    """What a credit to this account under this memo is recognised by: the key of a destination."""
    return f"{account}/{memo}"
