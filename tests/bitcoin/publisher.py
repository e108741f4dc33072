"""A ZMQ publisher that says whatever it is told to, as nobody's node would."""

import zmq

from tests.support.waiting import until


class Publisher:
    """Publishes whatever it is told to; `keeps` so many messages for whoever is slow, 0 for all."""

    def __init__(self, keeps: int = 0) -> None:
        self._context = zmq.Context()
        self._socket = self._context.socket(zmq.XPUB)
        self._socket.setsockopt(zmq.SNDHWM, keeps)
        self.endpoint = f"tcp://127.0.0.1:{self._socket.bind_to_random_port('tcp://127.0.0.1')}"

    async def subscribed(self, topics: int) -> None:
        """Wait until somebody has subscribed to so many topics."""
        for _ in range(topics):
            await until(lambda: bool(self._socket.poll(0)))
            self._socket.recv()

    def send(self, *parts: bytes) -> None:
        self._socket.send_multipart(parts)

    def close(self) -> None:
        self._socket.close(linger=0)
        self._context.term()


def count(number: int) -> bytes:
    return number.to_bytes(4, "little")
