"""``/docs`` shows the whole document, to everybody, with nothing from elsewhere and no script."""

import re
from html.parser import HTMLParser
from urllib.parse import urljoin

import pytest

from paydaemon.frontends import FrontendSettings
from paydaemon.frontends.openapi.codes import CODES
from paydaemon.frontends.openapi.document import draw_up
from paydaemon.frontends.openapi.layout import lay_out
from paydaemon.frontends.openapi.page import prose
from paydaemon.frontends.openapi.tags import TAGS
from paydaemon.frontends.routes.interface import Press
from tests.support.served import Served


class Read(HTMLParser):
    """What a browser would make of a page: its elements, and whether they are closed in order."""

    VOID = ("meta", "link", "br", "hr", "img", "input")

    def __init__(self, html: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str]]] = []
        self.text = ""
        self._open: list[str] = []
        self.feed(html)
        assert not self._open, self._open

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, {name: value or "" for name, value in attrs}))
        if tag not in self.VOID:
            self._open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self._open.pop() == tag, self.getpos()

    def handle_data(self, data: str) -> None:
        self.text += data

    def all(self, name: str) -> list[str]:
        """The values of an attribute, wherever it is."""
        return [attributes[name] for _, attributes in self.elements if name in attributes]


def page(url: str = "https://pay.example", *, administration: bool = False) -> Read:
    return Read(Press(FrontendSettings(url), administration).sheet().page)


async def test_it_is_shown_to_everybody_and_brings_nothing_along(daemon: Served) -> None:
    async with daemon.client("") as client:
        answer = await client.get("/docs")
        assert answer.status_code == 200
        assert answer.text.startswith("<!doctype html>")
        policy = answer.headers["Content-Security-Policy"]
        assert policy.startswith("default-src 'none'; style-src 'self';")
        assert "unsafe" not in policy
        style = await client.get("/assets/docs.css")
    assert (style.status_code, style.headers["Content-Type"]) == (200, "text/css; charset=utf-8")
    assert "url(" not in style.text
    assert "@import" not in style.text
    read = Read(answer.text)
    names = {name for name, _ in read.elements}
    assert not names & {"script", "style", "img", "iframe", "form"}
    assert not [name for _, attributes in read.elements for name in attributes if name.startswith("on")]
    assert not read.all("style")


@pytest.mark.parametrize("administration", [False, True])
def test_it_shows_everything(administration: bool) -> None:
    read = page(administration=administration)
    anchors = read.all("id")
    assert len(set(anchors)) == len(anchors)
    document = draw_up(FrontendSettings("https://pay.example"), administration=administration)
    assert {f"code-{code}" for code in CODES} <= set(anchors)
    assert {f"shape-{name}" for name in document["components"]["schemas"]} <= set(anchors)  # type: ignore[index]
    for tag in TAGS:
        if tag.administration and not administration:
            continue
        for operation in tag.operations:
            assert operation.id in anchors
            assert operation.summary in read.text
            assert all(parameter.name in read.text for parameter in operation.parameters)


def test_every_link_leads_somewhere() -> None:
    read = page()
    anchors = set(read.all("id"))
    links = read.all("href")
    assert len(links) > 200
    for link in links:
        if link.startswith("#"):
            assert link[1:] in anchors, link
        else:
            assert link in ("openapi.json", "assets/docs.css")


def test_links_work_below_a_path() -> None:
    links = {link for link in page("https://pay.example/money").all("href") if not link.startswith("#")}
    found = {urljoin("https://pay.example/money/docs", link) for link in links}
    assert found == {"https://pay.example/money/openapi.json", "https://pay.example/money/assets/docs.css"}


async def test_so_do_those_of_the_checkout_page(daemon: Served) -> None:
    invoice = await daemon.invoice()
    async with daemon.client("") as client:
        for id in (invoice["id"], "inv_nothing"):
            read = Read((await client.get(f"/i/{id}")).text)
            links = {urljoin(f"https://pay.example/money/i/{id}", link) for link in read.all("href")}
            links |= {urljoin(f"https://pay.example/money/i/{id}", link) for link in read.all("src")}
            here = ("https://pay.example/money/assets/", f"https://pay.example/money/i/{id}?", "bitcoin:")
            assert all(link.startswith(here) for link in links)


def test_requests_are_shown_with_what_they_need() -> None:
    entries = {
        entry.id: entry.curl
        for chapter in lay_out(draw_up(FrontendSettings("https://pay.example/money"))).chapters
        for entry in chapter.entries
    }
    assert entries["isAlive"] == "curl https://pay.example/money/healthz"
    assert entries["createInvoice"].splitlines() == [
        "curl https://pay.example/money/v1/invoices \\",
        '  -H "Authorization: Bearer $KEY" \\',
        "  -H 'Idempotency-Key: order-2026-0117' \\",
        "  -H 'Content-Type: application/json' \\",
        """  -d '{"amount": "12.50", "currency": "EUR"}'""",
    ]


def test_administration_is_shown_through_its_socket() -> None:
    chapters = lay_out(draw_up(FrontendSettings("https://x"), administration=True)).chapters
    for entry in (entry for chapter in chapters for entry in chapter.entries):
        assert entry.curl.startswith('curl --unix-socket "$SOCKET" http://paydaemon/'), entry.curl
        assert "$KEY" not in entry.curl


def test_nothing_in_the_document_becomes_markup(monkeypatch: pytest.MonkeyPatch) -> None:
    evil = "<script>alert(1)</script> `<img src=x>` \" ' &"
    document = draw_up(FrontendSettings("https://pay.example"))
    poisoned = poison(document, evil)
    shown = Press(FrontendSettings("https://pay.example"), False)
    monkeypatch.setattr("paydaemon.frontends.routes.interface.draw_up", lambda *_, **__: poisoned)
    html = shown.sheet().page
    assert "alert(1)" in html
    assert not {name for name, _ in Read(html).elements} & {"script", "img"}


def poison(value: object, evil: str) -> object:
    """Every text that people read, replaced."""
    match value:
        case dict():
            told = ("description", "summary", "message", "title", "x-enum-descriptions")
            return {
                key: evil if key in told and isinstance(one, str) else poison(one, evil)
                for key, one in value.items()
            }
        case list():
            return [poison(one, evil) for one in value]
        case _:
            return value


def test_prose_has_paragraphs_and_code_and_nothing_else() -> None:
    assert prose("a `b<c` d\n\ne & f") == "<p>a <code>b&lt;c</code> d</p><p>e &amp; f</p>"
    assert prose("") == ""
    assert re.findall(r"<(\w+)", prose("*no* [link](x) <b>bold</b>")) == ["p"]
