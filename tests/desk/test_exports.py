"""An export is what the ledger holds, line by line, for good, and goes on where it ended."""

import json
import random
from collections.abc import Sequence
from fractions import Fraction

import pytest
import trio

from paydaemon.core.access import LOCAL_OPERATOR
from paydaemon.core.bookkeeping import Entry
from paydaemon.core.payment import ObservedState
from paydaemon.engine.exports import Extract
from paydaemon.frontends.exporting import COLUMNS, NUMBERS, inert
from paydaemon.testing.fakechain import FakeChain
from tests.desk.ledger import CSV, JSON_LINES, Row, booked, export, ledger, rows
from tests.desk.shop import paid
from tests.desk.visitor import visitor
from tests.support.served import Json, Served, error_of


async def test_a_settled_invoice_is_one_line(daemon: Served) -> None:
    invoice = await paid(daemon, note="Two coffees")
    [line] = await export(daemon)
    [payment] = await payments_of(daemon, invoice)
    assert tuple(line) == COLUMNS
    assert line == {
        "event_id": line["event_id"],
        "kind": "credit",
        "recorded_at": line["recorded_at"],
        "seen_at": payment["seen_at"],
        "seller_id": "shop",
        "invoice_id": invoice["id"],
        "invoice_status": "settled",
        "invoice_flags": "",
        "payment_id": payment["id"],
        "chain": "bitcoin",
        "asset": "BTC",
        "symbol": "BTC",
        "amount": "0.00020834",
        "amount_minor": "20834",
        "currency": "EUR",
        "invoice_amount": "12.50",
        "due": "0.00020834",
        "rate": invoice["options"][0]["rate"],
        "value": "12.50",
        "transaction_id": payment["transaction_id"],
        "ref": payment["ref"],
        "block": payment["block"] or "",
        "state": "confirmed",
        "confirmations": "6",
        "note": "Two coffees",
    }


async def payments_of(daemon: Served, invoice: Json) -> list[Json]:
    async with daemon.client() as client:
        whole = (await client.get(f"/v1/invoices/{invoice['id']}")).json()
    return [one for option in whole["options"] for one in option["payments"]]


async def test_what_is_not_final_is_no_line(daemon: Served) -> None:
    invoice = await daemon.invoice()
    [key] = [one.key for one in await daemon.engine.store.read(lambda r: r.destinations("bitcoin", -1, 9))]
    await daemon.engine.pay((key, 20_834))
    assert await export(daemon) == []
    await daemon.engine.mine(6)
    assert [line["invoice_id"] for line in await export(daemon)] == [invoice["id"]]


async def test_a_reversal_is_a_line_of_its_own_and_may_be_followed_by_another_credit(daemon: Served) -> None:
    await paid(daemon)
    before = await export(daemon)
    await daemon.engine.undo(6)
    [credit, reversal] = await export(daemon)
    assert [credit] == before, "a line never changes"
    assert (reversal["kind"], reversal["amount"], reversal["value"]) == ("reversal", "-0.00020834", "-12.50")
    assert reversal["invoice_flags"] == "reversed"
    await daemon.engine.mine(7)
    assert [line["kind"] for line in await export(daemon)] in (
        ["credit", "reversal"], ["credit", "reversal", "credit"]
    )  # fmt: skip
    assert booked(await export(daemon)) == await ledger(daemon)


async def test_a_credit_that_was_never_final_reverses_nothing(daemon: Served) -> None:
    invoice = await daemon.invoice()
    key = await key_of(daemon, invoice)
    txid = await daemon.engine.pay((key, 20_834))
    daemon.engine.bitcoin.network.drop(txid)
    await daemon.engine.bitcoin.tell()
    assert await export(daemon) == []


async def key_of(daemon: Served, invoice: Json) -> str:
    found = await daemon.engine.store.read(lambda reader: reader.invoice(invoice["id"]))
    assert found is not None
    return found.options[0].destination.key


async def test_a_payment_of_nobody_is_a_line_once_it_is_given_to_an_invoice(daemon: Served) -> None:
    invoice = await daemon.invoice()
    await daemon.engine.pay(("to nobody", 20_834))
    await daemon.engine.mine(6)
    assert await export(daemon) == []
    async with daemon.client() as client:
        [stray] = (await client.get("/v1/payments?unmatched=true")).json()["data"]
        await client.post(f"/v1/payments/{stray['id']}/assign", json={"invoice_id": invoice["id"]})
    assert [line["payment_id"] for line in await export(daemon)] == [stray["id"]]


