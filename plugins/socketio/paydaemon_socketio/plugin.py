"""What the daemon finds through the entry point ``socketio``."""

from collections.abc import Sequence

from paydaemon.hooks.specs import FrontendPlugin, hookimpl


@hookimpl
def register_frontends() -> Sequence[FrontendPlugin]:
    """Socket.IO, as the older payment server spoke it."""
    return ()
