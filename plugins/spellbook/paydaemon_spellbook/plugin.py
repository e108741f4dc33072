"""What the daemon finds through the entry point ``spellbook``."""

from collections.abc import Sequence

from paydaemon.hooks.specs import FrontendPlugin, hookimpl


@hookimpl
def register_frontends() -> Sequence[FrontendPlugin]:
    """The older payment processor's routes."""
    return ()
