"""Logging belongs to the whole process: a test that configures it puts it back."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager

import structlog

from paydaemon.logs import QUIET


@contextmanager
def restored() -> Iterator[None]:
    """Whatever is configured inside is gone afterwards."""
    root, before = logging.getLogger(), structlog.get_config()
    handlers = root.handlers[:]
    levels = {logger: logger.level for logger in (root, *map(logging.getLogger, QUIET))}
    try:
        yield
    finally:
        structlog.configure(**before)
        logging.captureWarnings(False)
        root.handlers[:] = handlers
        for logger, level in levels.items():
            logger.setLevel(level)
