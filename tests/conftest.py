"""What all tests share: a seed that is printed, so that what chance found can be found again."""

import gc
import logging
import os
import secrets

import hypothesis
import pytest
import structlog

from tests.support.browser import browser as browser

# A failing example prints what brings it back. No deadline: the machine may be busy with other tests.
hypothesis.settings.register_profile("paydaemon", print_blob=True, deadline=None)
hypothesis.settings.load_profile("paydaemon")

# What is worth a look only: a simulation would write a line for each payment that moves.
# And without the values of all locals in each frame of a traceback, which take up to four seconds to draw.
structlog.configure(
    wrapper_class=structlog.make_filtering_bound_logger(logging.WARNING),
    processors=[
        *structlog.get_config()["processors"][:-1],
        structlog.dev.ConsoleRenderer(exception_formatter=structlog.dev.plain_traceback),
    ],
)


COLLECTED_EVERY = (5_000, 10, 10)
"""As in the daemon (`paydaemon.app`), so that tests meet the collector as often as it does."""


def pytest_collection_finish() -> None:
    """What was imported and collected stays to the end: the garbage collector looks through it no more. In a
    process that holds all tests, that was an eighth of what they take.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(*COLLECTED_EVERY)


@pytest.fixture
def seed() -> int:
    """A fresh seed, shown where the test fails; ``PAYDAEMON_SEED=…`` in the environment repeats it."""
    chosen = int(os.environ.get("PAYDAEMON_SEED") or secrets.randbits(32))
    print(f"PAYDAEMON_SEED={chosen}")
    return chosen
