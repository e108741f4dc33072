"""What a request's ASGI scope holds of its connection, by name: ``scope["state"][STREAM]``."""

STREAM = "paydaemon.stream"
"""Its `paydaemon.frontends.tls.ClientStream`."""

CONNECTION = "paydaemon.connection"
"""Its `paydaemon.frontends.connection.Connection`."""

MESSAGE_BYTES = "paydaemon.message_bytes"
"""How large a websocket's messages may be; to be set before it is accepted."""

FRAMES = "paydaemon.frames"
"""Its `paydaemon.frontends.frames.FrameSocket`, once a websocket has been accepted."""
