"""What the daemon finds through the entry point ``bitcoin``."""

from collections.abc import Sequence

from paydaemon.hooks.specs import ChainPlugin, SandboxPlugin, hookimpl
from paydaemon_bitcoin.chain import BitcoinChain
from paydaemon_bitcoin.config import BitcoinConfig
from paydaemon_bitcoin.diagnosis import diagnose
from paydaemon_bitcoin.sandbox import BitcoinSandbox


@hookimpl
def register_chains() -> Sequence[ChainPlugin]:
    """Bitcoin, on any of its networks."""
    return (ChainPlugin(name="bitcoin", config=BitcoinConfig, build=BitcoinChain, diagnose=diagnose),)


@hookimpl
def register_sandboxes() -> Sequence[SandboxPlugin]:
    """A regtest network."""
    return (SandboxPlugin(chain="bitcoin", build=BitcoinSandbox),)
