"""What a child says, for whoever started it (`paydaemon.hooks.children`) and reads it in trio."""

import os
from collections.abc import Iterator
from contextlib import contextmanager

import trio


@contextmanager
def spout() -> Iterator[tuple[int, trio.lowlevel.FdStream]]:
    """A pipe: the end for a child, which is ours until the block is left, and the one to read."""
    ours, childs = os.pipe()
    try:
        yield childs, trio.lowlevel.FdStream(ours)
    finally:
        os.close(childs)
