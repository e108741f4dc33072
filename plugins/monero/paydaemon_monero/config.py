"""The keys of ``[chains.<id>]`` for a Monero network."""

from typing import Literal, Self
from urllib.parse import SplitResult, urlsplit

from pydantic import ConfigDict, Field, field_validator, model_validator

from paydaemon.hooks.settings import Secret, Settings
from paydaemon_monero.limits import MoneroLimits
from paydaemon_monero.rpc import Login

# monero: cryptonote_config.h; a regtest node uses the ports of mainnet.
_RPC_PORTS = {"mainnet": 18081, "testnet": 28081, "stagenet": 38081, "regtest": 18081}

_EXAMPLE = '"http://127.0.0.1:18083"'


class MoneroConfig(Settings):
    """One Monero network, watched through a node and a view-only wallet of the operator's own."""

    # What was given may be a secret in the wrong place: it is not repeated in messages.
    model_config = ConfigDict(hide_input_in_errors=True)

    network: Literal["mainnet", "stagenet", "testnet", "regtest"] = Field(
        description="The network that the node must be on."
    )
    wallet_rpc_url: str = Field(
        description="The monero-wallet-rpc that has the view-only wallet open, such as "
        '"http://127.0.0.1:18083", without credentials. A wallet that can spend is refused.'
    )
    wallet_rpc_user: str | None = Field(
        default=None, min_length=1, description="The user of the wallet's --rpc-login, if it has one."
    )
    wallet_rpc_password: Secret | None = Field(
        default=None, description='That user\'s password: { file = "/path" } or { credential = "name" }.'
    )
    monerod_url: str | None = Field(
        default=None,
        description="The RPC of the node that the wallet uses, without credentials. By default the "
        "network's own "
        'port on this machine: for mainnet "http://127.0.0.1:18081".',
    )
    monerod_user: str | None = Field(
        default=None, min_length=1, description="The user of the node's --rpc-login, if it has one."
    )
    monerod_password: Secret | None = Field(
        default=None, description='That user\'s password: { file = "/path" } or { credential = "name" }.'
    )
    account: int = Field(
        default=0,
        ge=0,
        le=49,
        description="The wallet's account whose subaddresses are given out. Use one that nobody else gives "
        "out addresses of, and never another one afterwards.",
    )
    lookahead: int = Field(
        default=128,
        ge=16,
        le=10_000,
        description="How many subaddresses beyond the last one given out the wallet has ready, at least half "
        "of them at any time.",
    )
    rpc_timeout_s: float = Field(
        default=30.0,
        ge=1,
        le=600,
        description="Seconds without an answer after which the node, or its wallet, counts as away.",
    )
    poll_interval_s: float = Field(
        default=5.0, ge=0.1, le=60, description="Seconds between two looks at the wallet and the node."
    )
    confirmations: int = Field(
        default=10, ge=1, le=100, description="Confirmations a payment needs where the seller does not say."
    )
    limits: MoneroLimits = MoneroLimits()

    @field_validator("wallet_rpc_url", "monerod_url")
    @classmethod
    def _plain(cls, url: str | None) -> str | None:
        if url is None:
            return None
        parts, port = _parsed(url)
        if parts.username is not None or parts.password is not None:
            raise ValueError("must not hold credentials: there are keys for user and password")
        if parts.scheme not in ("http", "https") or not parts.hostname or parts.query or parts.fragment:
            raise ValueError(f"must look like {_EXAMPLE}")
        if not port:
            raise ValueError("must name the port, from 1 to 65535")
        if parts.path.strip("/"):
            raise ValueError('must end with the port: a path such as "/json_rpc" is not wanted')
        return url.rstrip("/")

    @model_validator(mode="after")
    def _logins_whole(self) -> Self:
        for whose in ("wallet_rpc", "monerod"):
            if self.given(f"{whose}_user") is not self.given(f"{whose}_password"):
                raise ValueError(f"give both {whose}_user and {whose}_password, or neither")
        return self

    @model_validator(mode="after")
    def _two_servers(self) -> Self:
        if self.wallet_rpc_url == self.node_url():
            raise ValueError("wallet_rpc_url and monerod_url are the same: these are two servers")
        return self

    def node_url(self) -> str:
        """Where the node's RPC is."""
        return self.monerod_url or f"http://127.0.0.1:{_RPC_PORTS[self.network]}"

    def node_login(self) -> Login | None:
        """How to get into the node's RPC; None where everybody may."""
        return _login(self.monerod_user, self.monerod_password)

    def wallet_login(self) -> Login | None:
        """How to get into the wallet's RPC; None where everybody may."""
        return _login(self.wallet_rpc_user, self.wallet_rpc_password)


def _parsed(url: str) -> tuple[SplitResult, int | None]:
    """A URL, and its port. Raises `ValueError`, in words of ours."""
    try:
        parts = urlsplit(url)
        return parts, parts.port
    except ValueError:
        raise ValueError(f"must look like {_EXAMPLE}, with a port from 1 to 65535") from None


def _login(user: str | None, password: Secret | None) -> Login | None:
    return None if user is None or password is None else Login(user, password)
