"""Email addresses as a server is told them (RFC 5321, section 4.1.2; RFC 6531 beyond ASCII).

What is taken here goes into commands and headers, so it is told what may be in it and not what may not.
Whether anybody reads mail there is for the server to say: no library that asks the DNS could know it better.
"""

import re
import unicodedata
from dataclasses import dataclass

import idna

MAX_LOCAL = 64
MAX_DOMAIN = 253

# RFC 5322's dot-atom, with RFC 6532's characters beyond ASCII.
_ATOM = r"(?:[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]|[^\x00-\xa0])+"
_LOCAL = re.compile(rf"{_ATOM}(?:\.{_ATOM})*")
_LABEL = r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?"
_DOMAIN = re.compile(rf"{_LABEL}(?:\.{_LABEL})*", re.ASCII)


@dataclass(frozen=True, slots=True)
class Mailbox:
    """One address. `domain` is as the DNS has it: ASCII, a name beyond that encoded (RFC 5891)."""

    local: str
    domain: str

    def __str__(self) -> str:
        return f"{self.local}@{self.domain}"

    @property
    def needs_smtputf8(self) -> bool:
        """Whether only a server with SMTPUTF8 (RFC 6531) can be told it: there is no ASCII for the first
        part.
        """
        return not self.local.isascii()


def parse_mailbox(text: str) -> Mailbox:
    """``ada@bücher.example`` → its two parts. Raises `ValueError` saying what is wrong with it."""
    local, at, domain = text.rpartition("@")
    if not at or not local or not domain:
        raise ValueError("must be an email address such as ada@shop.example")
    return Mailbox(_local(unicodedata.normalize("NFC", local)), _domain(domain))


def _local(text: str) -> str:
    if _LOCAL.fullmatch(text) is None or not text.isprintable():
        raise ValueError("has before its @ what an email address cannot have")
    if len(text.encode()) > MAX_LOCAL:
        raise ValueError(f"has more than {MAX_LOCAL} bytes before its @")
    return text


def _domain(text: str) -> str:
    try:
        domain = (text if text.isascii() else idna.encode(text, uts46=True).decode()).lower()
    except idna.IDNAError as error:
        raise ValueError("has after its @ what no domain can be called") from error
    if len(domain) > MAX_DOMAIN or _DOMAIN.fullmatch(domain) is None:
        raise ValueError("has after its @ what no domain can be called")
    if domain.rpartition(".")[2].isdecimal():
        raise ValueError("must name a domain after its @, not a number")
    return domain
