"""QR codes, as drawings inside the page: nothing to load, and sharp at any size."""

from functools import lru_cache
from io import BytesIO

import segno
from markupsafe import Markup

KEPT = 256
"""How many drawings are kept: a page without JavaScript shows its own again every few seconds."""

QUIET_MODULES = 4
"""The margin that readers need around a code (ISO/IEC 18004)."""


@lru_cache(KEPT)
def drawing(text: str) -> Markup:
    """An ``<svg>`` without a name of its own, dark on light whatever the page's theme is.

    Error correction is the lowest that is at least "M": screens are clean, but small and photographed.
    """
    out = BytesIO()
    segno.make_qr(text, error="m").save(
        out,
        kind="svg",
        border=QUIET_MODULES,
        xmldecl=False,
        svgns=False,
        omitsize=True,
        svgclass=None,
        lineclass=None,
        light="#fff",
        nl=False,
    )
    return Markup(out.getvalue().decode("ascii"))  # noqa: S704 - numbers alone: the text is in the pattern
