"""What the daemon finds through the entry point ``socketio``."""

from collections.abc import Sequence

import click

from paydaemon.hooks.specs import FrontendPlugin, NotifierPlugin, hookimpl
from paydaemon_socketio.config import SocketIoConfig
from paydaemon_socketio.frontend import SocketIoFrontend
from paydaemon_socketio.publisher.command import publisher_key
from paydaemon_socketio.publisher.config import PublisherConfig
from paydaemon_socketio.publisher.diagnosis import diagnose
from paydaemon_socketio.publisher.notifier import PublisherNotifier

PAYDAEMON_API = "1.0"


@hookimpl
def register_frontends() -> Sequence[FrontendPlugin]:
    """Socket.IO, as the older payment server spoke it."""
    return (FrontendPlugin(name="socketio", config=SocketIoConfig, build=SocketIoFrontend),)


@hookimpl
def register_notifiers() -> Sequence[NotifierPlugin]:
    """Publishers, told as the older payment server told them."""
    return (
        NotifierPlugin(name="publisher", config=PublisherConfig, build=PublisherNotifier, diagnose=diagnose),
    )


@hookimpl
def register_commands() -> Sequence[click.Command]:
    """``paydaemon publisher-key``."""
    return (publisher_key,)
