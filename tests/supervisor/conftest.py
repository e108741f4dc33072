"""Failures are logged with their tracebacks; here, as bytes into nowhere."""

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
        configure(LogFormat.JSON, LogLevel.WARNING, stream=stream)
        yield stream
