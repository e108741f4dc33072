"""What the daemon finds through the entry point ``bitcoin``.

It is imported by every daemon that it is installed beside, whatever that has configured. What takes a while
to import, such as ZMQ, is imported once there is such a chain, or somebody wants such a sandbox.
"""

from collections.abc import AsyncIterator, Sequence

from paydaemon.hooks.diagnosis import ChainRecord, Finding
from paydaemon.hooks.ports import Chain
from paydaemon.hooks.sandbox import Sandbox
from paydaemon.hooks.specs import ChainPlugin, SandboxPlugin, hookimpl
from paydaemon_bitcoin.config import BitcoinConfig

PAYDAEMON_API = "1.0"


@hookimpl
def register_chains() -> Sequence[ChainPlugin]:
    """Bitcoin, on any of its networks."""
    return (ChainPlugin(name="bitcoin", config=BitcoinConfig, build=_chain, diagnose=_diagnose),)


@hookimpl
def register_sandboxes() -> Sequence[SandboxPlugin]:
    """A regtest network."""
    return (SandboxPlugin(chain="bitcoin", build=_sandbox),)


def _chain(id: str, config: BitcoinConfig) -> Chain:
    from paydaemon_bitcoin.chain import BitcoinChain

    return BitcoinChain(id, config)


def _diagnose(id: str, config: BitcoinConfig, record: ChainRecord) -> AsyncIterator[Finding]:
    from paydaemon_bitcoin.diagnosis import diagnose

    return diagnose(id, config, record)


def _sandbox() -> Sandbox:
    from paydaemon_bitcoin.sandbox import BitcoinSandbox

    return BitcoinSandbox()
