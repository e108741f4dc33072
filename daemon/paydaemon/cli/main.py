"""The command line's table of contents."""

import click

from paydaemon.cli import backup, deliveries, demo, doctor, events, invoices, keys, service, webhooks
from paydaemon.cli.commands import CommandGroup


@click.group(cls=CommandGroup, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="paydaemon")
def cli() -> None:
    """Be paid on a chain without a middleman.

    `run` is the daemon. `demo` shows everything on a network of its own. The other commands talk to a running
    daemon through its Unix socket, so they need to be run by its user or by root. Plugins bring commands
    of their own.
    """


cli.add_command(service.run)
cli.add_command(service.check_config)
cli.add_command(service.plugins)
cli.add_command(keys.seller)
cli.add_command(keys.operator)
cli.add_command(keys.key)
cli.add_command(doctor.doctor)
cli.add_command(backup.backup)
cli.add_command(backup.restore)
cli.add_command(invoices.invoice)
cli.add_command(invoices.payments)
cli.add_command(events.events)
cli.add_command(webhooks.webhook)
cli.add_command(deliveries.deliveries)
cli.add_command(demo.demo)
