"""``[notifiers.<id>.limits]``: how much of everything there may be. Nobody has to set any of it."""

from typing import Self

from pydantic import model_validator

from paydaemon.hooks.settings import Settings, number


class EmailLimits(Settings):
    """What the mail server, and whoever reads the mails, can take."""

    connections: int = number(2, 1, 50, "How many connections to the server are open at the same time.")
    idle_s: int = number(
        30, 1, 600, "For how many seconds a connection is kept after a mail, for the next one."
    )
    mails_per_connection: int = number(
        100, 1, 10_000, "How many mails are handed over on one connection before it is closed."
    )
    mail_timeout_s: int = number(
        25, 5, 3_600, "Seconds that one mail may take, from the connection to the server's last answer."
    )
    digest_from: int = number(
        10, 2, 1_000, "From how many mails on that wait for one operator they are told in a single one."
    )
    digest_events: int = number(200, 2, 1_000, "How many events one digest tells of.")

    @model_validator(mode="after")
    def _a_digest_can_be(self) -> Self:
        if self.digest_events < self.digest_from:
            raise ValueError("digest_events must not be less than digest_from: there would be no digest")
        return self
