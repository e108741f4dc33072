"""What a browser may do with the page, who may show it inside of theirs, and what it costs to load."""

import base64
import re
from hashlib import sha256
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from paydaemon.config.addresses import parse_origin
from paydaemon.frontends.checkout.policy import policy
from tests.support.served import PUBLIC_URL, Served, served

BUDGET_BYTES = 60 * 1024


def directives(header: str) -> dict[str, str]:
    return dict(one.strip().split(" ", 1) for one in header.split(";"))


async def test_nothing_but_its_own_may_run_style_or_be_reached(daemon: Served) -> None:
    invoice = await daemon.invoice()
    async with daemon.client("") as client:
        for id in (invoice["id"], "inv_none"):
            answer = await client.get(f"/i/{id}")
            (style,) = re.findall(r"<style>(.*?)</style>", answer.text, re.DOTALL)
            hashed = base64.b64encode(sha256(style.encode()).digest()).decode()
            assert directives(answer.headers["Content-Security-Policy"]) == {
                "default-src": "'none'",
                "script-src": "'self'",
                "style-src": f"'sha256-{hashed}'",
                "connect-src": "'self' wss://pay.example",
                "base-uri": "'none'",
                "form-action": "'none'",
                "frame-ancestors": "'none'",
            }
            assert not re.search(r"<script(?![^>]* src=)| style=| on[a-z]+=|//(?!www\.w3)", answer.text)
            assert "url(" not in style
            assert answer.headers["Cache-Control"] == "no-store"


async def test_only_those_pages_may_frame_it_that_are_named(tmp_path: Path) -> None:
    shops = ("https://shop.example", "https://cafe.example:8443")
    async with served(tmp_path, frame_ancestors=shops) as daemon, daemon.client("") as client:
        answer = await client.get(f"/i/{(await daemon.invoice())['id']}")
        docs = await client.get("/docs")
    assert directives(answer.headers["Content-Security-Policy"])["frame-ancestors"] == " ".join(shops)
    assert f'data-embedders="{" ".join(shops)}"' in answer.text
    assert "frame-ancestors 'none'" in docs.headers["Content-Security-Policy"]


async def test_a_seller_may_have_pages_of_its_own_in_place_of_those(tmp_path: Path) -> None:
    """At once, and for its own invoices alone."""
    async with (
        served(tmp_path, frame_ancestors=("https://mall.example",)) as daemon,
        daemon.client("") as client,
    ):
        own, other = await daemon.invoice(), await daemon.invoice(seller_id="rival")

        async def framed(invoice: dict[str, object]) -> tuple[str, list[str]]:
            answer = await client.get(f"/i/{invoice['id']}")
            told = directives(answer.headers["Content-Security-Policy"])["frame-ancestors"]
            return told, re.findall(r'data-embedders="([^"]*)"', answer.text)

        mall, shop = "https://mall.example", "https://shop.example https://cafe.example"
        for said, expected in ((shop.split(), shop), ([], "'none'"), (None, mall)):
            await daemon.engine.api.accounts.set_frames("shop", said)
            assert await framed(own) == (expected, [" ".join(said if said is not None else [mall])])
            assert await framed(other) == (mall, [mall])


@given(st.text(alphabet="htps:/*.;, '\"a-z0[]", max_size=20).map("https://a".__add__))
def test_no_origin_that_the_configuration_takes_ends_a_directive(origin: str) -> None:
    try:
        kept = parse_origin(origin)
    except ValueError:
        return
    assert len(directives(policy("", PUBLIC_URL, [kept]))) == 7
    assert not set("; ,'\"") & set(kept)


@pytest.mark.parametrize(
    ("public_url", "socket"),
    [
        ("https://pay.example", "wss://pay.example"),
        ("https://pay.example:8443/below/a/path", "wss://pay.example:8443"),
        ("http://127.0.0.1:8420", "ws://127.0.0.1:8420"),
        ("http://[::1]:8420", "ws://[::1]:8420"),
    ],
)
def test_its_websocket_is_named(public_url: str, socket: str) -> None:
    assert directives(policy("", public_url, []))["connect-src"] == f"'self' {socket}"


async def test_the_page_and_all_that_it_loads_are_small_and_kept(daemon: Served) -> None:
    invoice = await daemon.invoice(chains=["bitcoin", "hedera"], return_url="https://shop.example/thanks")
    async with daemon.client("") as client:
        page = await client.get(f"/i/{invoice['id']}")
        paths = re.findall(r'(?:src|href)="\.\.(/assets/[^"]+)"', page.text)
        scripts = [await client.get(path) for path in paths]
        shops = await client.get("/paydaemon.js")
        other = await client.get(re.sub(r"[0-9a-f]{16}", "0" * 16, paths[0]))
        missing = await client.get(paths[0].replace("page.js", "paydaemon.js"))
    sizes = {path.rpartition("/")[2]: len(one.content) for path, one in zip(paths, scripts, strict=True)}
    print({"page": len(page.content), **sizes})
    assert len(page.content) + sum(sizes.values()) <= BUDGET_BYTES
    for one in scripts:
        assert one.headers["Cache-Control"] == "public, max-age=31536000, immutable"
        named = re.findall(r'from "\./([^"]+)"', one.text)
        assert set(named) <= set(sizes), "a module that the page does not name costs a round trip more"
    assert shops.headers["Cache-Control"] == "public, max-age=3600"
    assert (other.status_code, missing.status_code) == (404, 404)
