"""Commands: thin, over the same API as everybody else's, through the daemon's Unix socket."""
