"""The keys of ``[chains.<id>]`` for a Hedera network."""

from typing import Literal, Self
from urllib.parse import urlsplit

from pydantic import Field, field_validator, model_validator

from paydaemon.core.errors import Refusal
from paydaemon.hooks.settings import Settings
from paydaemon_hedera.addresses import CERTIFICATE_HASH
from paydaemon_hedera.ids import parse_entity
from paydaemon_hedera.limits import HederaLimits

MIRRORS = {
    "mainnet": "https://mainnet.mirrornode.hedera.com",
    "testnet": "https://testnet.mirrornode.hedera.com",
    "previewnet": "https://previewnet.mirrornode.hedera.com",
}

MEMO_PREFIX = r"^[!-~]{0,32}$"


class TokenConfig(Settings):
    """A token of the token service that invoices may be paid in."""

    id: str = Field(description='Its id, such as "0.0.456858", which is USDC on mainnet.')
    symbol: str = Field(
        pattern=r"^[A-Z][A-Z0-9]{0,11}$",
        description="What it is called; only for showing and for rates.",
    )
    decimals: int = Field(ge=0, le=30, description="Its decimals; compared with the network's at each start.")

    @field_validator("id")
    @classmethod
    def _token(cls, id: str) -> str:
        return _entity(id)


class HederaConfig(Settings):
    """One Hedera network, relayed to by gRPC and watched through a mirror node."""

    network: Literal["mainnet", "testnet", "previewnet", "local"] = Field(
        description='The network. "local" is one of your own, such as the sandbox.'
    )
    account: str = Field(
        description='The account that is paid, such as "0.0.1001". Its key is never asked for. Use one that '
        "receives nothing else: what it gets with another memo is told as unmatched."
    )
    mirror_url: str | None = Field(
        default=None,
        description="The mirror node, by whose word payments are credited. By default the network's public "
        'one: for mainnet "https://mainnet.mirrornode.hedera.com".',
    )
    nodes: dict[str, str] | None = Field(
        default=None,
        min_length=1,
        max_length=100,
        description='The nodes that transactions are handed to: { "0.0.3" = "35.237.200.180:50211" }. By '
        "default the mirror's address book, read anew each day.",
    )
    tls: bool | None = Field(
        default=None,
        description="Speak TLS with the nodes, and hold their certificates to the hashes in the mirror's "
        "address book. By default yes on a public network, and no on a local one.",
    )
    certificate_hashes: dict[str, str] = Field(
        default={},
        max_length=100,
        description="The SHA-384 in hex of certificates, as PEM, of nodes that are named under nodes. It is "
        "needed for those that the address book does not have: with TLS nothing else is trusted.",
    )
    memo_prefix: str = Field(
        default="",
        pattern=MEMO_PREFIX,
        description="What the memo of every destination begins with. Needed where several daemons share the "
        "account, and never changed afterwards.",
    )
    poll_interval_s: float = Field(
        default=2.0, ge=0.1, le=60, description="Seconds between two looks at the mirror."
    )
    tokens: tuple[TokenConfig, ...] = Field(
        default=(), max_length=20, description="Tokens that invoices may be paid in, beside HBAR."
    )
    limits: HederaLimits = HederaLimits()

    @field_validator("account")
    @classmethod
    def _account(cls, id: str) -> str:
        return _entity(id)

    @field_validator("mirror_url")
    @classmethod
    def _url(cls, url: str | None) -> str | None:
        if url is None:
            return None
        parts = urlsplit(url)
        if parts.scheme not in ("http", "https") or not parts.hostname or parts.query or parts.fragment:
            raise ValueError('must look like "https://mainnet.mirrornode.hedera.com"')
        if parts.username is not None or parts.password is not None:
            raise ValueError("must not hold credentials")
        return url.rstrip("/")

    @field_validator("nodes")
    @classmethod
    def _nodes(cls, nodes: dict[str, str] | None) -> dict[str, str] | None:
        for id, address in (nodes or {}).items():
            _entity(id)
            host, colon, port = address.rpartition(":")
            if not (host and colon and port.isascii() and port.isdigit() and 0 < int(port) < 65_536):
                raise ValueError(f'{id} must be at a host and a port, such as "127.0.0.1:50211"')
        return nodes

    @field_validator("certificate_hashes")
    @classmethod
    def _hashes(cls, hashes: dict[str, str]) -> dict[str, str]:
        for id, said in hashes.items():
            if CERTIFICATE_HASH.fullmatch(said) is None:
                raise ValueError(f"{id} must be a SHA-384: 96 digits in hex")
        return hashes

    @model_validator(mode="after")
    def _hashes_of_nodes(self) -> Self:
        for id in self.certificate_hashes.keys() - (self.nodes or {}).keys():
            raise ValueError(f"certificate_hashes has {id}, which is not among nodes")
        return self

    @model_validator(mode="after")
    def _local_needs(self) -> Self:
        if self.network == "local" and not self.given("mirror_url"):
            raise ValueError('network = "local" needs mirror_url')
        return self

    @model_validator(mode="after")
    def _tokens_once(self) -> Self:
        for what in ("id", "symbol"):
            names = [getattr(token, what) for token in self.tokens]
            if len(set(names)) < len(names) or "HBAR" in names:
                raise ValueError(f"each of the tokens must have {what} of its own")
        return self

    @property
    def speaks_tls(self) -> bool:
        """Whether nodes are spoken to by TLS."""
        return self.network != "local" if self.tls is None else self.tls

    @property
    def mirror(self) -> str:
        """Where the mirror node is."""
        return self.mirror_url or MIRRORS[self.network]


def _entity(id: str) -> str:
    try:
        return parse_entity(id, "id")
    except Refusal as refusal:
        raise ValueError(refusal.message) from None
