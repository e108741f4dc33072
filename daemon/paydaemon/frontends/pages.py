"""Pages for people: templates that escape whatever they are given, and a policy that lets nothing else in.

No page loads anything from elsewhere. What a page is made of lies in a folder beside this module.
"""

from collections.abc import Sequence
from importlib.resources import files

from jinja2 import Environment, PackageLoader, StrictUndefined
from quart import Response

_ROOM = "paydaemon.frontends"

POLICY = "default-src 'none'; style-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
"""What a page may do that has a style sheet and nothing else."""

FOR_GOOD = "public, max-age=31536000, immutable"
"""For what never changes under its URL (RFC 8246)."""


def templates(folder: str, extensions: Sequence[str] = (), room: str = _ROOM) -> Environment:
    """The templates in one folder of a room. One that names what it was not given is wrong, and raises."""
    return Environment(
        loader=PackageLoader(room, folder),
        autoescape=True,
        extensions=extensions,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )


def style_sheet(folder: str) -> bytes:
    """The style sheet in one folder, which bears the folder's name."""
    return files(_ROOM).joinpath(folder, f"{folder}.css").read_bytes()


def html(text: str, status: int = 200, policy: str = POLICY) -> Response:
    """The answer that is a page."""
    headers = {"Content-Security-Policy": policy, "Referrer-Policy": "no-referrer"}
    return Response(text, status, headers, content_type="text/html; charset=utf-8")


def css(style: bytes) -> Response:
    """The answer that is a style sheet."""
    return Response(style, content_type="text/css; charset=utf-8")


def script(code: bytes, kept: str) -> Response:
    """The answer that is a script; `kept` is its ``Cache-Control``."""
    return Response(code, headers={"Cache-Control": kept}, content_type="text/javascript; charset=utf-8")
