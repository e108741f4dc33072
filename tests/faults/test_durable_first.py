"""Durable first, answered then: seen from outside, in the order of the daemon's calls to the kernel."""

from collections.abc import Sequence
from pathlib import Path

from tests.faults.stage import staged
from tests.faults.strace import tracing

CALLS = ("pwrite64", "fdatasync", "sendto", "sendmsg", "write")
WHOLE_PAGES = ("-s", "5000")
"""Enough of what is written to find an invoice's id in it."""


def synced_between(calls: Sequence[str], id: str, said: str) -> bool:
    """Whether `id` was written to the log, then made durable, and only then sent together with `said`."""
    spoken = [place for place, call in enumerate(calls) if is_sending(call) and id in call and said in call]
    assert spoken, f"{said} of {id} was not seen to be sent"
    written = [
        place
        for place, call in enumerate(calls[: spoken[0]])
        if "pwrite64(" in call and "-wal>" in call and id in call
    ]
    assert written, f"{id} was sent, and had not been written"
    return any("fdatasync" in call and call.endswith("= 0") for call in calls[written[-1] : spoken[0]])


def is_sending(call: str) -> bool:
    """Whether a call gives something to a client's socket."""
    return any(f"{name}(" in call for name in ("sendto", "sendmsg", "write")) and "pwrite64(" not in call


async def test_a_commit_is_synced_before_it_is_answered_and_told(tmp_path: Path) -> None:
    """One after the other: a later commit writes the pages of an earlier one again."""
    async with staged(tmp_path) as stage, stage.daemon.stream() as stream:
        async with tracing(stage.daemon.pid, tmp_path / "trace", calls=CALLS, more=WHOLE_PAGES) as trace:
            invoices = []
            for number in range(3):
                invoice = await stage.created(f"order-{number}")
                invoices.append(invoice)
                await stream.until("invoice.created", invoice["id"])
                stage.network.pay(invoice)
                await stream.until("invoice.processing", invoice["id"])
        for invoice in invoices:
            for said in ("HTTP/1.1 201", "invoice.created", "invoice.processing"):
                assert synced_between(trace.calls, invoice["id"], said), said
        await stage.daemon.stop()
