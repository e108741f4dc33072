"""What can go wrong between us and a node."""

# bitcoin: rpc/protocol.h
NOT_FOUND = -5
NO_WALLET = -18
WARMING_UP = -28
ALREADY_LOADED = -35
NO_METHOD = -32601


def in_words(error: BaseException) -> str:
    """What went wrong; of the system's errors its words, without its number."""
    if not isinstance(error, OSError) or error.strerror is None:
        return str(error) or type(error).__name__
    return error.strerror if error.filename is None else f"{error.filename}: {error.strerror}"


class RpcError(Exception):
    """The node answered, and the answer is no. `code` is one of bitcoin's ``rpc/protocol.h``."""

    def __init__(self, method: str, code: int, message: str) -> None:
        super().__init__(f"{method}: {message} ({code})")
        self.method = method
        self.code = code
        self.message = message


class NodeUnavailable(Exception):
    """The node cannot be asked now. `reason` is for people, and holds no secret."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason
