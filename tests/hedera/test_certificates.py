"""With TLS a node is handed something only where its certificate is known, by the book or the operator."""

import pytest

from paydaemon.core.relay import RelayStatus
from paydaemon.hooks.diagnosis import Verdict
from paydaemon_hedera.sandbox.running import Options
from tests.hedera.test_config import problems
from tests.hedera.test_diagnosis import found
from tests.hedera.test_relaying import IMPATIENT
from tests.hedera.world import World, world
from tests.support.waiting import until

TLS = Options(consensus_delay_s=0.05, tls=True)


def strike_from_the_book(here: World) -> None:
    here.sandbox.mirror._nodes = list


async def said(here: World) -> tuple[RelayStatus, str]:
    async with here.watching() as chain:
        await until(lambda: bool(chain._nodes.ids))
        _, outcome = await here.hand_in(here.signed())
        return outcome.status, outcome.error or ""


async def test_a_node_that_is_in_no_address_book_is_handed_nothing() -> None:
    async with world(TLS, tls=True, **IMPATIENT) as here:
        strike_from_the_book(here)
        status, error = await said(here)
        assert status is RelayStatus.FAILED
        assert error.endswith("has a certificate that nothing vouches for: its hash is not known")
        assert here.codes() == []


@pytest.mark.parametrize("is_right", [True, False], ids=["right", "wrong"])
async def test_the_operator_may_say_which_certificate_is_its_own(is_right: bool) -> None:
    async with world(TLS, tls=True, **IMPATIENT) as here:
        strike_from_the_book(here)
        assert here.sandbox.certificate is not None
        known = here.sandbox.certificate.hash if is_right else "ab" * 48
        here.config = here.config.model_copy(update={"certificate_hashes": {"0.0.3": known}})
        status, error = await said(here)
        assert status is (RelayStatus.ACCEPTED if is_right else RelayStatus.FAILED)
        assert error.endswith("" if is_right else "shows another certificate than is known of it")
        assert bool(here.codes()) is is_right


async def test_the_doctor_tells_of_nodes_that_nothing_vouches_for() -> None:
    async with world(TLS, tls=True, **IMPATIENT) as here:
        strike_from_the_book(here)
        findings = await found(here)
        for node in ("node 0.0.3", "node 0.0.4"):
            assert findings[node].verdict is Verdict.PROBLEM
            assert "nothing vouches for its certificate" in findings[node].said
            assert "certificate_hashes" in findings[node].advice
        assert findings["nodes"].verdict is Verdict.PROBLEM


@pytest.mark.parametrize(
    ("hashes", "message"),
    [({"0.0.3": "ab"}, "0.0.3 must be a SHA-384"), ({"0.0.9": "ab" * 48}, "0.0.9, which is not among nodes")],
)
def test_hashes_that_are_none_or_of_nobody(hashes: dict[str, str], message: str) -> None:
    (problem,) = problems(nodes={"0.0.3": "127.0.0.1:50212"}, certificate_hashes=hashes)
    assert message in problem
