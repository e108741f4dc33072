"""What differs between two configurations, and which of it a running daemon can take over."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import TypeVar

from pydantic import BaseModel

from paydaemon.config.models import ChainConfig, Config, FrontendConfig, NotifierConfig, RateConfig
from paydaemon.config.parse import TABLES

M = TypeVar("M", bound=BaseModel)
C = TypeVar("C", ChainConfig, RateConfig, NotifierConfig, FrontendConfig)

CHANGEABLE: Mapping[str, frozenset[str] | None] = {
    "daemon": frozenset({"log_format", "log_level", "log_requests"}),
    "http": frozenset({"tls_certificate", "tls_key"}),
    "invoices": None,
    "quotes": None,
    "health": None,
    "desk": frozenset({"allow", "idle_s", "lasting_s"}),
    "limits": None,
}
"""By table, the keys that can change while the daemon runs; None for all of them. ``[rates]`` can, too."""

FOR_GOOD = frozenset({"limits.store_queue", "limits.store", "limits.http.backlog"})
"""What of those tables cannot: the database is open with it, or the socket listens with it."""


def differences(old: Config, new: Config) -> Iterator[str]:
    """Every key that says something else, as ``http.bind``; a table that is there in only one as a whole."""
    for table in TABLES:
        yield from _differing(table, getattr(old, table), getattr(new, table))
    yield from _tables_differing("chains", old.chains, new.chains)
    yield from _tables_differing("rates", old.rates, new.rates)
    yield from _tables_differing("notifiers", old.notifiers, new.notifiers)
    yield from _tables_differing("frontends", old.frontends, new.frontends)


def taken_over(old: Config, new: Config) -> Config:
    """`old` with all of `new` that a running daemon can take over."""
    tables = {
        name: _mixed(name, getattr(old, name), getattr(new, name), keys) for name, keys in CHANGEABLE.items()
    }
    if (old.http.tls_certificate is None) != (new.http.tls_certificate is None):
        tables["http"] = old.http  # its socket is encrypted or it is not
    return replace(old, **tables, rates=new.rates)


def _mixed(table: str, old: M, new: M, names: frozenset[str] | None) -> M:
    changed = {
        name: taken
        for name in names or type(old).model_fields
        if (taken := _taken(f"{table}.{name}", getattr(old, name), getattr(new, name))) != getattr(old, name)
    }
    return old.model_copy(update=changed) if changed else old


def _taken(path: str, old: object, new: object) -> object:
    if path in FOR_GOOD:
        return old
    if isinstance(old, BaseModel) and isinstance(new, BaseModel):
        return _mixed(path, old, new, None)
    return new


def _differing(table: str, old: BaseModel, new: BaseModel) -> Iterator[str]:
    for name in type(old).model_fields:
        before, after = getattr(old, name), getattr(new, name)
        if isinstance(before, BaseModel) and type(before) is type(after):
            yield from _differing(f"{table}.{name}", before, after)
        elif before != after:
            yield f"{table}.{name}"


def _tables_differing(
    table: str,
    old: Mapping[str, C],
    new: Mapping[str, C],
) -> Iterator[str]:
    for name in sorted(old.keys() | new.keys()):
        before, after = old.get(name), new.get(name)
        if before is None or after is None or type(before.settings) is not type(after.settings):
            yield f"{table}.{name}"
        else:
            yield from _differing(f"{table}.{name}", before.settings, after.settings)
