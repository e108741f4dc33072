"""An argument is what it is meant to be, or it is refused: it never becomes part of another request."""

import pytest

from tests.e2e.commands import paydaemon
from tests.support.served import Served

ASKS = (
    ("seller", "rotate"),
    ("seller", "disable"),
    ("seller", "enable"),
    ("key", "revoke"),
    ("invoice", "show"),
    ("invoice", "watch"),
    ("webhook", "show"),
    ("webhook", "rotate"),
    ("webhook", "test"),
    ("webhook", "remove"),
    ("deliveries", "show"),
    ("deliveries", "retry"),
    ("deliveries", "retry", "--target"),
)
TRICKS = ("shop/rotate#", "../sellers/shop/rotate#", "../../admin/v1/keys", "..", "a\x1b", "a b", "%2e", "")


@pytest.mark.parametrize("trick", TRICKS)
async def test_what_cannot_be_an_id_is_refused_before_anything_is_asked(daemon: Served, trick: str) -> None:
    where, before = ("--socket", str(daemon.socket)), await daemon.engine.api.accounts.keys()
    commands: list[tuple[str, ...]] = [(*ask, trick) for ask in ASKS]
    commands += [("invoice", "mark", trick, "invalid"), ("payments", "assign", trick, "inv_a")]
    for command in commands:
        done = await paydaemon(*command, *where)
        assert (done.exit_code, done.out) == (1, ""), (command, done)
        assert done.err.startswith(f"Error: id: {trick!r} cannot be an id"), (command, done)
        assert len(done.err.splitlines()) == 1
    assert await daemon.engine.api.accounts.keys() == before
    assert daemon.traffics[1].connections.accepted == 0


async def test_what_was_done_is_told_by_the_daemons_word(daemon: Served) -> None:
    where = ("--socket", str(daemon.socket))
    [mine] = [key for key in await daemon.engine.api.accounts.keys() if key.seller_id == "shop"]
    assert (await paydaemon("seller", "disable", "shop", *where)).out == "shop is disabled\n"
    assert (await paydaemon("key", "revoke", mine.id, *where)).out == f"{mine.id} is revoked\n"


@pytest.mark.parametrize(
    "command", [("seller", "add", "caf\udce9"), ("invoice", "list", "--cursor", "caf\udce9")]
)
async def test_an_argument_that_is_not_utf_8_is_told_in_one_line(
    daemon: Served, command: tuple[str, ...]
) -> None:
    done = await paydaemon(*command, "--socket", str(daemon.socket))
    assert (done.exit_code, done.out, len(done.err.splitlines())) == (1, "", 1), done
    assert "caf\\udce9" in done.err
