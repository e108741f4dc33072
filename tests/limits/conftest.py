"""What provocations log goes nowhere: a traceback on a console takes longer than most limits here."""

import io
from collections.abc import Iterator

import pytest

from paydaemon.logs import LogFormat, LogLevel, configure
from tests.logs.restore import restored


@pytest.fixture(autouse=True)
def logged() -> Iterator[io.BytesIO]:
    """What was logged, as lines of JSON."""
    stream = io.BytesIO()
    with restored():
        configure(LogFormat.JSON, LogLevel.DEBUG, stream=stream)
        yield stream
