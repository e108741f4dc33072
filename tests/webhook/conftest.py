"""One authority and one receiver for all the tests of a process; each finds it empty and well-behaved."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import trustme

from tests.support.receiving import Receiver
from tests.webhook.world import SECRET


@dataclass(frozen=True, slots=True)
class Authority:
    """Somebody who signs certificates, and the file by which that is believed."""

    ca: trustme.CA
    ca_file: Path

    def certificate(self, *names: str, days: int = 2) -> bytes:
        """A certificate and its key, in PEM."""
        until = datetime.now(UTC) + timedelta(days=days)
        before = datetime.now(UTC) - timedelta(days=5)
        made = self.ca.issue_cert(*names, not_before=before, not_after=until)
        return made.private_key_and_cert_chain_pem.bytes()


@pytest.fixture(scope="session")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    ca, file = trustme.CA(), tmp_path_factory.mktemp("authority") / "ca.pem"
    ca.cert_pem.write_to_path(str(file))
    return Authority(ca, file)


@pytest.fixture(scope="session")
def shop(tmp_path_factory: pytest.TempPathFactory, authority: Authority) -> Iterator[Receiver]:
    certificate = authority.certificate("shop.example", "127.0.0.1", "xn--bcher-kva.example")
    with Receiver(tmp_path_factory.mktemp("shop"), certificate=certificate).open() as shop:
        yield shop


@pytest.fixture
def receiver(shop: Receiver) -> Receiver:
    shop.forget()
    shop.knows(hook=SECRET)
    return shop
