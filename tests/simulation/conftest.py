"""What these tests share: silence."""

import logging
from collections.abc import Iterator

import pytest
import structlog

from tests.logs.restore import restored


@pytest.fixture(autouse=True)
def quiet() -> Iterator[None]:
    """Chains that are away and disks that fail are what these lives are made of."""
    with restored():
        structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))
        yield
