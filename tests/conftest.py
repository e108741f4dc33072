"""What all tests share: a seed that is printed, so that what chance found can be found again."""

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
# Tracebacks are plain: drawn as structlog does by default, one takes up to a second of the processor's time.
structlog.configure(
    wrapper_class=structlog.make_filtering_bound_logger(logging.WARNING),
    processors=[
        *structlog.get_config()["processors"][:-1],
        structlog.dev.ConsoleRenderer(exception_formatter=structlog.dev.plain_traceback),
    ],
)


@pytest.fixture
def seed() -> int:
    """A fresh seed, shown where the test fails; ``PAYDAEMON_SEED=…`` in the environment repeats it."""
    chosen = int(os.environ.get("PAYDAEMON_SEED") or secrets.randbits(32))
    print(f"PAYDAEMON_SEED={chosen}")
    return chosen
