"""A service manager's side of sd_notify(3): a real datagram socket, and what was told there."""

import socket
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import trio

from tests.support.waiting import until


@dataclass
class Told:
    """Everything that was told so far. `address` is what NOTIFY_SOCKET says."""

    address: str
    messages: list[Mapping[str, str]] = field(default_factory=list)

    def values(self, name: str) -> list[str]:
        """Every value that was told of one name, in order."""
        return [message[name] for message in self.messages if name in message]

    async def until(self, name: str, part: str = "", *, after: int = 0) -> int:
        """Wait until `name` is told with a value that holds `part`; how many messages there were by then.

        The first `after` messages do not count.
        """

        def place() -> int | None:
            rest = enumerate(self.messages[after:], after + 1)
            return next((count for count, message in rest if name in message and part in message[name]), None)

        try:
            await until(lambda: place() is not None)
        except trio.TooSlowError:
            raise AssertionError(f"{name}={part} was not told: {self.messages[-20:]}") from None
        found = place()
        assert found is not None
        return found


@asynccontextmanager
async def listening(address: str) -> AsyncIterator[Told]:
    """Listen at an address until the block ends."""
    told = Told(address)
    with trio.socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as receiver:
        await receiver.bind(address.replace("@", "\0", 1))
        async with trio.open_nursery() as nursery:
            nursery.start_soon(_receive, receiver, told)
            yield told
            nursery.cancel_scope.cancel()


async def _receive(receiver: trio.socket.SocketType, told: Told) -> None:
    while True:
        lines = (await receiver.recv(4_096)).decode().splitlines()
        told.messages.append(dict(line.split("=", 1) for line in lines))
