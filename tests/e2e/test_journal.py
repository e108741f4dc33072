"""The journal: every event once, in order, the same wherever and whenever it is read."""

from paydaemon_bitcoin.regtest import RegtestNode
from tests.support.daemon import Daemon, Json, address_of, due_of
from tests.support.node import pay_many
from tests.support.waiting import until


async def _some_life(node: RegtestNode, daemon: Daemon) -> list[Json]:
    """Events of several invoices whose lives overlap."""
    invoices = [await daemon.invoice(confirmations=number) for number in (1, 2, 3)]
    await pay_many(node, *[(address_of(invoice), due_of(invoice)) for invoice in invoices])
    for invoice in invoices:
        await daemon.until_status(invoice["id"], "processing")
    await node.mine(3)
    for invoice in invoices:
        await daemon.until_status(invoice["id"], "settled")
    return invoices


async def test_it_is_gapless_and_read_again_it_is_the_same(node: RegtestNode, daemon: Daemon) -> None:
    await _some_life(node, daemon)
    journal = await daemon.journal()
    assert [event["seq"] for event in journal] == list(range(1, len(journal) + 1))
    assert len({event["id"] for event in journal}) == len(journal)
    assert await daemon.journal() == journal


async def test_each_invoice_has_exactly_its_own_events_in_order(node: RegtestNode, daemon: Daemon) -> None:
    invoices = await _some_life(node, daemon)
    journal = await daemon.journal()
    for invoice in invoices:
        mine = await daemon.journal(invoice_id=invoice["id"])
        assert mine == [event for event in journal if event["invoice_id"] == invoice["id"]]
        assert [event["type"] for event in mine] == [
            *("invoice.created", "invoice.payment_seen", "invoice.processing"),
            *("payment.confirmed", "invoice.settled"),
        ]
        shown = await daemon.show(invoice["id"])
        told = mine[-1]["data"]["invoice"]
        assert told.keys() == shown.keys() - {"checkout_url"}
        assert {key: told[key] for key in told if key != "options"} == {
            key: shown[key] for key in told if key != "options"
        }


async def test_the_websocket_replays_from_anywhere_what_http_tells(node: RegtestNode, daemon: Daemon) -> None:
    await _some_life(node, daemon)
    journal = await daemon.journal()
    for after in (0, len(journal) // 2, len(journal) - 1):
        async with daemon.stream(after=after) as stream:
            await stream.until_seq(journal[-1]["seq"])
        assert stream.journaled == journal[after:] == await daemon.journal(after=after)


async def test_over_a_restart_it_stays_the_same_and_a_stream_goes_on_without_gap_or_repetition(
    node: RegtestNode, daemon: Daemon
) -> None:
    before = await daemon.journal()
    start = len(before)
    invoice = await daemon.invoice(confirmations=1)
    async with daemon.stream(after=start) as first:
        await first.until("invoice.created", invoice["id"])
    await pay_many(node, (address_of(invoice), due_of(invoice)))
    await daemon.until_status(invoice["id"], "processing")
    async with daemon.stream(after=first.journaled[-1]["seq"]) as second:
        await second.until("invoice.processing", invoice["id"])
        await daemon.stop()
        await until(lambda: second.ended)
        await node.mine(1)
        await daemon.start()
    async with daemon.stream(after=second.journaled[-1]["seq"]) as third:
        await third.until("invoice.settled", invoice["id"])
    heard = first.journaled + second.journaled + third.journaled
    assert (await daemon.journal())[: start + len(heard)] == before + heard
