"""A document → `Config`, or `ConfigError` with every problem there is."""

import re
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from functools import partial
from pathlib import Path
from types import MappingProxyType
from typing import NamedTuple, TypeVar

from pydantic import BaseModel

from paydaemon.config.check import check
from paydaemon.config.claims import Claims
from paydaemon.config.files import place_problems, wallet_problems
from paydaemon.config.limits import LimitSettings
from paydaemon.config.models import (
    AdminSettings,
    ChainConfig,
    CheckoutSettings,
    Config,
    DaemonSettings,
    DeskSettings,
    FrontendConfig,
    HealthSettings,
    HttpSettings,
    InvoiceSettings,
    NotifierConfig,
    PluginSettings,
    RateConfig,
    RelaySettings,
)
from paydaemon.config.parts import Unreadable, is_part, readable
from paydaemon.config.problems import ConfigError, Problem, Where, problem, without_values
from paydaemon.config.quotes import QuoteSettings, SellerQuoteSettings
from paydaemon.config.tls import tls_problems
from paydaemon.hooks.settings import chain_keys
from paydaemon.hooks.specs import ChainPlugin, FrontendPlugin, NotifierPlugin
from paydaemon.logs import in_one_line
from paydaemon.plugins import LoadedPlugins, PluginStatus
from paydaemon.suggest import did_you_mean, nearest

TABLES: Mapping[str, type[BaseModel]] = MappingProxyType(
    {
        "daemon": DaemonSettings,
        "http": HttpSettings,
        "admin": AdminSettings,
        "invoices": InvoiceSettings,
        "quotes": QuoteSettings,
        "health": HealthSettings,
        "relay": RelaySettings,
        "checkout": CheckoutSettings,
        "desk": DeskSettings,
        "limits": LimitSettings,
        "plugins": PluginSettings,
    }
)
"""The daemon's own tables. Beside them stand ``[chains.<id>]``, ``[rates.<source>]``, ``[notifiers.<id>]``
and ``[frontends.<id>]``.
"""

_ID = re.compile(r"[a-z][a-z0-9-]{0,31}", re.ASCII)

_ID_RULE = "must be made of a-z, 0-9 and -, begin with a letter, and have 32 at most"

M = TypeVar("M", bound=BaseModel)
P = TypeVar("P", ChainPlugin, NotifierPlugin, FrontendPlugin)


def parse_config(
    document: Mapping[str, object], plugins: LoadedPlugins, *, folder: Path | None = None
) -> Config:
    """Validate what a file says. Relative paths are taken from `folder`, by default the current one.

    Raises `ConfigError`.
    """
    parser = _Parser(document, plugins, (folder or Path.cwd()).absolute())
    config = parser.config()
    parser.refuse_if_wrong()
    return config


def parse_admin_socket(document: Mapping[str, object], *, folder: Path) -> Path:
    """Where the Unix socket is, whatever the rest of the file says. Raises `ConfigError`."""
    parser = _Parser(document, LoadedPlugins((), {}, {}, {}), folder)
    admin = parser.admin(parser.daemon())
    parser.refuse_if_wrong()
    return admin.socket


class Places(NamedTuple):
    """Where a daemon's own files are."""

    database: Path
    socket: Path


def parse_places(document: Mapping[str, object], *, folder: Path) -> Places:
    """Where the daemon's files are, whatever the rest of the file says. Raises `ConfigError`."""
    parser = _Parser(document, LoadedPlugins((), {}, {}, {}), folder)
    daemon = parser.daemon()
    admin = parser.admin(daemon)
    parser.refuse_if_wrong()
    return Places(daemon.database, admin.socket)


