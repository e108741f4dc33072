"""The cookie that holds a session's secret: sent to the desk alone, to no script, and by no foreign page.

It ends with the browser, and before that with its session, which the database decides. Where the public URL
is one of https it is ``Secure``, and by its prefix no other site can have set it (RFC 6265bis, section
4.1.3). The prefix ``__Host-`` would not do: it forbids a path, and other pages of this site need not see the
cookie. Cookies do not tell ports apart (section 8.5), so its name does where the public URL has one: two
daemons on one host keep theirs apart.
"""

from collections.abc import Sequence
from urllib.parse import urlsplit

from quart import Request, Response

NAME = "paydaemon_desk"
SECURE_PREFIX = "__Secure-"
ROOT = "/desk"

MOST = 5
"""How many cookies of its name are tried."""


class Cookie:
    """Reads and writes it, for a daemon with this public URL."""

    def __init__(self, public_url: str) -> None:
        parts = urlsplit(public_url)
        self.secure = parts.scheme == "https"
        name = NAME if parts.port is None else f"{NAME}_{parts.port}"
        self.name = f"{SECURE_PREFIX}{name}" if self.secure else name
        self._path = parts.path.rstrip("/") + ROOT

    def secrets(self, asked: Request) -> Sequence[str]:
        """What a request brings: several of one name, if other paths or domains have theirs."""
        return asked.cookies.getlist(self.name)[:MOST]

    def give(self, answer: Response, secret: str) -> None:
        """Have the browser keep it."""
        answer.set_cookie(
            self.name, secret, path=self._path, secure=self.secure, httponly=True, samesite="Strict"
        )

    def take_back(self, answer: Response) -> None:
        """Have the browser forget it."""
        answer.delete_cookie(self.name, path=self._path, secure=self.secure, httponly=True, samesite="Strict")
