"""Templates: ours, the operator's in their place, and mistakes in them, which stop the start."""

import re
from collections.abc import Callable
from html.parser import HTMLParser
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from paydaemon_email.occasions import Occasion
from paydaemon_email.samples import INVOICE, PAYMENT, SENDER, event, samples
from paydaemon_email.templates import OURS, BadTemplate, Templates
from paydaemon_email.variables import VARIABLES, of_event

OLD = (
    *("PAYMENT_REQUEST_ID", "SELLER_ID", "AMOUNT_FIAT", "CURRENCY", "NOTE"),
    *("ADDRESS", "AMOUNT_BTC", "PRICE_BTC", "PRICE_TIMESTAMP", "TXID"),
)
"""The variables of Bitcoin Spellbook's payment processor."""

Write = Callable[[str, str], Path]


@pytest.fixture
def write(tmp_path: Path) -> Write:
    """Puts a template into a folder of the operator's; returns the folder."""

    def put(name: str, source: str) -> Path:
        path = tmp_path / "mails" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(source, encoding="utf-8")
        return tmp_path / "mails"

    return put


def test_there_is_text_and_html_of_every_mail_and_a_receipt_in_german() -> None:
    ours = {path.relative_to(OURS).as_posix() for path in OURS.rglob("*.*") if path.name[0] != "_"}
    assert ours == {
        *(f"en/{letter}.{ending}" for letter in VARIABLES for ending in ("txt", "html")),
        *("de/receipt.txt", "de/receipt.html"),
    }


def test_all_of_ours_can_be_rendered(write: Write) -> None:
    Templates(write("_unused.txt", "where a part is replaced, whatever may share it is tried"))


@pytest.mark.parametrize("letter", VARIABLES)
def test_a_mail_gets_just_the_variables_that_are_documented(letter: str) -> None:
    for sample in samples(letter):
        assert list(sample) == list(VARIABLES[letter])


@pytest.mark.parametrize("occasion", [Occasion.RECEIVED, Occasion.CONFIRMED])
def test_the_two_mails_of_old_have_all_their_variables(write: Write, occasion: Occasion) -> None:
    source = "Subject: x\n\n" + "\n".join(f"{name}={{{{ {name} }}}}" for name in OLD)
    templates = Templates(write(f"en/{occasion}.txt", source))
    data = {"invoice": INVOICE, "payment": PAYMENT}
    variables = of_event(occasion, event(occasion, data), sender=SENDER)
    assert templates.render(occasion, [], variables).text.splitlines() == [
        "PAYMENT_REQUEST_ID=inv_m4tq7zsv2hx6ydk3lb5wnrpe",
        "SELLER_ID=shop",
        "AMOUNT_FIAT=12.50",
        "CURRENCY=EUR",
        "NOTE=Two coffees",
        "ADDRESS=bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t4",
        "AMOUNT_BTC=0.00020834",
        "PRICE_BTC=60000.00",
        "PRICE_TIMESTAMP=2026-01-31T12:00:00.000Z",
        "TXID=4a5e1e4baab89f3a32518a88c31bc87f618f76673e2cc77ab2127b7afdeda33b",
    ]


@pytest.mark.parametrize(
    ("occasion", "subject"),
    [
        (Occasion.RECEIVED, "Transaction received for payment inv_m4tq7zsv2hx6ydk3lb5wnrpe"),
        (Occasion.CONFIRMED, "Payment request inv_m4tq7zsv2hx6ydk3lb5wnrpe is confirmed"),
    ],
)
def test_the_two_mails_of_old_have_their_subjects(occasion: Occasion, subject: str) -> None:
    assert Templates().render(occasion, [], next(iter(samples(occasion)))).subject == subject


# --- The operator's own


def test_one_file_takes_the_place_of_ours_and_the_others_stay(write: Write) -> None:
    templates = Templates(write("en/received.txt", "Subject: Money!\n\nFrom {{ seller | upper }}.\n"))
    letter = templates.render("received", [], next(iter(samples("received"))))
    assert (letter.subject, letter.text) == ("Money!", "From SHOP.\n")
    assert letter.html is not None
    assert "Transaction received" in letter.html


def test_an_empty_html_file_makes_it_a_mail_of_text_alone(write: Write) -> None:
    templates = Templates(write("en/received.html", "\n"))
    assert templates.render("received", [], next(iter(samples("received")))).html is None


def test_a_language_of_ones_own(write: Write) -> None:
    templates = Templates(write("fr/receipt.txt", "Subject: Votre paiement\n\nMerci.\n"))
    sample = next(iter(samples("receipt")))
    found = [templates.render("receipt", [locale, "de"], sample).subject for locale in ("fr_CA", "FR", "it")]
    assert found == ["Votre paiement", "Votre paiement", "Ihre Zahlung an shop"]