class _Parser:
    """One document on its way to a `Config`.

    What is right in a table stands in for one that is wrong, so that the rest can be looked at too.
    """

    def __init__(self, document: Mapping[str, object], plugins: LoadedPlugins, folder: Path) -> None:
        self.problems: list[Problem] = []
        self._document = document
        self._plugins = plugins
        self._folder = folder

    def config(self) -> Config:
        """Everything, to be used only where `problems` stayed empty."""
        self._refuse_unknown_tables()
        daemon = self.daemon()
        config = Config(
            daemon=daemon,
            http=self._table("http", HttpSettings),
            admin=self.admin(daemon),
            invoices=self._table("invoices", InvoiceSettings),
            quotes=self._table("quotes", QuoteSettings),
            health=self._table("health", HealthSettings),
            relay=self._table("relay", RelaySettings),
            checkout=self._table("checkout", CheckoutSettings),
            desk=self._table("desk", DeskSettings),
            limits=self._table("limits", LimitSettings),
            plugins=self._table("plugins", PluginSettings),
            chains=self._chains(),
            rates=self._rates(),
            notifiers=self._notifiers(),
            frontends=self._frontends(),
            installed=self._plugins,
        )
        self._refuse_unknown_plugins(config.plugins)
        self._refuse_bad_places(config.daemon, config.admin)
        self._refuse_bad_fallbacks(config.quotes, config.rates)
        self.problems.extend(tls_problems(config.http))
        self.problems.extend(wallet_problems(readable(lambda: config.checkout.wallets, ())))
        return config

    def daemon(self) -> DaemonSettings:
        """``[daemon]``."""
        return self._table("daemon", DaemonSettings)

    def admin(self, daemon: DaemonSettings) -> AdminSettings:
        """``[admin]``, whose default lies where `daemon` keeps its files."""
        state_dir = readable(lambda: daemon.state_dir, DaemonSettings().state_dir)
        return self._table("admin", AdminSettings, socket=str(state_dir / "admin.sock"))

    def refuse_if_wrong(self) -> None:
        """Raises `ConfigError` if any problem was found so far."""
        if self.problems:
            raise ConfigError(self.problems)

    def _table(self, name: str, model: type[M], **defaults: object) -> M:
        table = self._document.get(name, {})
        if isinstance(table, Mapping):
            table = {**defaults, **table}
        return check(model, table, (name,), self._folder, self.problems) or model()

    def _refuse_unknown_tables(self) -> None:
        known = (*TABLES, "chains", "rates", "notifiers", "frontends")
        for name in self._document:
            if name not in known:
                self._problem((name,), f"is not a table of the configuration{did_you_mean(name, known)}")

    def _refuse_unknown_plugins(self, settings: PluginSettings) -> None:
        names = [record.name for record in self._plugins.records]
        disabled: tuple[str, ...] = readable(lambda: settings.disabled, ())
        for place, name in enumerate(disabled):
            if name not in names:
                where = ("plugins", "disabled", place)
                self._problem(where, f"is not an installed plugin{did_you_mean(name, names)}")

    def _refuse_bad_places(self, daemon: DaemonSettings, admin: AdminSettings) -> None:
        database = readable(lambda: daemon.database, DaemonSettings().database)
        socket = readable(lambda: admin.socket, AdminSettings().socket)
        self.problems.extend(place_problems(database, socket))

    def _refuse_bad_fallbacks(self, quotes: QuoteSettings, rates: Mapping[str, RateConfig]) -> None:
        """Whoever names one wants to be sold to when it is needed: not to learn then that it never was."""
        tables = self._document.get("rates", {})
        known = {*rates, *(tables if isinstance(tables, Mapping) else ())}
        sellers: Mapping[str, SellerQuoteSettings] = readable(lambda: quotes.sellers, {})
        general: tuple[str, ...] = readable(lambda: quotes.fallback, ())
        lists: dict[Where, tuple[str, ...]] = {("quotes",): general}
        lists |= {("quotes", "sellers", id): own.fallback or () for id, own in sellers.items()}
        for where, names in lists.items():
            for place, name in enumerate(names):
                if name not in known:
                    told = f"is no source that is configured: {_one_of(known)}{did_you_mean(name, known)}"
                    self._problem((*where, "fallback", place), told)
                elif name in names[:place]:
                    self._problem((*where, "fallback", place), f'"{name}" is named twice')

    def _chains(self) -> Mapping[str, ChainConfig]:
        chains = {id: self._chain(id, table) for id, table in self._tables_in("chains", "[chains.bitcoin]")}
        if not self._document.get("chains"):
            self._problem(
                ("chains",), "no chain is configured: there must be a table such as [chains.bitcoin]"
            )
        return MappingProxyType({id: chain for id, chain in chains.items() if chain is not None})

    def _chain(self, id: str, table: Mapping[str, object]) -> ChainConfig | None:
        found = self._named("chains", id, table, self._plugins.chains, _make_chain)
        return None if found is None else ChainConfig(id, *found)

    def _notifiers(self) -> Mapping[str, NotifierConfig]:
        tables = self._tables_in("notifiers", "[notifiers.email]")
        made = {id: self._notifier(id, table) for id, table in tables}
        found = {id: notifier for id, notifier in made.items() if notifier is not None}
        serving = [id for id, notifier in found.items() if notifier.plugin.endpoints]
        for id in serving[1:]:
            self._problem(("notifiers", id), f"only one can tell sellers' endpoints, and {serving[0]} does")
        return MappingProxyType(found)

    def _notifier(self, id: str, table: Mapping[str, object]) -> NotifierConfig | None:
        found = self._named("notifiers", id, table, self._plugins.notifiers, _make_notifier)
        return None if found is None else NotifierConfig(id, *found)

    def _frontends(self) -> Mapping[str, FrontendConfig]:
        tables = self._tables_in("frontends", "[frontends.socketio]")
        claims = Claims()
        made = {id: self._frontend(id, table, claims) for id, table in tables}
        return MappingProxyType({id: frontend for id, frontend in made.items() if frontend is not None})

    def _frontend(self, id: str, table: Mapping[str, object], claims: Claims) -> FrontendConfig | None:
        make = partial(_make_frontend, claims)
        found = self._named("frontends", id, table, self._plugins.frontends, make)
        return None if found is None else FrontendConfig(id, *found)

    def _named(
        self,
        tables: str,
        id: str,
        table: Mapping[str, object],
        known: Mapping[str, P],
        make: Callable[[P, str, BaseModel], object],
    ) -> tuple[P, BaseModel] | None:
        """The plugin that a table of the operator's own naming asks for, and its settings."""
        where = (tables, id)
        if _ID.fullmatch(id) is None:
            self._problem(where, _ID_RULE)
        plugin = self._plugin(table, where, known)
        if plugin is None:
            return None
        own = {key: value for key, value in table.items() if key != "plugin"}
        settings = check(plugin.config, own, where, self._folder, self.problems)
        if settings is None:
            return None
        self._refuse_unknown_chains(where, settings)
        if not self._can_build(where, own, settings, partial(make, plugin, id, settings)):
            return None
        return plugin, settings

    def _refuse_unknown_chains(self, where: Where, settings: BaseModel) -> None:
        """Whoever names one means a table, be it a wrong one. That there is none at all is told already."""
        tables = self._document.get("chains", {})
        known = tables.keys() if isinstance(tables, Mapping) else ()
        for key in chain_keys(type(settings)) if known else ():
            named: str | None = readable(partial(getattr, settings, key), None)
            if named is not None and named not in known:
                told = f"is no chain that is configured: {_one_of(known)}{did_you_mean(named, known)}"
                self._problem((*where, key), told)

    def _plugin(self, table: Mapping[str, object], where: Where, known: Mapping[str, P]) -> P | None:
        name = table.get("plugin")
        if isinstance(name, str) and name in known:
            return known[name]
        if isinstance(name, str):
            message = self._not_brought(name, known)
        elif name is None:
            message = f"is required: {_one_of(known)}{_mistyped('plugin', table)}"
        else:
            message = "must be text in quotes"
        self._problem((*where, "plugin"), message)
        return None

    def _rates(self) -> Mapping[str, RateConfig]:
        rates = {name: self._rate(name, table) for name, table in self._tables_in("rates", "[rates.fixed]")}
        return MappingProxyType({name: rate for name, rate in rates.items() if rate is not None})

    def _rate(self, name: str, table: Mapping[str, object]) -> RateConfig | None:
        plugin = self._plugins.rate_sources.get(name)
        if plugin is None:
            self._problem(("rates", name), self._not_brought(name, self._plugins.rate_sources))
            return None
        where = ("rates", name)
        settings = check(plugin.config, table, where, self._folder, self.problems)
        if settings is None or not self._can_build(where, table, settings, partial(plugin.build, settings)):
            return None
        return RateConfig(plugin, settings)

    def _can_build(
        self, where: Where, table: Mapping[str, object], settings: BaseModel, build: Callable[[], object]
    ) -> bool:
        """Building does nothing else, so it is tried here: what only it finds is told with all the rest.

        With a part it says what it can without the wrong keys; any other failure is then no wonder.
        """
        try:
            build()
        except Unreadable:
            return False
        except Exception as error:  # noqa: BLE001 - a plugin's builder may raise anything
            refused = isinstance(error, ValueError)
            if refused or not is_part(settings):
                message = str(error) if refused else in_one_line(error)
                self._problem(where, without_values(table, message))
            return False
        return True

    def _tables_in(self, name: str, example: str) -> Iterator[tuple[str, Mapping[str, object]]]:
        tables = self._document.get(name, {})
        if not isinstance(tables, Mapping):
            self._problem((name,), f"must hold tables such as {example}")
            return
        for key, table in tables.items():
            if isinstance(table, Mapping):
                yield key, table
            else:
                self._problem((name, key), f"must be a table such as {example}")

    def _not_brought(self, name: str, known: Collection[str]) -> str:
        """Why nothing of that name is there: its plugin is out of order, or nobody has heard of it."""
        for record in self._plugins.records:
            if record.name == name and record.status is not PluginStatus.LOADED:
                return f"the plugin of this name is {record.status}: {record.reason}"
        meant = did_you_mean(name, known) if len(known) > 1 else ""
        return f"is brought by no installed plugin: {_one_of(known)}{meant}"

    def _problem(self, where: Where, message: str) -> None:
        self.problems.append(problem(where, message))


def _make_chain(plugin: ChainPlugin, id: str, settings: BaseModel) -> tuple[object, ...]:
    """A chain, and what it says of itself once and for all: both are asked again at the start."""
    chain = plugin.build(id, settings)
    return chain.id, chain.assets, chain.depths


def _make_notifier(plugin: NotifierPlugin, id: str, settings: BaseModel) -> object:
    """A notifier, and whom its configuration names. Raises `ValueError` where they cannot be told apart."""
    notifier = plugin.build(id, settings)
    audiences = [(audience.name, audience.batch) for audience in notifier.audiences]
    for name, batch in audiences:
        if _ID.fullmatch(name) is None:
            raise ValueError(f'the name of an audience {_ID_RULE}, not "{name}"')
        if batch < 1:
            raise ValueError(f'the audience "{name}" takes {batch} at a time')
    if len({name for name, _ in audiences}) < len(audiences):
        raise ValueError("two audiences have the same name")
    return notifier.id, audiences


def _make_frontend(claims: Claims, plugin: FrontendPlugin, id: str, settings: BaseModel) -> None:
    """A frontend, and what it serves. Raises `ValueError` for what cannot be served."""
    claims.take(id, plugin.build(id, settings).routes)


def _one_of(known: Iterable[str]) -> str:
    names = ", ".join(f'"{name}"' for name in sorted(known))
    return f"there is {names}" if names else "there is none"


def _mistyped(key: str, table: Iterable[str]) -> str:
    found = nearest(key, table)
    return f'; is it what "{found}" was meant to be?' if found else ""
