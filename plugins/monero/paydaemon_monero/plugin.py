"""What the daemon finds through the entry point ``monero``."""

from collections.abc import Sequence

from paydaemon.hooks.specs import ChainPlugin, SandboxPlugin, hookimpl
from paydaemon_monero.chain import MoneroChain
from paydaemon_monero.config import MoneroConfig
from paydaemon_monero.diagnosis import diagnose
from paydaemon_monero.sandbox import MoneroSandbox


@hookimpl
def register_chains() -> Sequence[ChainPlugin]:
    """Monero, on any of its networks."""
    return (ChainPlugin(name="monero", config=MoneroConfig, build=MoneroChain, diagnose=diagnose),)


@hookimpl
def register_sandboxes() -> Sequence[SandboxPlugin]:
    """A regtest network."""
    return (SandboxPlugin(chain="monero", build=MoneroSandbox),)
