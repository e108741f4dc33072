"""Runs a command with sockets passed to it as systemd passes them (sd_listen_fds(3)).

python activate.py NAME=FD,NAME=FD COMMAND [ARGUMENT]...
"""

import fcntl
import os
import sys

FIRST = 3

if __name__ == "__main__":
    passed = [pair.split("=") for pair in sys.argv[1].split(",")]
    # Out of the way first: a number that is needed may be taken by another.
    copies = [fcntl.fcntl(int(fd), fcntl.F_DUPFD_CLOEXEC, 100) for _, fd in passed]
    for place, copy in enumerate(copies, FIRST):
        os.dup2(copy, place, inheritable=True)
    os.environ["LISTEN_FDS"] = str(len(passed))
    os.environ["LISTEN_FDNAMES"] = ":".join(name for name, _ in passed)
    os.environ["LISTEN_PID"] = str(os.getpid())
    os.execvp(sys.argv[2], sys.argv[2:])
