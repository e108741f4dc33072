"""Accounts: sellers, keys, and who holds a secret."""

from pathlib import Path

import pytest
import trio

from paydaemon.core.access import Principal
from paydaemon.core.errors import ErrorType, Refusal
from paydaemon.engine.accounts import Accounts
from paydaemon.store.port import StoreUnavailable
from paydaemon.store.sqlite import open_store
from paydaemon.testing.clocks import TurnedClock
from tests.engine.stores import UnsteadyStore
from tests.engine.world import world


async def refused(accounts: Accounts, secret: str) -> Refusal:
    with pytest.raises(Refusal) as refusal:
        await accounts.authenticate(secret)
    return refusal.value


async def test_a_sellers_key_proves_the_seller_and_an_operators_the_operator() -> None:
    async with world() as daemon:
        key = await daemon.accounts.add_seller("books", "The bookshop")
        assert await daemon.accounts.authenticate(key.secret) == Principal(key.id, "books")
        operator = await daemon.accounts.add_operator_key()
        principal = await daemon.accounts.authenticate(operator.secret)
        assert principal == Principal(operator.id, None)
        assert principal.is_operator
        assert [seller.id for seller in await daemon.accounts.sellers()] == ["books", "rival", "shop"]


@pytest.mark.parametrize(
    "secret", ["", "x", "pd_seller_" + "A" * 43, "A" * 201, "A" * 1_000_000, "ключ", "\0", "\ud800"]
)
async def test_whatever_opens_nothing_is_answered_alike(secret: str) -> None:
    async with world() as daemon:
        refusal = await refused(daemon.accounts, secret)
        assert (refusal.type, refusal.code, refusal.param) == (
            ErrorType.AUTHENTICATION,
            "invalid_key",
            "Authorization",
        )
        assert refusal.message == "this API key is not valid"


async def test_rotating_ends_the_old_key_at_once_and_nobody_elses() -> None:
    async with world() as daemon:
        old = await daemon.accounts.add_seller("books", None)
        other = await daemon.accounts.add_seller("chairs", None)
        for key in (old, other):
            await daemon.accounts.authenticate(key.secret)
        new = await daemon.accounts.rotate("books")
        assert (await refused(daemon.accounts, old.secret)).code == "invalid_key"
        assert (await daemon.accounts.authenticate(new.secret)).seller_id == "books"
        assert (await daemon.accounts.authenticate(other.secret)).seller_id == "chairs"


async def test_rotating_an_unknown_seller_changes_nothing() -> None:
    async with world() as daemon:
        with pytest.raises(Refusal) as refusal:
            await daemon.accounts.rotate("nobody")
        assert refusal.value.code == "seller_not_found"


async def test_a_key_revoked_while_it_is_being_looked_up_is_not_remembered() -> None:
    async with world() as daemon:
        store = UnsteadyStore(daemon.store)
        accounts = Accounts(store, daemon.clock)
        old = await accounts.add_seller("books", None)
        store.reads_wait = True
        async with trio.open_nursery() as nursery:
            nursery.start_soon(accounts.authenticate, old.secret)
            await store.reading.wait()
            store.reads_wait = False
            await accounts.rotate("books")
            store.release.set()
        assert (await refused(accounts, old.secret)).code == "invalid_key"


async def test_a_key_is_forgotten_even_where_its_revocation_was_not_answered() -> None:
    async with world() as daemon:
        store = UnsteadyStore(daemon.store)
        accounts = Accounts(store, daemon.clock)
        old = await accounts.add_seller("books", None)
        await accounts.authenticate(old.secret)
        store.fails = 1
        with pytest.raises(StoreUnavailable):
            await accounts.rotate("books")
        assert (await refused(accounts, old.secret)).code == "invalid_key"


async def test_the_memory_of_keys_is_bounded() -> None:
    async with world() as daemon:
        daemon.limits.keys_remembered = 3
        keys = [await daemon.accounts.add_operator_key() for _ in range(10)]
        for key in keys:
            assert (await daemon.accounts.authenticate(key.secret)).key_id == key.id
            assert len(daemon.accounts._known) <= 3


async def test_a_known_key_needs_no_store() -> None:
    async with world() as daemon:
        store = UnsteadyStore(daemon.store)
        accounts = Accounts(store, daemon.clock)
        key = await accounts.add_operator_key()
        await accounts.authenticate(key.secret)
        store.reads_wait = True
        with trio.fail_after(1):
            await accounts.authenticate(key.secret)


@pytest.mark.parametrize("id", ["", "-a", "_a", "A", "a b", "a/b", "ä", "a" * 65, "a\n", "inv.1", "."])
async def test_ids_that_are_refused(id: str) -> None:
    async with world() as daemon:
        with pytest.raises(Refusal) as refusal:
            await daemon.accounts.add_seller(id, None)
        assert (refusal.value.code, refusal.value.param) == ("not_an_id", "id")


@pytest.mark.parametrize("id", ["a", "0", "a-b_c", "a" * 64])
async def test_ids_that_are_taken(id: str) -> None:
    async with world() as daemon:
        key = await daemon.accounts.add_seller(id, None)
        with pytest.raises(Refusal) as refusal:
            await daemon.accounts.add_seller(id, "Another")
        assert (refusal.value.type, refusal.value.code) == (ErrorType.CONFLICT, "seller_exists")
        assert (await daemon.accounts.authenticate(key.secret)).seller_id == id
        assert [seller.name for seller in await daemon.accounts.sellers() if seller.id == id] == [id]


async def test_no_secret_is_in_the_database(tmp_path: Path) -> None:
    path = tmp_path / "paydaemon.sqlite3"
    async with open_store(path, executor="inline") as store:
        accounts = Accounts(store, TurnedClock())
        keys = [await accounts.add_seller("shop", None), await accounts.add_operator_key()]
    content = path.read_bytes()
    assert b"shop" in content
    for key in keys:
        assert key.secret.encode() not in content
        assert key.secret.removeprefix("pd_seller_").removeprefix("pd_operator_").encode() not in content
