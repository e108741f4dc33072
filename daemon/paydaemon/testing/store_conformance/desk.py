"""What people look up, what is exported, and who is logged in at the desk."""

from dataclasses import replace
from operator import methodcaller

import pytest

from paydaemon.core.access import DeskSession, Key, Seller
from paydaemon.core.events import EventType
from paydaemon.core.invoice import Destination, Flag, Invoice, Standing, Status
from paydaemon.core.money import Currency
from paydaemon.store.deskport import DaySum, InvoiceFilter, Stretch
from paydaemon.store.port import Duplicate, Store, Transaction
from paydaemon.testing.samples import NOW_MS, SELLER, draft, invoice, option, payment
from paydaemon.testing.store_conformance.base import Suite

DAY_MS = 86_400_000
OTHER = Seller("other-shop", "Another", 0)
KEY = Key("key_1", b"\x00" * 32, SELLER.id, 1)
SESSION = DeskSession("ses_1", b"\x01" * 32, KEY.id, 10, 20, "2001:db8::1", "Größe & 店")


async def add(store: Store, *invoices: Invoice) -> None:
    """Record them, one after the other."""
    for one in invoices:
        await store.transact(methodcaller("add_invoice", one))


async def listed(
    store: Store, wanted: InvoiceFilter, before: str | None = None, limit: int = 10
) -> list[str]:
    """The ids of what is found."""
    found = await store.read(lambda reader: reader.listed_invoices(wanted, before=before, limit=limit))
    return [one.id for one in found]


async def with_words(store: Store, *words: str, seller_id: str | None = None) -> list[str]:
    """The ids of what is found."""
    found = await store.read(
        lambda reader: reader.invoices_with_words(words, seller_id=seller_id, before=None, limit=10)
    )
    return [one.id for one in found]


