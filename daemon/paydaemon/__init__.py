"""paydaemon: a self-hosted, plugin-based payment daemon."""
