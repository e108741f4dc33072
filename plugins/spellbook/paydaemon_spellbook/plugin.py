"""What the daemon finds through the entry point ``spellbook``."""

from collections.abc import Sequence

from paydaemon.hooks.specs import FrontendPlugin, hookimpl
from paydaemon_spellbook.config import SpellbookConfig
from paydaemon_spellbook.frontend import SpellbookFrontend

PAYDAEMON_API = "1.0"


@hookimpl
def register_frontends() -> Sequence[FrontendPlugin]:
    """The older payment processor's routes."""
    return (FrontendPlugin(name="spellbook", config=SpellbookConfig, build=SpellbookFrontend),)
