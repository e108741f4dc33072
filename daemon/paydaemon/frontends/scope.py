"""What a request's ASGI scope holds of its connection, by name: ``scope["state"][STREAM]``."""

STREAM = "paydaemon.stream"
"""Its `paydaemon.frontends.tls.ClientStream`."""

CONNECTION = "paydaemon.connection"
"""Its `paydaemon.frontends.connection.Connection`."""

FRAMES = "paydaemon.frames"
"""Its `paydaemon.frontends.frames.FrameSocket`, once a websocket has been accepted."""