def test_parts_can_be_shared_and_ours_can_be_replaced(write: Write) -> None:
    write("_foot.txt", "-- {{ sender }}")
    write("en/received.txt", 'Subject: x\n\n{% include "_foot.txt" %}\n')
    templates = Templates(write("_page.html", "<b>{% block title %}{% endblock %}</b>"))
    letter = templates.render("received", [], next(iter(samples("received"))))
    assert (letter.text, letter.html) == ("-- paydaemon\n", "<b>Transaction received</b>\n")


# --- Mistakes


@pytest.mark.parametrize(
    ("name", "source", "said"),
    [
        ("en/received.txt", "Subject: x\n\nDear {{ bayer }}\n", "line 3: 'bayer' is undefined"),
        ("en/received.txt", "Subject: {{ nott }}\n\n", "line 1: 'nott' is undefined"),
        ("en/received.txt", "Subject: x\n\n\n{{ invoice.nott }}", "line 4: 'dict object' has no attribute"),
        ("en/received.txt", "Subject: x\n\n{% if %}\n", "line 3: Expected an expression"),
        ("en/received.txt", "Subject: x\n\n{{ at | wenn }}\n", "line 3: No filter named 'wenn'"),
        ("en/received.txt", "Subject: x\n\n{{ 1 // 0 }}\n", "line 3: integer division"),
        ("en/received.txt", 'Subject: x\n\n{% include "gone.txt" %}\n', "line 3: gone.txt"),
        ("en/received.txt", "Hello\n", 'line 1: must begin with a line such as "Subject: Paid"'),
        ("en/received.txt", "Subject: x\nHello\n", 'line 1: must begin with a line such as "Subject: Paid"'),
        ("en/received.html", "<p>\n{{ nott }}", "line 2: 'nott' is undefined"),
        ("en/confirmed.txt", "Subject: x\n\n{{ payment.id }}", "line 3: 'None' has no attribute 'id'"),
        (
            "en/received.txt",
            "Subject: x\n\n{{ invoice.buyer.name }}",
            "line 3: 'dict object' has no attribute",
        ),
        ("fr/receipt.txt", "Subject: x\n\n{{ nott }}", "line 3: 'nott' is undefined"),
        ("en/recieved.txt", "Subject: x\n\n", ": is no mail: there are received, confirmed,"),
        ("FR/receipt.txt", "Subject: x\n\n", ": is no mail"),
        ("receipt.txt", "Subject: x\n\n", ": is no mail"),
        ("fr/receipt.html", "x", ": has no receipt.txt beside it"),
        ("en/received.txt", "Subject: x\n\n" + "x" * 300_000, ": is larger than 262144 bytes"),
        ("en/received.txt", "Subject: x\n\n{{ ''.__class__.__mro__ }}", "is unsafe"),
        ("en/received.txt", "Subject: x\n\n{{ invoice.update(a=1) }}", "is unsafe"),
    ],
)
def test_a_mistake_is_told_with_file_and_line(write: Write, name: str, source: str, said: str) -> None:
    with pytest.raises(BadTemplate) as caught:
        Templates(write(name, source))
    assert str(caught.value).startswith(f"templates: {name}")
    assert said in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_mistake_in_a_part_is_told_where_it_is(write: Write) -> None:
    write("_part.txt", "\n{{ nott }}")
    with pytest.raises(BadTemplate, match=r"_part\.txt, line 2: 'nott' is undefined"):
        Templates(write("en/received.txt", 'Subject: x\n\n{% include "_part.txt" %}'))


def test_what_is_no_text(write: Write, tmp_path: Path) -> None:
    folder = write("en/received.txt", "")
    (folder / "en/received.txt").write_bytes(b"Subject: \xff\n\n")
    with pytest.raises(BadTemplate, match=r"received\.txt: is not UTF-8 text"):
        Templates(folder)


# --- Hostile notes

HOSTILE = [
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "</td></table><h1>Pay here</h1>",
    "{{ 7 * 7 }}{% raw %}",
    "javascript:alert(1)",
    "a\u202eb\x00c\x1b[31m",
]

FORGED = ["  Due            0.00 HBAR", "Payments:", "> ", "-- "]
ENDS = ["\n", "\r", "\r\n", "\v", "\f", "\x1c", "\x85", "\u2028", "\u2029"]
OUR_OWN = Templates()


