"""What can go wrong between us, the node and its wallet."""

from typing import NoReturn

# monero: wallet/wallet_rpc_server_error_codes.h
WRONG_ADDRESS = -2
DENIED = -7
NO_TRANSACTION = -8
NO_WALLET = -13
NO_ACCOUNT = -14
NO_ADDRESS = -15
VIEW_ONLY = -29
NO_DAEMON = -38
NO_ATTRIBUTE = -45


class RpcError(Exception):
    """Whoever was asked has answered, and the answer is no. `code` is one of monero's."""

    def __init__(self, method: str, code: int, message: str) -> None:
        super().__init__(f"{method}: {message} ({code})")
        self.method = method
        self.code = code
        self.message = message


class Unavailable(Exception):
    """The node or its wallet cannot be asked now. `reason` is for people, and holds no secret."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class Unreadable(ValueError):
    """An answer that is not what its method's documentation says."""


def unreadable(name: str, said: object) -> NoReturn:
    """Raise `Unreadable` for the field of that name; what was said is told by its type alone."""
    raise Unreadable(f"{name} is a {type(said).__name__} of an unexpected form")