class Desk(Suite):
    """Looking up, adding up, and being logged in."""

    async def test_invoices_are_listed_by_all_that_is_wanted(self, store: Store) -> None:
        await store.transact(lambda tx: tx.add_seller(OTHER))
        settled = Standing(Status.SETTLED, frozenset({Flag.LATE, Flag.OVER}))
        late = Standing(Status.EXPIRED, frozenset({Flag.LATE}))
        await add(
            store,
            invoice(0),
            invoice(1, standing=settled),
            invoice(2, seller_id=OTHER.id, standing=settled),
            invoice(3, standing=late, created_at_ms=NOW_MS + DAY_MS),
            invoice(4, seller_id=OTHER.id, created_at_ms=NOW_MS + DAY_MS),
        )
        assert await listed(store, InvoiceFilter()) == ["inv_4", "inv_3", "inv_2", "inv_1", "inv_0"]
        assert await listed(store, InvoiceFilter(status=Status.SETTLED)) == ["inv_2", "inv_1"]
        assert await listed(store, InvoiceFilter(SELLER.id)) == ["inv_3", "inv_1", "inv_0"]
        assert await listed(store, InvoiceFilter(SELLER.id, Status.NEW)) == ["inv_0"]
        assert await listed(store, InvoiceFilter(flag=Flag.LATE)) == ["inv_3", "inv_2", "inv_1"]
        assert await listed(store, InvoiceFilter(flag=Flag.LATE, status=Status.SETTLED)) == ["inv_2", "inv_1"]
        assert await listed(store, InvoiceFilter(OTHER.id, flag=Flag.OVER)) == ["inv_2"]
        assert await listed(store, InvoiceFilter(OTHER.id, flag=Flag.PARTIAL)) == []

    async def test_a_time_is_from_when_until_before_when(self, store: Store) -> None:
        await add(store, *(invoice(number, created_at_ms=NOW_MS + number) for number in range(4)))
        assert await listed(store, InvoiceFilter(since_ms=NOW_MS + 1)) == ["inv_3", "inv_2", "inv_1"]
        assert await listed(store, InvoiceFilter(until_ms=NOW_MS + 2)) == ["inv_1", "inv_0"]
        between = InvoiceFilter(SELLER.id, Status.NEW, since_ms=NOW_MS + 1, until_ms=NOW_MS + 3)
        assert await listed(store, between) == ["inv_2", "inv_1"]
        assert await listed(store, between, before="inv_2") == ["inv_1"]
        assert await listed(store, InvoiceFilter(since_ms=NOW_MS + 4)) == []
        assert await listed(store, InvoiceFilter(until_ms=NOW_MS)) == []

    async def test_a_page_goes_on_after_the_one_before(self, store: Store) -> None:
        await add(store, *map(invoice, range(5)))
        assert await listed(store, InvoiceFilter(), limit=2) == ["inv_4", "inv_3"]
        assert await listed(store, InvoiceFilter(SELLER.id), before="inv_3", limit=2) == ["inv_2", "inv_1"]
        assert await listed(store, InvoiceFilter(), before="inv_none") == []

    async def test_words_are_found_in_every_text_and_nowhere_else(self, store: Store) -> None:
        await store.transact(lambda tx: tx.add_seller(OTHER))
        await add(
            store,
            invoice(0, note="Zwei große Kaffee"),
            invoice(1, metadata={"order": "2026-0117", "lines": [{"what": "Tee"}]}),
            invoice(2, buyer={"email": "ada@example.org"}, seller_id=OTHER.id),
            invoice(3, note="Tee für Ada", seller_id=OTHER.id),
            invoice(4),
        )
        assert await with_words(store, "GROSSE") == []
        assert await with_words(store, "GROßE") == ["inv_0"]
        assert await with_words(store, "2026-0117") == ["inv_1"]
        assert await with_words(store, "0117-2026") == []
        assert await with_words(store, "tee") == ["inv_3", "inv_1"]
        assert await with_words(store, "tee", "fur") == ["inv_3"]
        assert await with_words(store, "ada", "example") == ["inv_2"]
        assert await with_words(store, "tee", seller_id=SELLER.id) == ["inv_1"]
        assert await with_words(store, "shop") == [], "whose it is is no text"
        assert await with_words(store) == []

    @pytest.mark.parametrize(
        "word", ['"', 'a"b', "a OR tea", "tea* NOT", "note : tea", "(", "two ^tea", "{seller} tea"]
    )
    async def test_nothing_in_a_word_is_an_operator(self, store: Store, word: str) -> None:
        await add(store, invoice(0, note="tea"))
        assert await with_words(store, word) == []

    async def test_a_shop_does_not_see_what_one_of_a_longer_name_wrote(self, store: Store) -> None:
        longer = Seller("shop-two", "Two", 0)
        await store.transact(lambda tx: tx.add_seller(longer))
        await add(store, invoice(0, note="tea", seller_id=longer.id), invoice(1, note="tea"))
        assert await with_words(store, "tea", seller_id=SELLER.id) == ["inv_1"]
        assert await with_words(store, "tea", seller_id=longer.id) == ["inv_0"]

    async def test_an_invoice_is_found_by_where_it_is_paid(self, store: Store) -> None:
        memo = Destination("key", 7, "0.0.1001", "coffee-7", "uri")
        await add(store, invoice(0), invoice(1, options=(replace(option(1), destination=memo),)))
        for place, found in (("bitcoin1q0", ["inv_0"]), ("coffee-7", ["inv_1"]), ("0.0.1001", [])):
            there = await store.read(methodcaller("invoices_at_place", place, 10))
            assert [one.id for one in there] == found

    async def test_payments_are_found_by_their_transaction(self, store: Store) -> None:
        same = payment(0).transaction_id
        paid = [payment(0), payment(1, transaction_id=same), payment(2)]
        for one in paid:
            await store.transact(methodcaller("add_payment", one))
        found = await store.read(lambda reader: reader.payments_of_transaction(same, 10))
        assert sorted(one.id for one in found) == ["pay_0", "pay_1"]

    async def test_sums_are_exact_by_day_status_and_currency(self, store: Store) -> None:
        huge = 10**59 + 7
        settled = Standing(Status.SETTLED)
        await store.transact(lambda tx: tx.add_seller(OTHER))
        await add(
            store,
            *(invoice(number, amount_minor=huge, currency=Currency("ETH", 18)) for number in range(3)),
            invoice(3),
            invoice(4, standing=settled),
            invoice(5, created_at_ms=NOW_MS + DAY_MS),
            invoice(6, seller_id=OTHER.id),
        )
        day, euro, ether = NOW_MS // DAY_MS, Currency("EUR", 2), Currency("ETH", 18)
        found = await store.read(lambda reader: reader.day_sums(SELLER.id, NOW_MS, NOW_MS + 2 * DAY_MS))
        assert set(found) == {
            DaySum(day, Status.NEW, ether, 3, 3 * huge),
            DaySum(day, Status.NEW, euro, 1, 1250),
            DaySum(day, Status.SETTLED, euro, 1, 1250),
            DaySum(day + 1, Status.NEW, euro, 1, 1250),
        }
        counted = await store.read(lambda reader: reader.invoices_of_seller_by_status(SELLER.id))
        assert counted == dict.fromkeys(Status, 0) | {Status.NEW: 5, Status.SETTLED: 1}

    async def test_events_are_told_by_type_seller_and_stretch(self, store: Store) -> None:
        def write(tx: Transaction) -> None:
            for number in range(6):
                type = EventType.PAYMENT_CONFIRMED if number % 2 else EventType.PAYMENT_DROPPED
                whose = SELLER.id if number < 4 else OTHER.id
                tx.append(draft(type, invoice_id="inv_0", seller_id=whose), number)
            tx.append(draft(EventType.PAYMENT_DROPPED), 6)
            tx.append(draft(invoice_id="inv_0", seller_id=SELLER.id), 7)

        await store.transact(write)
        types = {EventType.PAYMENT_CONFIRMED, EventType.PAYMENT_DROPPED}

        async def told(stretch: Stretch, seller_id: str | None = None, limit: int = 10) -> list[int]:
            found = await store.read(
                lambda reader: reader.told(stretch, types, seller_id=seller_id, limit=limit)
            )
            return [event.seq for event in found]

        assert await told(Stretch(0, 8)) == [1, 2, 3, 4, 5, 6], "what is about no invoice is left out"
        assert await told(Stretch(2, 5)) == [3, 4, 5]
        assert await told(Stretch(0, 8), limit=2) == [1, 2]
        assert await told(Stretch(0, 8), SELLER.id) == [1, 2, 3, 4]
        assert await told(Stretch(1, 3), SELLER.id) == [2, 3]
        assert await told(Stretch(0, 8, since_ms=2, until_ms=4)) == [3, 4]
        assert await told(Stretch(0, 8, since_ms=2, until_ms=4), SELLER.id) == [3, 4]

    async def test_a_session_is_found_by_its_digest_until_it_is_ended(self, store: Store) -> None:
        await store.transact(lambda tx: tx.add_key(KEY))
        await store.transact(lambda tx: tx.add_desk_session(SESSION))
        later = replace(SESSION, id="ses_2", digest=b"\x02" * 32, created_at_ms=11)
        await store.transact(lambda tx: tx.add_desk_session(later))
        assert await store.read(lambda reader: reader.key(KEY.id)) == KEY
        assert await store.read(lambda reader: reader.key("key_none")) is None
        assert await store.read(lambda reader: reader.desk_session(SESSION.digest)) == SESSION
        assert await store.read(lambda reader: reader.desk_session(b"none")) is None
        assert await store.read(lambda reader: reader.desk_sessions(KEY.id)) == [SESSION, later]
        for at_ms in (30, 25):
            await store.transact(methodcaller("see_desk_session", SESSION.id, at_ms))
        seen = replace(SESSION, seen_at_ms=30)
        assert await store.read(lambda reader: reader.desk_sessions(KEY.id)) == [seen, later]
        assert await store.transact(lambda tx: tx.end_desk_session(SESSION.id))
        assert not await store.transact(lambda tx: tx.end_desk_session(SESSION.id))
        assert await store.read(lambda reader: reader.desk_sessions(KEY.id)) == [later]

    async def test_sessions_are_ended_by_age_and_by_idleness(self, store: Store) -> None:
        await store.transact(lambda tx: tx.add_key(KEY))
        for number, (created, seen) in enumerate([(1, 50), (40, 41), (40, 50)]):
            id, digest = f"ses_{number}", bytes([number]) * 32
            one = replace(SESSION, id=id, digest=digest, created_at_ms=created, seen_at_ms=seen)
            await store.transact(methodcaller("add_desk_session", one))
        assert await store.transact(lambda tx: tx.end_desk_sessions(40, 50)) == 2
        [left] = await store.read(lambda reader: reader.desk_sessions(KEY.id))
        assert left.id == "ses_2"

    async def test_a_session_has_a_key_and_an_id_of_its_own(self, store: Store) -> None:
        with pytest.raises(LookupError):
            await store.transact(lambda tx: tx.add_desk_session(SESSION))
        await store.transact(lambda tx: tx.add_key(KEY))
        await store.transact(lambda tx: tx.add_desk_session(SESSION))
        with pytest.raises(Duplicate) as caught:
            await store.transact(lambda tx: tx.add_desk_session(replace(SESSION, id="ses_2")))
        assert caught.value.what == "desk_session"

    async def test_a_new_epoch_ends_every_session(self, store: Store) -> None:
        await store.transact(lambda tx: tx.add_key(KEY))
        await store.transact(lambda tx: tx.add_desk_session(SESSION))
        await store.transact(lambda tx: tx.begin_epoch(0))
        assert await store.read(lambda reader: reader.desk_sessions(KEY.id)) == []