@pytest.mark.parametrize("turn", range(2))
async def test_the_lines_add_up_to_the_ledger(daemon: Served, turn: int) -> None:
    """Paid in parts, in excess, too late to count, reorganised, dropped and replaced, in any order."""
    seed = random.randrange(10**6) + turn
    print(f"seed {seed}")
    dice, engine = random.Random(seed), daemon.engine
    for _ in range(40):
        match dice.randrange(6):
            case 0 | 1:
                invoice = await daemon.invoice(daemon.keys[dice.choice(("shop", "rival"))])
                amount = dice.choice((1, 5_000, 20_834, 60_000))
                await engine.pay((await key_of(daemon, invoice), amount))
            case 2 | 3:
                await engine.mine(dice.randrange(1, 8))
            case 4:
                await engine.undo(dice.randrange(1, 9))
            case _:
                await spoil_one(engine.bitcoin, dice)
    lines = await export(daemon)
    assert booked(lines) == await ledger(daemon)
    shops = [await export(daemon, daemon.keys[id]) for id in ("shop", "rival")]
    assert sorted(line["event_id"] for one in shops for line in one) == sorted(
        line["event_id"] for line in lines
    )
    for line in lines:
        exact = Fraction(line["invoice_amount"]) * Fraction(line["amount"]) / Fraction(line["due"])
        assert abs(Fraction(line["value"]) - exact) <= Fraction(1, 200)


async def spoil_one(chain: FakeChain, dice: random.Random) -> None:
    """A payment is dropped, replaced or spent elsewhere, all at once with the blocks that held it."""
    network = chain.network
    valid = [one for one in network.transactions.values() if one.fate.state is ObservedState.SEEN]
    if not valid:
        return
    gone = dice.choice(valid)
    if gone.fate.height is not None:
        network.undo((network.height or 0) - gone.fate.height + 1)
    dice.choice((network.drop, network.replace, network.conflict))(gone.id)
    await chain.tell()


async def test_both_formats_say_the_same_and_json_says_the_very_text(daemon: Served) -> None:
    note = '=HYPERLINK("http://evil.example","tea")'
    await paid(daemon, note=note)
    await paid(daemon, note='"quoted", and\nin two lines; ÄÖ店')
    lines = await export(daemon)
    async with daemon.client() as client:
        answer = await client.get(JSON_LINES)
    told = [json.loads(line) for line in answer.text.splitlines()]
    assert [one["note"] for one in told] == [note, '"quoted", and\nin two lines; ÄÖ店']
    assert [line["note"] for line in lines] == [f"'{note}", told[1]["note"]]
    for line, one in zip(lines, told, strict=True):
        assert list(one) == list(COLUMNS)
        for name in set(COLUMNS) - {"note", "invoice_flags"}:
            assert line[name] == ("" if one[name] is None else str(one[name]))


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠"])
async def test_no_text_of_a_sellers_is_a_formula(daemon: Served, start: str) -> None:
    assert inert(f"{start}1+1") == f"'{start}1+1"
    if start in "=+-@＝":
        await paid(daemon, note=f"{start}1+1")
        [line] = await export(daemon)
        assert line["note"] == f"'{start}1+1"


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("x;=1+1", "x;'=1+1"),
        ('x;"=1+1;', "x;\"'=1+1;"),
        ("x;\t @SUM(1)", "x;\t '@SUM(1)"),
        ("one\n=1+1", "one\n'=1+1"),
        ("x|\uff1d1", "x|'\uff1d1"),
        ("=1;=2;-3", "'=1;'=2;'-3"),
        ("tea, 5 - 3 = 2; a-b", "tea, 5 - 3 = 2; a-b"),
        ("ok \u202eevil", "ok \u202eevil"),
    ],
)
def test_no_part_of_a_text_is_a_formula_however_it_is_cut(text: str, written: str) -> None:
    assert inert(text) == written


async def test_texts_stand_between_quotes_and_numbers_do_not(daemon: Served) -> None:
    await paid(daemon, note='x;=1+1\t"two"\nlines')
    async with daemon.client() as client:
        answer = await client.get(CSV)
    _, line = answer.text.split("\r\n", 1)
    assert line.endswith(',"x;\'=1+1\t""two""\nlines"\r\n')
    assert ',"bitcoin","BTC","BTC",0.00020834,20834,"EUR",12.50,' in line
    [row] = rows(answer.text)
    assert row["note"] == 'x;\'=1+1\t"two"\nlines'


async def test_no_cell_begins_like_a_formula_but_our_own_numbers(daemon: Served) -> None:
    await paid(daemon, note="-1")
    await daemon.engine.undo(6)
    for line in await export(daemon):
        for name, value in line.items():
            assert name in NUMBERS or not value.startswith(("=", "+", "-", "@"))
            if name in NUMBERS - {"confirmations"}:
                Fraction(value)


async def test_a_file_is_as_rfc_4180_has_it(daemon: Served) -> None:
    async with daemon.client() as client:
        empty = await client.get(CSV)
        await paid(daemon, note="one\ntwo")
        answer = await client.get(CSV)
        head = await client.head(CSV)
    assert empty.content == ",".join(COLUMNS).encode() + b"\r\n"
    assert answer.headers["Content-Type"] == "text/csv; charset=utf-8; header=present"
    assert answer.content.endswith(b"\r\n")
    assert answer.content.replace(b"one\ntwo", b"").count(b"\n") == 2
    assert (head.status_code, head.content) == (200, b"")


