import base64
import random

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from paydaemon.core.errors import Refusal
from paydaemon_hedera import text
from tests.hedera.reasons import reason

transactions = st.tuples(st.sampled_from([b"\x0a", b"\x1a", b"\x22", b"\x2a"]), st.binary()).map(b"".join)


def forms(raw: bytes) -> list[bytes | str]:
    standard, safe = base64.b64encode(raw).decode(), base64.urlsafe_b64encode(raw).decode()
    texts = [standard, standard.rstrip("="), safe, safe.rstrip("="), raw.hex(), raw.hex().upper()]
    texts += ["0x" + raw.hex(), "0X" + raw.hex(), f" {standard}\n"]
    return [raw, *texts, *(one.encode() for one in texts if not one.startswith((" ", "\n")))]


@given(transactions)
@example(b"\x0a")
@example(bytes.fromhex("0abfbfbf"))
def test_every_form_is_read_as_the_same_bytes(raw: bytes) -> None:
    for form in forms(raw):
        assert text.decode(form) == raw
        assert text.parts(form) is None or isinstance(form, bytes)


@given(transactions, transactions)
def test_a_body_and_its_signatures_may_come_apart(body: bytes, signatures: bytes) -> None:
    joined = f"{base64.b64encode(body).decode()}.{signatures.hex()}"
    assert text.parts(joined) == text.parts(joined.encode()) == (body, signatures)


@pytest.mark.parametrize(
    ("given", "code"),
    [
        ("", "empty"),
        (b"", "empty"),
        ("  \n", "empty"),
        ("0a0", "bad_encoding"),
        ("0x", None),
        ("0xgg", "bad_encoding"),
        ("2a zz", "bad_encoding"),
        ("Cg=C", "bad_encoding"),
        ("C", "bad_encoding"),
        ("Cgé", "bad_encoding"),
        ("Cg!=", "bad_encoding"),
        ("Cgok!!!!", "bad_encoding"),
        ("Cgok\nCgok", "bad_encoding"),
        (b"\xff\xfe", "bad_encoding"),
    ],
)
def test_what_is_no_encoding_is_refused(given: bytes | str, code: str | None) -> None:
    if code is None:
        assert text.decode(given) == b""
        return
    with pytest.raises(Refusal) as refused:
        text.decode(given)
    assert (refused.value.param, reason(refused.value)) == ("transaction", code)


@pytest.mark.parametrize("form", [0, 1, 5])
def test_too_much_is_refused_in_every_form(form: int) -> None:
    most = b"\x0a" + random.Random(1).randbytes(text.MAX_BYTES - 1)
    assert text.decode(forms(most)[form]) == most
    with pytest.raises(Refusal) as refused:
        text.decode(forms(most + b"x")[form])
    assert reason(refused.value) == "too_large"
