"""``paydaemon`` and ``python -m paydaemon``."""

import gc
import os

from paydaemon.cli.ending import told_on_stdout
from paydaemon.cli.main import cli

COLLECTED_EVERY = 50_000
"""Python's cyclic garbage collector: after so many new objects a young collection, by default after 700. What
a command imports stays for good, and is looked through in vain: that was a twelfth of what starting takes.
"""


def main() -> None:
    """Run the command line."""
    gc.set_threshold(COLLECTED_EVERY)
    # pydantic's own plugins: to look for them it reads what every installed package says of itself, and one
    # whose text is malformed would end each command.
    os.environ.setdefault("PYDANTIC_DISABLE_PLUGINS", "__all__")
    with told_on_stdout():
        cli(prog_name="paydaemon")


if __name__ == "__main__":
    main()
