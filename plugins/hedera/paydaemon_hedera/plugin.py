"""The hooks that paydaemon calls."""
