"""The older payment server's protocol for paydaemon."""
