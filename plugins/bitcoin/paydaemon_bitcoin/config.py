"""The keys of ``[chains.<id>]`` for a Bitcoin chain."""

from pathlib import Path
from typing import Literal, Self
from urllib.parse import urlsplit

from pydantic import ConfigDict, Field, ValidationInfo, field_validator, model_validator

from paydaemon.hooks.settings import Secret, Settings
from paydaemon_bitcoin import descriptors
from paydaemon_bitcoin.descriptors import Descriptor, Network
from paydaemon_bitcoin.limits import BitcoinLimits
from paydaemon_bitcoin.lines import Credentials
from paydaemon_bitcoin.rpc import cookie_file, user_and_password

# bitcoin: chainparamsbase.cpp
_RPC_PORTS = {
    Network.MAINNET: 8332,
    Network.TESTNET4: 48332,
    Network.SIGNET: 38332,
    Network.REGTEST: 18443,
}


class BitcoinConfig(Settings):
    """One Bitcoin network, watched through a full node of the operator's own."""

    # What was given may be a secret in the wrong place: it is not repeated in messages.
    model_config = ConfigDict(hide_input_in_errors=True)

    network: Literal["mainnet", "testnet4", "signet", "regtest"] = Field(
        description="The network that the node must be on."
    )
    descriptor: str = Field(
        description="Where addresses come from: wpkh(KEY/0/*) or tr(KEY/0/*) with an xpub (mainnet) or tpub "
        "(else), or an account's xpub, tpub, zpub or vpub alone, which means wpkh(KEY/0/*). Of <0;1> only "
        "the receiving side is used. Never a private key. Use an account that nobody else gives out "
        "addresses of."
    )
    rpc_url: str | None = Field(
        default=None,
        description="The node's RPC, without credentials. By default the network's own port on this machine: "
        'for mainnet "http://127.0.0.1:8332".',
    )
    cookie_file: str | None = Field(
        default=None,
        description='The cookie that the node writes at each start, such as "/var/lib/bitcoind/.cookie". '
        "Either this, or rpc_user and rpc_password.",
    )
    rpc_user: str | None = Field(default=None, description="The user of the node's rpcauth.")
    rpc_password: Secret | None = Field(
        default=None, description='That user\'s password: { file = "/path" } or { credential = "name" }.'
    )
    rpc_workers: int = Field(
        default=4, ge=1, le=16, description="How many calls the node is asked at the same time."
    )
    rpc_timeout_s: float = Field(
        default=30.0,
        ge=1,
        le=600,
        description="Seconds without an answer after which the node counts as away.",
    )
    wallet: str | None = Field(
        default=None,
        min_length=1,
        max_length=200,
        pattern=r"^[A-Za-z0-9._-]+$",
        description="The node's watch-only wallet; it is made where there is none. By default paydaemon- and "
        "the descriptor's fingerprint.",
    )
    lookahead: int = Field(
        default=1000,
        ge=40,
        le=100_000,
        description="How many addresses beyond the last one given out the wallet watches, at least half of "
        "them at any time.",
    )
    zmq_rawtx: str | None = Field(
        default=None,
        description='The node\'s zmqpubrawtx, such as "tcp://127.0.0.1:28332": payments are told as they '
        "come into the mempool instead of at the next poll.",
    )
    zmq_sequence: str | None = Field(
        default=None,
        description="The node's zmqpubsequence: blocks, and payments that leave the mempool, are told as it "
        "happens.",
    )
    poll_interval_s: float = Field(
        default=10.0, ge=1, le=60, description="Seconds between two looks at the node while it says nothing."
    )
    confirmations: int = Field(
        default=6, ge=0, le=100, description="Confirmations a payment needs where the seller does not say."
    )
    allow_zero_confirmations: bool = Field(
        default=False,
        description="Let sellers settle invoices on payments that are in no block yet. Whoever sent one can "
        "take it back.",
    )
    limits: BitcoinLimits = BitcoinLimits()

    @field_validator("descriptor")
    @classmethod
    def _readable(cls, text: str, info: ValidationInfo) -> str:
        if "network" in info.data:
            descriptors.parse(text, Network(info.data["network"]))
        else:
            descriptors.refuse_on_any_network(text)
        return text

    @field_validator("rpc_url")
    @classmethod
    def _without_credentials(cls, url: str | None) -> str | None:
        if url is None:
            return None
        parts = urlsplit(url)
        if parts.username is not None or parts.password is not None:
            raise ValueError("must not hold credentials: use cookie_file, or rpc_user and rpc_password")
        if parts.scheme not in ("http", "https") or not parts.hostname or parts.query or parts.fragment:
            raise ValueError('must look like "http://127.0.0.1:8332"')
        if parts.port is None:
            raise ValueError("must name the port")
        return url

    @field_validator("zmq_rawtx", "zmq_sequence")
    @classmethod
    def _endpoint(cls, endpoint: str | None) -> str | None:
        if endpoint is None:
            return None
        parts = urlsplit(endpoint)
        tcp = parts.scheme == "tcp" and parts.hostname and parts.port and not parts.path
        ipc = parts.scheme == "ipc" and parts.path
        if not (tcp or ipc):
            raise ValueError('must look like "tcp://127.0.0.1:28332" or "ipc:///run/bitcoind/zmq"')
        return endpoint

    @model_validator(mode="after")
    def _one_way_in(self) -> Self:
        user, password = self.given("rpc_user"), self.given("rpc_password")
        if user is not password or self.given("cookie_file") is user:
            raise ValueError("give either cookie_file, or both rpc_user and rpc_password")
        return self

    @model_validator(mode="after")
    def _zero_only_on_purpose(self) -> Self:
        if self.confirmations == 0 and not self.allow_zero_confirmations:
            raise ValueError("confirmations = 0 needs allow_zero_confirmations = true")
        return self

    def parsed_descriptor(self) -> Descriptor:
        """The descriptor, checked."""
        return descriptors.parse(self.descriptor, Network(self.network))

    def node_url(self) -> str:
        """Where the node's RPC is."""
        return self.rpc_url or f"http://127.0.0.1:{_RPC_PORTS[Network(self.network)]}"

    def credentials(self) -> Credentials:
        """How to get into the node's RPC."""
        if self.cookie_file is not None:
            return cookie_file(Path(self.cookie_file))
        assert self.rpc_user is not None
        assert self.rpc_password is not None
        return user_and_password(self.rpc_user, self.rpc_password)
