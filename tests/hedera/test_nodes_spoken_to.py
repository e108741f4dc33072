"""Who is spoken to: nodes that are who they should be, where they are now, and while we run."""

import threading

import trio

from paydaemon.core.relay import Outcome, RelayStatus
from paydaemon_hedera.sandbox.faults import Kind
from paydaemon_hedera.sandbox.running import Options
from tests.hedera.test_relaying import IMPATIENT, arm
from tests.hedera.world import world
from tests.support.waiting import until

ACCEPTED, SUCCEEDED = RelayStatus.ACCEPTED, RelayStatus.SUCCEEDED
FAILED, UNKNOWN = RelayStatus.FAILED, RelayStatus.UNKNOWN


# --- Being stopped


async def test_calls_end_with_the_chain_and_with_whoever_waits_for_them() -> None:
    async with world() as here:
        arm(here, Kind.HANG, times=None)
        said: list[Outcome] = []
        async with trio.open_nursery() as nursery, here.watching() as chain:
            transfer = here.inspect(here.signed())

            async def submit() -> None:
                said.append(await chain.submit(transfer, in_doubt=False))

            nursery.start_soon(submit)
            await until(lambda: bool(here.taken()))
            with trio.move_on_after(0.05):
                await chain.submit(here.inspect(here.signed(memo="other")), in_doubt=False)
            here.sandbox.faults.clear()
        assert [outcome.status for outcome in said] == [UNKNOWN]
        assert chain._nodes._lines == {}
        await until(lambda: not [one for one in threading.enumerate() if "channel" in one.name.lower()])


async def test_while_it_does_not_run_nobody_is_spoken_to() -> None:
    async with world() as here:
        async with here.watching() as chain:
            transfer = here.inspect(here.signed())
        outcome = await chain.submit(transfer, in_doubt=False)
        assert outcome.status is FAILED
        assert here.codes() == []
        assert chain._nodes._lines == {}


# --- Certificates and addresses


async def test_a_node_with_another_certificate_is_handed_nothing() -> None:
    options = Options(consensus_delay_s=0.05, tls=True)
    async with world(options, tls=True, **IMPATIENT) as here:
        right = here.sandbox._address_book

        def other() -> list[object]:
            return [type(one)(one.number, one.host, one.port, "ab" * 48) for one in right()]

        here.sandbox.mirror._nodes = other  # type: ignore[assignment]
        async with here.watching() as chain:
            await until(lambda: bool(chain._nodes.ids))
            _, outcome = await here.hand_in(here.signed())
            assert outcome.status is FAILED
            assert (outcome.error or "").endswith("shows another certificate than is known of it")
            assert here.codes() == []
        here.sandbox.mirror._nodes = right
        async with here.watching() as chain:
            await until(lambda: bool(chain._nodes.ids))
            assert (await here.hand_in(here.signed()))[1].status is ACCEPTED


async def test_a_node_that_speaks_no_tls_is_handed_nothing() -> None:
    async with world(tls=True, **IMPATIENT) as here, here.watching() as chain:
        await until(lambda: bool(chain._nodes.ids))
        _, outcome = await here.hand_in(here.signed())
        assert (outcome.status, outcome.precheck) == (FAILED, None)
        assert here.codes() == []


async def test_addresses_come_from_the_mirror_and_a_node_that_moved_is_found() -> None:
    settings = {"nodes": None, "limits.book_again_s": 0.05, **IMPATIENT}
    async with world(**settings) as here, here.watching() as chain:
        await until(lambda: set(chain._nodes.ids) == {"0.0.3", "0.0.4"})
        assert (await here.hand_in(here.signed()))[1].status is ACCEPTED
        node = here.sandbox.node(3)
        node.stop()
        node.port = 0
        node.start()
        raw = here.signed(memo="moved")

        async def taken() -> bool:
            return (await here.hand_in(raw))[1].status is ACCEPTED

        await until(taken)
