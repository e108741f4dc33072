"""The hooks."""

from collections.abc import Sequence

import click

from paydaemon.hooks.specs import SandboxPlugin, hookimpl
from paydaemon_hedera.sandbox.command import hedera_sandbox
from paydaemon_hedera.sandbox.port import HederaSandbox


@hookimpl
def register_commands() -> Sequence[click.Command]:
    """`paydaemon hedera-sandbox`."""
    return [hedera_sandbox]


# Without the mark as long as there is no chain "hedera" that `paydaemon demo` could show it with.
def register_sandboxes() -> Sequence[SandboxPlugin]:
    """`paydaemon demo` runs it."""
    return [SandboxPlugin("hedera", HederaSandbox)]
