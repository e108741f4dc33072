"""The command line's table of contents."""

import click

from paydaemon.cli.commands import CommandGroup

OWN = {
    "run": "paydaemon.cli.service:run",
    "check-config": "paydaemon.cli.configuration:check_config",
    "plugins": "paydaemon.cli.plugins:plugins",
    "plugin": "paydaemon.cli.plugin:plugin",
    "seller": "paydaemon.cli.keys:seller",
    "operator": "paydaemon.cli.keys:operator",
    "key": "paydaemon.cli.keys:key",
    "doctor": "paydaemon.cli.doctor:doctor",
    "backup": "paydaemon.cli.backup:backup",
    "restore": "paydaemon.cli.backup:restore",
    "invoice": "paydaemon.cli.invoices:invoice",
    "payments": "paydaemon.cli.invoices:payments",
    "export": "paydaemon.cli.export:export",
    "rates": "paydaemon.cli.rates:rates",
    "events": "paydaemon.cli.events:events",
    "webhook": "paydaemon.cli.webhooks:webhook",
    "deliveries": "paydaemon.cli.deliveries:deliveries",
    "demo": "paydaemon.cli.demo.command:demo",
}


@click.group(cls=CommandGroup, own=OWN, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="paydaemon")
def cli() -> None:
    """Be paid on a chain without a middleman.

    `run` is the daemon. `demo` shows everything on a network of its own. The other commands talk to a running
    daemon through its Unix socket, so they need to be run by its user or by root. Plugins bring commands
    of their own.
    """
