"""One mail server for all the tests of a process; each finds it empty and well-behaved."""

from collections.abc import Iterator

import pytest

from tests.support.post import PostOffice


@pytest.fixture(scope="session")
def office(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PostOffice]:
    with PostOffice(tmp_path_factory.mktemp("post")).open() as office:
        yield office


@pytest.fixture
def post(office: PostOffice) -> PostOffice:
    office.forget()
    return office