class Tags(HTMLParser):
    """Every tag of a page with its attributes."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.found: list[tuple[str, tuple[str, ...]]] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, tuple(name for name, _ in attrs)))


@pytest.mark.parametrize("note", HOSTILE)
@pytest.mark.parametrize("letter", [Occasion.RECEIVED, Occasion.CONFIRMED, Occasion.LATE, Occasion.RECEIPT])
def test_what_a_note_says_stays_text(letter: Occasion, note: str) -> None:
    templates = Templates()

    def page(text: str) -> tuple[str, str]:
        invoice = {**INVOICE, "note": text, "seller_id": text}
        data = {"invoice": invoice, "payment": {**PAYMENT, "transaction_id": text}}
        made = templates.render(letter, [], of_event(letter, event(letter, data), sender=text))
        assert made.html is not None
        return made.text, made.html

    harmless, hostile = page("a note"), page(note)
    assert Tags(hostile[1]).found == Tags(harmless[1]).found
    assert re.search(r"[\x00-\x08\x0b-\x1f\u202e]", "".join(hostile)) is None
    assert "49" not in hostile[0].replace(note, "")


def rendered(letter: Occasion, **fields: object) -> tuple[str, str]:
    data = {"invoice": {**INVOICE, **fields}, "payment": PAYMENT}
    made = OUR_OWN.render(letter, [], of_event(letter, event(letter, data), sender=SENDER))
    assert made.html is not None
    return made.text, made.html


def own_lines(text: str) -> list[str]:
    """The lines that are not quoted, to whoever takes whatever may end a line for its end."""
    return [line for line in text.splitlines() if not line.startswith(">")]


@given(
    st.lists(st.sampled_from([*FORGED, *ENDS, "\u202e", "\u2066", " ", "x" * 300]) | st.text(), max_size=60),
    st.sampled_from([Occasion.RECEIVED, Occasion.CONFIRMED, Occasion.LATE, Occasion.REVERSED]),
)
def test_no_line_that_is_not_quoted_is_of_the_note(parts: list[str], letter: Occasion) -> None:
    note = "a" + "".join(parts)
    (text, html), (harmless, harmless_html) = rendered(letter, note=note), rendered(letter, note="a")
    assert own_lines(text) == own_lines(harmless)
    quoted = [line for line in text.splitlines() if line.startswith(">")]
    assert len(quoted) <= 20
    assert max(map(len, quoted)) <= 76
    assert text.index("Due ") < text.index("\n>")
    assert Tags(html).found == Tags(harmless_html).found
    begin, end = (harmless_html.index(mark) for mark in (">a</blockquote>", "</blockquote>"))
    assert html.startswith(harmless_html[:begin])
    assert html.endswith(harmless_html[end:])
    assert re.search("[\u2028\u2029\u202a-\u202e\u2066-\u2069\r\x85]", text + html) is None


def test_a_note_in_lines_stays_in_lines_and_one_that_is_long_is_cut() -> None:
    text, html = rendered(Occasion.RECEIVED, note="two coffees\n\nand a cake")
    assert "\n\nThe seller's note:\n> two coffees\n>\n> and a cake\n" in text
    assert ">two coffees\n\nand a cake</blockquote>" in html
    text, _ = rendered(Occasion.RECEIVED, note="\n".join(map(str, range(300))))
    assert "\n> 18\n> […]\n" in text


@given(st.text())
def test_what_a_node_says_is_one_line(reason: str) -> None:
    data = {"chain": "bitcoin", "reason": "a" + reason, "as_of": None}
    body = event(Occasion.STALE, data)
    variables = of_event(Occasion.STALE, body, sender=SENDER)
    assert len(OUR_OWN.render("stale", [], variables).text.splitlines()) == 7


def test_a_note_in_a_template_of_the_operators_is_one_line(write: Write) -> None:
    templates = Templates(write("en/received.txt", "Subject: x\n\nFor {{ NOTE }}\n"))
    data = {"invoice": {**INVOICE, "note": "coffee\nDue: 0.00"}, "payment": PAYMENT}
    variables = of_event(Occasion.RECEIVED, event(Occasion.RECEIVED, data), sender=SENDER)
    assert templates.render("received", [], variables).text == "For coffee Due: 0.00\n"


def test_nothing_in_a_page_is_fetched_and_nothing_runs() -> None:
    templates = Templates()
    for letter in VARIABLES:
        for sample in samples(letter):
            page = templates.render(letter, [], sample).html
            assert page is not None
            tags = Tags(page).found
            assert not {tag for tag, _ in tags} & {"script", "img", "link", "iframe", "form", "object"}
            assert not {name for _, names in tags for name in names if name.startswith("on") or name == "src"}
            assert "url(" not in page
