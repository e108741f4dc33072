"""What goes wrong beyond this process."""


class MirrorUnavailable(Exception):
    """The mirror node did not answer, or answered with something else than it documents."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class NodeAway(Exception):
    """A node cannot be reached: it is certain that nothing was handed to it."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class NodeSilent(Exception):
    """A node was asked and has not answered. Whether it has taken what it was handed is not known."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason
