"""docs/metrics.md says what a real daemon serves, and its alert rules ask for what is there."""

import re
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from paydaemon_bitcoin.regtest import RegtestNode
from paydaemon_hedera.sandbox.running import Options, Running
from tests.e2e.setup import bitcoin
from tests.metrics.pages import Page
from tests.support.daemon import Daemon, address_of, due_of, patiently, running
from tests.support.hederanet import HederaNet, settings
from tests.support.node import pay_many

TEXT = (Path(__file__).parents[2] / "docs" / "metrics.md").read_text(encoding="utf-8")
ROW = re.compile(r"^\| `([a-z_]+)` \| (counter|gauge|histogram) \|([^|]*)\|([^|]*)\|", re.MULTILINE)
NAME = re.compile(r"\b(?:paydaemon|process)_[a-z_]+\b")
SUFFIXES = ("_bucket", "_count", "_sum")


def documented() -> dict[str, tuple[str, frozenset[str]]]:
    """Every metric of the tables, with its type and labels."""
    return {
        name: (type, frozenset(re.findall(r"`([a-z_]+)`", labels)))
        for name, type, labels, _ in ROW.findall(TEXT)
    }


def served(page: Page) -> dict[str, tuple[str, frozenset[str]]]:
    """The same of what is served, where there is a value."""
    return {
        f"{family.name}_total" if family.type == "counter" else family.name: (
            family.type,
            frozenset(label for sample in family.samples for label in sample.labels) - {"le"},
        )
        for family in page.families.values()
        if family.samples
    }


NOBODY = "http://127.0.0.1:1/"


@pytest.fixture
async def everything(node: RegtestNode, tmp_path: Path) -> AsyncIterator[Daemon]:
    """A daemon paid on either chain, that has relayed and refused, and has somebody to tell who is away."""
    with Running(Options(consensus_delay_s=0.05)) as sandbox:
        tables = settings(sandbox)
        tables["chains"] |= bitcoin(node)["chains"]
        tables["notifiers"] = {"webhook": {"plugin": "webhook", "allow": ["127.0.0.1/32"]}}
        async with running(tmp_path, tables) as daemon:
            net = HederaNet(sandbox, daemon)
            await net.hand_in(net.signed(await net.invoice()))
            await daemon.call("POST", "/v1/relay/hedera", {"transaction": "AAAA"}, expect=4)
            await daemon.call("POST", "/v1/webhooks", {"url": NOBODY})
            yield daemon


async def scraped(daemon: Daemon, node: RegtestNode) -> Page:
    """A daemon's metrics after a payment, while somebody listens, once all has happened that they tell of."""
    invoice = await daemon.invoice()
    page = Page("")

    async def is_whole() -> bool:
        nonlocal page
        page = Page((await client.get("/metrics")).text)
        return documented().keys() <= served(page).keys()

    async with daemon.stream(), daemon.client() as client:
        await pay_many(node, (address_of(invoice), due_of(invoice)))
        await daemon.until_status(invoice["id"], "processing")
        await patiently(is_whole)
    return page


async def test_what_is_documented_is_served_and_the_other_way_round(
    everything: Daemon, node: RegtestNode
) -> None:
    page = await scraped(everything, node)
    assert served(page) == documented()
    assert page.value("chain_look_seconds_count", "bitcoin") > 0
    assert page.value("payment_detection_seconds_count", "bitcoin") > 0
    assert page.value("websockets", "tcp") == 1


def test_every_name_in_the_text_is_a_metrics() -> None:
    known = {*documented(), *(name + suffix for name in documented() for suffix in SUFFIXES)}
    assert set(NAME.findall(TEXT)) <= known


def test_every_unit_is_named_in_the_metrics_name() -> None:
    for name, _, _, unit in ROW.findall(TEXT):
        if unit.strip() in ("seconds", "bytes"):
            assert unit.strip() in name
