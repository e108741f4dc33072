"""What a browser may do with the page: run its own scripts, apply its one style sheet, speak to its daemon.

The style sheet is in the page, so that nothing more has to be fetched before it looks as it should; it is
let in by its hash (https://www.w3.org/TR/CSP3/#external-hash). Nothing of another origin is, and no page but
those of `frame_ancestors`, the seller's or the configuration's, may show this one inside of it. Scripts of
wallets may speak to `wallet_origins`. It sends no form; the demo's page, which shares this, sends some to
`forms`, and is led on to there.
"""

import base64
from collections.abc import Sequence
from hashlib import sha256

from paydaemon.frontends.gate import origin_of


def policy(
    style: str,
    public_url: str,
    frame_ancestors: Sequence[str],
    wallet_origins: Sequence[str] = (),
    *,
    forms: Sequence[str] = (),
) -> str:
    """The page's Content-Security-Policy."""
    allowed = {
        "default-src": "'none'",
        "script-src": "'self'",
        "style-src": f"'sha256-{base64.b64encode(sha256(style.encode()).digest()).decode()}'",
        "connect-src": " ".join(["'self'", _websockets_of(public_url), *wallet_origins]),
        "base-uri": "'none'",
        "form-action": " ".join(forms) or "'none'",
        "frame-ancestors": " ".join(frame_ancestors) or "'none'",
    }
    return "; ".join(f"{directive} {sources}" for directive, sources in allowed.items())


def _websockets_of(public_url: str) -> str:
    """The daemon's own, by name: not every browser counts them as 'self'."""
    return f"ws{origin_of(public_url).removeprefix('http')}"
