"""Pages for people: templates that escape whatever they are given, and a policy that lets nothing else in.

No page has a script or loads anything from elsewhere. What a page is made of lies in a folder beside this
module.
"""

from importlib.resources import files

from jinja2 import Environment, PackageLoader, StrictUndefined
from quart import Response

_ROOM = "paydaemon.frontends"
_POLICY = "default-src 'none'; style-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
_HEADERS = {"Content-Security-Policy": _POLICY, "Referrer-Policy": "no-referrer"}


def templates(folder: str) -> Environment:
    """The templates in one folder. One that names what it was not given is a mistake of ours, and raises."""
    return Environment(
        loader=PackageLoader(_ROOM, folder),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )


def style_sheet(folder: str) -> bytes:
    """The style sheet in one folder, which bears the folder's name."""
    return files(_ROOM).joinpath(folder, f"{folder}.css").read_bytes()


def html(text: str, status: int = 200) -> Response:
    """The answer that is a page."""
    return Response(text, status, _HEADERS, content_type="text/html; charset=utf-8")


def css(style: bytes) -> Response:
    """The answer that is a style sheet."""
    return Response(style, content_type="text/css; charset=utf-8")
