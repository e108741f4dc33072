"""What the frontends are told: plain values that whoever reads the configuration has checked."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields
from ipaddress import IPv4Network, IPv6Network, ip_network
from typing import Protocol

Network = IPv4Network | IPv6Network


@dataclass(slots=True)
class Limits:
    """What one client can take at most. Sizes are in bytes, times in seconds.

    Whoever keeps to them looks here each time: `become` changes them for all while the daemon runs.
    """

    connections: int = 2_000
    """Connections open at once, in all. A further one takes the place of the one longest idle; where none is
    idle, it is closed unread.
    """
    connections_per_address: int = 256
    """Connections open at once from one address (IPv6: from one /64). Trusted proxies are exempt."""
    head_bytes: int = 16_384
    """A request's line and headers together."""
    head_fields: int = 100
    """How many headers a request may have."""
    head_timeout_s: float = 10.0
    """From the first byte of a request to the end of its headers; a TLS handshake has as long."""
    idle_timeout_s: float = 75.0
    """From one request's end to the next one's first byte."""
    body_bytes: int = 65_536
    """A request's body."""
    body_timeout_s: float = 10.0
    """From the end of the headers to the end of the body."""
    request_timeout_s: float = 30.0
    """From the end of the headers to the beginning of the answer."""
    send_timeout_s: float = 20.0
    """How long a client may take nothing at all of what is sent to it."""
    json_depth: int = 32
    """How deep lists and objects may be nested."""
    requests_per_s: float = 50.0
    """The pace that one key, and one address, may go on at."""
    requests_burst: int = 100
    """How many requests may come at once before that."""
    paces_remembered: int = 10_000
    """Of how many keys and addresses the pace is remembered; the one longest unheard of is forgotten."""
    message_bytes: int = 4_096
    """One message that a websocket's client sends."""
    messages_per_s: float = 1.0
    """The pace of a websocket's client; nothing it sends has a meaning."""
    messages_burst: int = 20
    """How many messages may come at once before that."""
    ping_every_s: float = 20.0
    """How often something is sent on a quiet stream (a websocket's ping, a comment among server-sent events),
    so that a client that is gone is noticed.
    """
    key_check_every_s: float = 30.0
    """How often it is looked whether the key that a websocket or stream was opened with is still valid."""
    grace_s: float = 10.0
    """How long requests may go on once the daemon stops."""
    linger_s: float = 2.0
    """How long a client may go on sending after its answer: closing at once would take the answer from it."""
    page_items: int = 200
    """What a page of a list holds at most, whatever its client asks for."""
    transaction_bytes: int = 49_152
    """A signed transaction as it is handed in, as text or as bytes."""
    keyless_sockets: int = 1_000
    """Websockets without a key that are open at once, in all."""
    keyless_idle_s: float = 300.0
    """How long one of them may be open with nothing in flight; it is closed within twice that."""
    public_streams: int = 1_000
    """Streams of one invoice, for which no key is needed, that are open at once, in all."""
    public_streams_per_address: int = 32
    """The same of one address (IPv6: of one /64), behind trusted proxies too."""
    login_burst: int = 10
    """How many logins at the desk one address (IPv6: one /64) may try at once."""
    login_pause_s: float = 30.0
    """After how long it may try once more."""
    logins_burst: int = 100
    """How many logins at the desk all addresses together may try at once."""
    logins_pause_s: float = 1.0
    """After how long they may try once more."""
    exports: int = 4
    """How many exports are written at the same time, at the desk and through the API."""
    in_flight: int = 64
    """Messages of one websocket that hands in transactions dealt with at once; the next one waits."""
    updates_queue: int = 1_000
    """How many messages wait for such a websocket's client; beyond it, it is closed as too slow."""

    def become(self, other: "Limits") -> None:
        """Take over every value of `other`. What has begun may go on under the old ones."""
        for one in fields(self):
            setattr(self, one.name, getattr(other, one.name))


@dataclass(slots=True)
class DeskSettings:
    """Whether there are pages for operators and sellers, and who may reach them; `allow` may change."""

    enabled: bool = True
    allow: tuple[Network, ...] = (ip_network("0.0.0.0/0"), ip_network("::/0"))


@dataclass(frozen=True, slots=True)
class FrontendSettings:
    """`public_url` begins every link, without a slash at its end; it is never taken from a request.

    Without a key transactions may be handed in where `relay_public`; pages of `relay_origins` may do so from
    a browser, "*" is every page. With `relay_checkout` whoever has an invoice's link may hand in what pays it
    and nothing else. Pages of `frame_ancestors` may show the checkout page inside of them. `wallets` are
    scripts that it loads besides its own, and `wallet_origins` whom these may speak to.
    """

    public_url: str
    trusted_proxies: tuple[Network, ...] = ()
    relay_public: bool = False
    relay_origins: tuple[str, ...] = ()
    relay_checkout: bool = True
    frame_ancestors: tuple[str, ...] = ()
    wallets: tuple[bytes, ...] = ()
    wallet_origins: tuple[str, ...] = ()
    desk: DeskSettings = field(default_factory=DeskSettings)
    limits: Limits = field(default_factory=Limits)
    log_requests: bool = True


class Status(Protocol):
    """What the daemon says of its own parts, as JSON objects."""

    def plugins(self) -> Sequence[Mapping[str, object]]:
        """One record for each installed plugin, with its `name`, `version`, `status` and `reason`."""
        ...

    def services(self) -> Sequence[Mapping[str, object]]:
        """One record for each supervised service, with its `name` and `state`."""
        ...

    async def metrics(self) -> bytes:
        """Everything that is measured, in Prometheus' text format."""
        ...
