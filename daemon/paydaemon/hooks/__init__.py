"""What a plugin sees of the daemon: the hooks it implements and the ports it fills and is given.

Our own plugins get exactly what third-party plugins get: this room, and `paydaemon.core`.
"""
