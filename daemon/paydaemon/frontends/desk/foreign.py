"""Texts that somebody else wrote, as a page shows them: they look like what they are, and stay in place.

What nobody would see is shown by its number, and each text is isolated from what stands around it (``bdi``;
https://html.spec.whatwg.org/#the-bdi-element), so that none turns, hides or draws over its neighbours.
"""

from markupsafe import Markup

from paydaemon.core import unseen

KEPT = "\n\t"
"""A browser draws these as a blank."""


def said(text: object) -> Markup:
    """For where text stands. Templates use it for everything that is not of our own making."""
    parts = (
        Markup('<span class="unseen">{}</span>').format(unseen.by_number(part))
        if hidden
        else Markup("{}").format(part)
        for hidden, part in unseen.parts(str(text), KEPT)
    )
    return Markup("<bdi>{}</bdi>").format(Markup().join(parts))


def visible(text: object) -> str:
    """For where no markup can be, such as an attribute; and for what fills a whole paragraph."""
    return unseen.visible(str(text), KEPT)
