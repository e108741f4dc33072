"""``paydaemon`` and ``python -m paydaemon``."""

from paydaemon.cli.main import cli


def main() -> None:
    """Run the command line."""
    cli(prog_name="paydaemon")


if __name__ == "__main__":
    main()
