"""What the daemon finds through the entry point ``hedera``.

It is imported by every daemon that it is installed beside, whatever that has configured. What takes a while
to import, such as gRPC, is imported once there is such a chain, or somebody wants such a sandbox.
"""

from collections.abc import AsyncIterator, Sequence

import click

from paydaemon.hooks.diagnosis import ChainRecord, Finding
from paydaemon.hooks.ports import Chain
from paydaemon.hooks.sandbox import Sandbox
from paydaemon.hooks.specs import ChainPlugin, SandboxPlugin, hookimpl
from paydaemon_hedera.config import HederaConfig
from paydaemon_hedera.sandbox.command import hedera_sandbox

PAYDAEMON_API = "1.0"


@hookimpl
def register_chains() -> Sequence[ChainPlugin]:
    """Hedera, on any of its networks."""
    return (ChainPlugin(name="hedera", config=HederaConfig, build=_chain, diagnose=_diagnose),)


@hookimpl
def register_sandboxes() -> Sequence[SandboxPlugin]:
    """A local network of nodes and a mirror node."""
    return (SandboxPlugin(chain="hedera", build=_sandbox),)


@hookimpl
def register_commands() -> Sequence[click.Command]:
    """``paydaemon hedera-sandbox``."""
    return (hedera_sandbox,)


def _chain(id: str, config: HederaConfig) -> Chain:
    from paydaemon_hedera.chain import HederaChain

    return HederaChain(id, config)


def _diagnose(id: str, config: HederaConfig, record: ChainRecord) -> AsyncIterator[Finding]:
    from paydaemon_hedera.diagnosis import diagnose

    return diagnose(id, config, record)


def _sandbox() -> Sandbox:
    from paydaemon_hedera.sandbox.port import HederaSandbox

    return HederaSandbox()
