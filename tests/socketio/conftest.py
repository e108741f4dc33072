"""What is logged, where a test looks at it."""

import io
from collections.abc import Iterator

import pytest

from paydaemon.logs import LogFormat, LogLevel, configure
from tests.logs.restore import restored


@pytest.fixture
def logged() -> Iterator[io.BytesIO]:
    """Lines of JSON."""
    stream = io.BytesIO()
    with restored():
        configure(LogFormat.JSON, LogLevel.DEBUG, stream=stream)
        yield stream
