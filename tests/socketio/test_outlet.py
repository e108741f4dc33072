"""The outlet: what it sends at once, what waits with a task, and what nobody waits for any more."""

import trio

from paydaemon_socketio.engineio.packets import Version
from paydaemon_socketio.engineio.query import Transport
from paydaemon_socketio.engineio.session import Session
from paydaemon_socketio.outlet import Outlet
from tests.socketio.test_session_machine import BOUNDS, TIMES
from tests.socketio.world import Wire, settle


def talking(wire: Wire, nursery: trio.Nursery) -> tuple[Session, Outlet]:
    session = Session("id", Version.THREE, Transport.WEBSOCKET, TIMES, BOUNDS, 0)
    outlet = Outlet(session, wire, nursery)
    session.bell.told = outlet.look
    return session, outlet


async def test_only_what_has_to_wait_has_a_task() -> None:
    wire = Wire(room=1)
    async with trio.open_nursery() as nursery:
        session, _ = talking(wire, nursery)
        session.say("a")
        assert not nursery.child_tasks
        session.say("b")
        session.say("c")
        await settle()
        assert len(nursery.child_tasks) == 1
        assert [await wire.hear() for _ in range(3)] == ["a", "b", "c"]
        await settle()
        assert not nursery.child_tasks


async def test_nothing_waits_any_more_once_it_is_closed() -> None:
    wire = Wire(room=1)
    async with trio.open_nursery() as nursery:
        session, outlet = talking(wire, nursery)
        for text in "abc":
            session.say(text)
        await settle()
        outlet.close()
        await settle()
        assert not nursery.child_tasks
        await wire.close(1000, "")
        assert await wire.hear_all() == ["a"]