# --- Going on


async def test_an_export_goes_on_where_it_ended_while_payments_come_in(daemon: Served) -> None:
    """Nothing is missed and nothing comes twice, however the pieces fall."""
    read: list[Row] = []
    done = trio.Event()

    async def sell() -> None:
        for number in range(25):
            await paid(daemon)
            if number % 8 == 7:
                await daemon.engine.undo(3)
        await daemon.engine.mine(10)
        done.set()

    async def go_on() -> None:
        last = "0"
        while True:
            finished = done.is_set()
            piece = await export(daemon, after=last, limit=3)
            read.extend(piece)
            last = piece[-1]["event_id"] if piece else last
            if finished and not piece:
                return
            await trio.lowlevel.checkpoint()

    async with trio.open_nursery() as nursery:
        nursery.start_soon(sell)
        nursery.start_soon(go_on)
    whole = await export(daemon)
    assert read == whole
    assert len(read) >= 25
    assert booked(read) == await ledger(daemon)


async def test_pages_are_joined_without_a_seam(daemon: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    for number in range(7):
        await paid(daemon)
        if number == 4:
            await daemon.engine.undo(9)
    key = await key_of(daemon, await daemon.invoice())
    await daemon.engine.pay(*((key, 10 + number) for number in range(5)))
    await daemon.engine.mine(6)
    whole = await export(daemon)
    assert [line["amount_minor"] for line in whole[-5:]] == ["10", "11", "12", "13", "14"]
    for size in (1, 2, 3):
        monkeypatch.setattr("paydaemon.engine.exports.PAGE_EVENTS", size)
        monkeypatch.setattr("paydaemon.engine.exports.HISTORY_EVENTS", size)
        assert await export(daemon) == whole
        assert await export(daemon, limit=5) == whole[:5]
        assert await export(daemon, daemon.keys["shop"], after=whole[2]["event_id"]) == whole[3:]


async def test_a_time_is_from_when_until_before_when(daemon: Served) -> None:
    for _ in range(3):
        await paid(daemon)
    first, second, third = await export(daemon)
    at = {"from": second["recorded_at"], "to": third["recorded_at"]}
    assert second in await export(daemon, **at)
    assert third not in await export(daemon, **at) or second["recorded_at"] == third["recorded_at"]
    assert await export(daemon, to=first["recorded_at"]) == []
    assert await export(daemon, **{"from": "2100-01-01T00:00:00Z"}) == []


@pytest.mark.parametrize(
    ("query", "code", "param"),
    [
        ("after=evt_other_1", "beyond_the_journal", "after"),
        ("after=999999", "beyond_the_journal", "after"),
        ("after=x", "out_of_range", "after"),
        ("from=yesterday", "invalid_value", "from"),
        ("from=2026-02-01T00:00:00Z&to=2026-01-01T00:00:00Z", "out_of_range", "to"),
        ("limit=0", "out_of_range", "limit"),
        ("colour=red", "unknown_parameter", "colour"),
    ],
)
async def test_what_is_wrong_is_named(daemon: Served, query: str, code: str, param: str) -> None:
    await daemon.invoice()
    async with daemon.client() as client:
        answer = await client.get(f"{CSV}?{query}")
    error = error_of(answer)
    assert (answer.status_code, error["code"], error["param"]) == (400, code, param)


async def test_another_sellers_export_is_refused(daemon: Served) -> None:
    async with daemon.client(daemon.keys["shop"]) as client:
        answer = await client.get(f"{CSV}?seller_id=rival")
    assert (answer.status_code, error_of(answer)["code"]) == (403, "other_seller")


async def test_the_desk_gives_the_same(daemon: Served) -> None:
    await paid(daemon)
    await paid(daemon, note="@tea")
    whole = await export(daemon)
    async with visitor(daemon) as operator, visitor(daemon, daemon.keys["rival"]) as rival:
        answer = await operator.get("exports/payments.csv?from=&to=&after=&seller=")
        later = await operator.get(f"exports/payments.csv?after={whole[0]['event_id']}")
        lines = await operator.get("exports/payments.jsonl?to=2000-01-01")
        none = await rival.get("exports/payments.csv")
    assert rows(answer.text) == whole
    assert answer.headers["Content-Disposition"] == 'attachment; filename="payments.csv"'
    assert rows(later.text) == whole[1:]
    assert (lines.text, rows(none.text)) == ("", [])


async def test_pages_hold_no_more_than_they_may(daemon: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("paydaemon.engine.exports.PAGE_EVENTS", 2)
    for _ in range(5):
        await paid(daemon)
    found: list[Sequence[Entry]] = [
        page async for page in daemon.engine.api.exports.pages(LOCAL_OPERATOR, Extract())
    ]
    assert [len(page) for page in found] == [2, 2, 1]
