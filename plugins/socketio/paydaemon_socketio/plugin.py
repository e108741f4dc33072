"""What the daemon finds through the entry point ``socketio``."""

from collections.abc import Sequence

from paydaemon.hooks.specs import FrontendPlugin, hookimpl
from paydaemon_socketio.config import SocketIoConfig
from paydaemon_socketio.frontend import SocketIoFrontend


@hookimpl
def register_frontends() -> Sequence[FrontendPlugin]:
    """Socket.IO, as the older payment server spoke it."""
    return (FrontendPlugin(name="socketio", config=SocketIoConfig, build=SocketIoFrontend),)
