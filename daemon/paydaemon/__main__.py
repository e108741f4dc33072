"""``paydaemon`` and ``python -m paydaemon``."""

from paydaemon.cli.ending import told_on_stdout
from paydaemon.cli.main import cli


def main() -> None:
    """Run the command line."""
    with told_on_stdout():
        cli(prog_name="paydaemon")


if __name__ == "__main__":
    main()
