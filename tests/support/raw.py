"""HTTP as bytes on a socket, for what no client would send."""

import trio

from tests.support.waiting import BOUND_S


async def read_answer(stream: trio.SocketStream) -> tuple[int, bytes]:
    """The first answer's status and body; status 0 where the connection is closed without one."""
    received = b""
    with trio.fail_after(BOUND_S):
        while True:
            head, separator, body = received.partition(b"\r\n\r\n")
            if separator and len(body) >= _length(head):
                return int(head.split()[1]), body[: _length(head)]
            data = await stream.receive_some()
            if not data:
                return int(head.split()[1]) if separator else 0, b""
            received += data


def _length(head: bytes) -> int:
    for line in head.lower().split(b"\r\n"):
        if line.startswith(b"content-length:"):
            return int(line.partition(b":")[2])
    return 0


async def reads_to_the_end(stream: trio.SocketStream) -> bytes:
    """Everything until the server closes."""
    received = b"-"
    with trio.fail_after(BOUND_S):
        while data := await stream.receive_some():
            received += data
    return received[1:] or b"-"
