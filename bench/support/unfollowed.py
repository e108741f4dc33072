"""A daemon whose relays end with the node's first word: to tell what following them to their receipt takes.

Run with the daemon's own command behind it.
"""

import sys

from paydaemon.__main__ import main
from paydaemon.engine.course import Course

if __name__ == "__main__":
    Course.is_over = Course.is_answered  # type: ignore[method-assign]
    sys.argv = sys.argv[sys.argv.index("paydaemon") :]
    main()
