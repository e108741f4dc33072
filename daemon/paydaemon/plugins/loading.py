"""Loading: each plugin found is asked once; all that it brings can be used, or nothing of it."""

import sys
from collections.abc import Collection, Mapping, Sequence
from contextlib import redirect_stdout
from dataclasses import replace
from types import MappingProxyType
from typing import Any

from paydaemon.hooks.version import ApiVersion, refusal, version_of
from paydaemon.plugins.asking import Offer, ask
from paydaemon.plugins.clashes import clash, namesake
from paydaemon.plugins.finding import Candidate, given, installed
from paydaemon.plugins.record import KINDS, MAX_REASON, NAME, LoadedPlugins, PluginRecord, PluginStatus
from paydaemon.plugins.telling import Broken, in_words


def load_plugins(disabled: Collection[str] = (), extra: Mapping[str, object] | None = None) -> LoadedPlugins:
    """Load every installed plugin that is not `disabled`, then those of `extra`.

    `extra` holds modules or objects with hooks, by name: for tests, and for programs that embed the daemon.
    Whatever is wrong with a plugin is told in its record; it never raises. What a plugin prints meanwhile
    goes to stderr: stdout may be read by a program.
    """
    candidates = [*installed(), *given(extra or {})]
    with redirect_stdout(sys.stderr):
        looked = [_look(candidate, disabled) for candidate in candidates]
    records = [record for record, _ in looked]
    return _gathered([(_unrivalled(record, records), offer) for record, offer in looked])


def _look(candidate: Candidate, disabled: Collection[str]) -> tuple[PluginRecord, Offer | None]:
    """One plugin by itself: its record, and what it offers where that can be used."""
    record = PluginRecord(
        candidate.name, candidate.distribution, candidate.version, PluginStatus.BROKEN, "not looked at"
    )
    if candidate.name in disabled:
        return replace(record, status=PluginStatus.DISABLED, reason="disabled in the configuration"), None
    try:
        _refuse_name(candidate.name)
        plugin = _import(candidate)
        wanted = _wanted(plugin)
        record = replace(record, api=str(wanted))
        _refuse_version(wanted)
        offer = ask(plugin)
    except Broken as broken:
        return _broken(record, str(broken)), None
    except KeyboardInterrupt:
        raise
    except BaseException as error:  # noqa: BLE001 - attributes of a stranger's may raise anything
        return _broken(record, f"cannot be looked at: {in_words(error)}"), None
    return _with(record, offer), offer


def _with(record: PluginRecord, offer: Offer) -> PluginRecord:
    brought: dict[str, Any] = {field: tuple(getattr(offer, field)) for field in KINDS}
    return replace(record, status=PluginStatus.LOADED, reason="", deprecated=offer.deprecated, **brought)


def _broken(record: PluginRecord, reason: str) -> PluginRecord:
    nothing: dict[str, Any] = dict.fromkeys(KINDS, ())
    return replace(record, status=PluginStatus.BROKEN, reason=reason[:MAX_REASON], deprecated=(), **nothing)


def _unrivalled(record: PluginRecord, records: Sequence[PluginRecord]) -> PluginRecord:
    """The same record; a broken one where another plugin claims some of what it would bring."""
    if record.status is not PluginStatus.LOADED:
        return record
    rival = namesake(record, records) or clash(record, records)
    return record if rival is None else _broken(record, rival)


def _gathered(looked: Sequence[tuple[PluginRecord, Offer | None]]) -> LoadedPlugins:
    """What the usable ones bring, unchangeable."""
    usable = [offer for record, offer in looked if offer and record.status is PluginStatus.LOADED]
    brought: dict[str, Any] = {
        field: MappingProxyType(
            {name: item for offer in usable for name, item in getattr(offer, field).items()}
        )
        for field in KINDS
    }
    return LoadedPlugins(tuple(record for record, _ in looked), **brought)


def _refuse_name(name: str) -> None:
    if NAME.fullmatch(name) is None:
        raise Broken("its name must be made of a-z, 0-9, - and _, starting with a letter, 32 at most")


def _import(candidate: Candidate) -> object:
    try:
        return candidate.load()
    except (Broken, KeyboardInterrupt):
        raise
    # A module that calls sys.exit() must not end the daemon, nor one whose native code panics.
    except BaseException as error:
        raise Broken(f"cannot be imported: {in_words(error)}") from error


def _wanted(plugin: object) -> ApiVersion:
    try:
        return version_of(plugin)
    except ValueError as error:
        raise Broken(str(error)) from error


def _refuse_version(wanted: ApiVersion) -> None:
    reason = refusal(wanted)
    if reason is not None:
        raise Broken(reason)
