"""What goes wrong beyond this process."""


class MirrorUnavailable(Exception):
    """The mirror node did not answer, or answered with something else than it documents."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason
