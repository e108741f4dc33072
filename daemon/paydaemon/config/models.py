"""Every key of the daemon's own tables: its type, bounds, default and meaning; ``[limits]`` is next door.

The descriptions are what `etc/paydaemon.toml` says above each key. Names end with the unit: `_s` is seconds.
Relative paths are relative to the folder of the configuration file.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from ipaddress import IPv4Network, IPv6Network, ip_network
from pathlib import Path
from typing import Annotated, NamedTuple

from pydantic import AfterValidator, BaseModel, Field, PlainValidator

from paydaemon.config.addresses import (
    Address,
    parse_address,
    parse_network,
    parse_origin,
    parse_peer_origin,
    parse_public_url,
)
from paydaemon.config.limits import DAY_S, LimitSettings
from paydaemon.config.quotes import QuoteSettings, percent, ppm
from paydaemon.core.invoice import LatePolicy
from paydaemon.core.policy import RelayPolicy
from paydaemon.hooks.settings import Settings, number
from paydaemon.hooks.specs import ChainPlugin, FrontendPlugin, NotifierPlugin, RateSourcePlugin
from paydaemon.logs import LogFormat, LogLevel
from paydaemon.plugins import LoadedPlugins


class DaemonSettings(Settings):
    """``[daemon]``: where things are kept, and what is logged."""

    state_dir: Path = Field(
        default=Path("/var/lib/paydaemon"),
        description="The folder that the daemon keeps its files in.",
    )
    database: Path = Field(
        default_factory=lambda daemon: daemon["state_dir"] / "paydaemon.sqlite3",
        description="The SQLite database. By default paydaemon.sqlite3 in state_dir.",
    )
    log_format: LogFormat = Field(
        default=LogFormat.JSON,
        description='How a line of the log looks: "json" for machines, "console" for people.',
    )
    log_level: LogLevel = Field(
        default=LogLevel.INFO,
        description='The least that is logged: "debug", "info", "warning" or "error".',
    )
    log_requests: bool = Field(
        default=True,
        description="Whether each request is a line of the log, at level info: its route, its key's id, the "
        "client's address, and how it ended.",
    )


EVERYWHERE = (ip_network("0.0.0.0/0"), ip_network("::/0"))
"""Every address there is."""


def _scheme(certificate: Path | None) -> str:
    return "http" if certificate is None else "https"


class HttpSettings(Settings):
    """``[http]``: where the API and the checkout pages are served."""

    bind: Annotated[str, AfterValidator(lambda text: str(parse_address(text)))] = Field(
        default="127.0.0.1:8420",
        description="The address and port to listen on, such as 127.0.0.1:8420 or [::1]:8420. "
        "With port 0 the system chooses a free one.",
    )
    tls_certificate: Path | None = Field(
        default=None,
        description="A certificate, and those between it and the root, in PEM: the address then speaks TLS. "
        "SIGHUP reads it again.",
    )
    tls_key: Path | None = Field(
        default=None,
        description="The certificate's key in PEM, without a password, which only the service's own user "
        "may be able to read.",
    )
    public_url: Annotated[str, AfterValidator(parse_public_url)] = Field(
        default_factory=lambda http: f"{_scheme(http.get('tls_certificate'))}://{http['bind']}",
        validate_default=True,
        description="The URL that buyers and sellers reach the daemon by; links begin with it. "
        "By default http://, or with a certificate https://, and bind.",
    )
    trusted_proxies: tuple[Annotated[IPv4Network | IPv6Network, PlainValidator(parse_network)], ...] = Field(
        default=(),
        description="Networks of reverse proxies in front of the daemon: the client address that they "
        'forward is believed, nobody else\'s. Such as ["10.0.0.0/8", "::1/128"].',
    )

    @property
    def address(self) -> Address:
        """`bind`, taken apart."""
        return parse_address(self.bind)

    def public_url_at(self, port: int) -> str:
        """The public URL once it is known which port the system chose for port 0."""
        if "public_url" in self.model_fields_set:
            return self.public_url
        return f"{_scheme(self.tls_certificate)}://{self.address._replace(port=port)}"


class AdminSettings(Settings):
    """``[admin]``: how the machine's own operator reaches the daemon."""

    socket: Path = Field(
        default=Path("/var/lib/paydaemon/admin.sock"),
        description="The Unix socket for administration, which only the service's own user and root can "
        "open. By default admin.sock in state_dir.",
    )


class InvoiceSettings(Settings):
    """``[invoices]``: what holds where a seller says nothing else."""

    expires_in_s: int = number(900, 60, 7 * DAY_S, "How many seconds an invoice can be paid in time.")
    monitor_for_s: int = number(
        7 * DAY_S,
        0,
        366 * DAY_S,
        "For how many seconds after its expiry a payment can still change an invoice. Later ones are "
        "recorded and told.",
    )
    tolerance_percent: Annotated[str, AfterValidator(percent("tolerance_percent", "0", "10"))] = Field(
        default="0",
        description="How much of what is due may be missing, in percent: a decimal in quotes, "
        'from "0" to "10".',
    )
    late: LatePolicy = Field(
        default=LatePolicy.HOLD,
        description='What happens to an invoice that is paid late: "hold" it for a person to mark it, '
        'or let it "settle" by itself.',
    )

    @property
    def tolerance_ppm(self) -> int:
        """How much may be missing, in millionths of what is due."""
        return ppm(self.tolerance_percent, "tolerance_percent")


class HealthSettings(Settings):
    """``[health]``: when a chain is no longer trusted with new options."""

    stale_after_s: int = number(
        120,
        1,
        DAY_S,
        "After how many seconds without word of its node a chain is stale: it gets no new options until it "
        "is seen complete again.",
    )


class RelaySettings(Settings):
    """``[relay]``: who may hand in signed transactions, and which are passed on."""

    policy: RelayPolicy = Field(
        default=RelayPolicy.PAYEES,
        description="Which transactions are passed on: those that pay an account of yours or an open invoice "
        '("payees"), those that pay exactly what an open invoice still asks ("invoice"), or whatever the '
        'chain lets through ("open"): only then also those that do more than transfer, such as call a '
        "contract.",
    )
    public: bool = Field(
        default=False,
        description="Whether transactions can be handed in without a key, as by a page in a buyer's browser. "
        'By the policy "payees" anybody can then have anything passed on that pays an account of yours, be '
        "it the smallest unit.",
    )
    checkout: bool = Field(
        default=True,
        description="Whether whoever has an invoice's link may, without a key, hand in what pays exactly "
        "that invoice and does nothing else, and have it prepared: so the checkout page does with wallets, "
        "whatever policy and public say.",
    )
    origins: tuple[Annotated[str, AfterValidator(parse_origin)], ...] = Field(
        default=(),
        description="Pages that may hand in transactions from a browser, beside those of public_url, such as "
        '["https://shop.example"]; "*" is every page.',
    )


MAX_WALLETS = 10


class CheckoutSettings(Settings):
    """``[checkout]``: the page that payers see."""

    wallets: tuple[Path, ...] = Field(
        default=(),
        max_length=MAX_WALLETS,
        description='Scripts that offer wallets on the page, such as ["/etc/paydaemon/wallet.js"]; see '
        "docs/wallets.md. What they may do is what the page may: take only those that you would write.",
    )
    wallet_origins: tuple[Annotated[str, AfterValidator(parse_peer_origin)], ...] = Field(
        default=(),
        description='Whom these scripts may speak to, besides the daemon, such as ["wss://relay.example"].',
    )

    frame_ancestors: tuple[Annotated[str, AfterValidator(parse_origin)], ...] = Field(
        default=(),
        description="Pages that may show the checkout page inside of them, as paydaemon.js does, such as "
        '["https://shop.example"]; "*" is every page. By default none may. A seller may have pages of its '
        'own in their place: see "paydaemon seller frames".',
    )


class DeskSettings(Settings):
    """``[desk]``: the pages for operators and sellers, at /desk."""

    enabled: bool = Field(
        default=True, description="Whether there is a desk: pages at /desk for whoever has a key."
    )
    allow: tuple[Annotated[IPv4Network | IPv6Network, PlainValidator(parse_network)], ...] = Field(
        default=EVERYWHERE,
        description="Networks that the desk is open to; for all others it is not there. Such as "
        '["10.0.0.0/8", "::1/128"].',
    )
    idle_s: int = number(1_800, 60, DAY_S, "After how many seconds without a request somebody is logged out.")
    lasting_s: int = number(
        43_200, 300, 30 * DAY_S, "After how many seconds somebody is logged out in any case."
    )


class PluginSettings(Settings):
    """``[plugins]``: which of the installed plugins are left alone."""

    disabled: tuple[str, ...] = Field(
        default=(), description="Names of installed plugins that are not loaded."
    )


@dataclass(frozen=True, slots=True)
class ChainConfig:
    """One ``[chains.<id>]``: the kind of chain, and `settings` as an instance of that kind's own model."""

    id: str
    plugin: ChainPlugin
    settings: BaseModel


class RateConfig(NamedTuple):
    """One ``[rates.<source>]``: the source, and `settings` as an instance of its own model."""

    plugin: RateSourcePlugin
    settings: BaseModel


@dataclass(frozen=True, slots=True)
class NotifierConfig:
    """One ``[notifiers.<id>]``: the way to tell, and `settings` as an instance of its own model."""

    id: str
    plugin: NotifierPlugin
    settings: BaseModel


@dataclass(frozen=True, slots=True)
class FrontendConfig:
    """One ``[frontends.<id>]``: the way to speak, and `settings` as an instance of its own model."""

    id: str
    plugin: FrontendPlugin
    settings: BaseModel


@dataclass(frozen=True, slots=True)
class Config:
    """The whole configuration, valid. `installed` is what the plugins it was checked against bring."""

    daemon: DaemonSettings
    http: HttpSettings
    admin: AdminSettings
    invoices: InvoiceSettings
    quotes: QuoteSettings
    health: HealthSettings
    relay: RelaySettings
    checkout: CheckoutSettings
    desk: DeskSettings
    limits: LimitSettings
    plugins: PluginSettings
    chains: Mapping[str, ChainConfig]
    rates: Mapping[str, RateConfig]
    notifiers: Mapping[str, NotifierConfig]
    frontends: Mapping[str, FrontendConfig]
    installed: LoadedPlugins

    @property
    def counted(self) -> str:
        """How many there are of what can be configured more than once, in words."""
        several = {
            "chain(s)": self.chains,
            "rate source(s)": self.rates,
            "notifier(s)": self.notifiers,
            "frontend(s)": self.frontends,
        }
        return ", ".join(f"{len(tables)} {what}" for what, tables in several.items())
