"""What the daemon finds through the entry point ``hedera``."""

from collections.abc import Sequence

import click

from paydaemon.hooks.specs import ChainPlugin, SandboxPlugin, hookimpl
from paydaemon_hedera.chain import HederaChain
from paydaemon_hedera.config import HederaConfig
from paydaemon_hedera.diagnosis import diagnose
from paydaemon_hedera.sandbox.command import hedera_sandbox
from paydaemon_hedera.sandbox.port import HederaSandbox


@hookimpl
def register_chains() -> Sequence[ChainPlugin]:
    """Hedera, on any of its networks."""
    return (ChainPlugin(name="hedera", config=HederaConfig, build=HederaChain, diagnose=diagnose),)


@hookimpl
def register_sandboxes() -> Sequence[SandboxPlugin]:
    """A local network of nodes and a mirror node."""
    return (SandboxPlugin(chain="hedera", build=HederaSandbox),)


@hookimpl
def register_commands() -> Sequence[click.Command]:
    """``paydaemon hedera-sandbox``."""
    return (hedera_sandbox,)
