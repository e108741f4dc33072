"""Plugins: entry points → hooks → typed objects, with one record for each plugin found.

A plugin that cannot be imported, was written for another version of the hooks, misspells one or returns what
it does not ask for becomes a record with a reason, and stops nobody else. pluggy is used here and at start
only, and every plugin gets a manager of its own: in a shared one a hook that raises silences the others', and
a broken entry point ends the loading half-way.
"""

from paydaemon.plugins.loading import load_plugins
from paydaemon.plugins.record import KINDS, MAX_REASON, NAME, LoadedPlugins, PluginRecord, PluginStatus

__all__ = ["KINDS", "MAX_REASON", "NAME", "LoadedPlugins", "PluginRecord", "PluginStatus", "load_plugins"]
