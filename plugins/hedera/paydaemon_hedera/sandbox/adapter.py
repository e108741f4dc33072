"""A wallet for the checkout page that signs with the sandbox's own keys: docs/wallets.md, played whole.

It is of one running sandbox and of nothing else. The script has that sandbox's address on this machine in it
and signs for nobody but accounts of the ledger ``devnet``, which is how the daemon calls a network of one's
own; the sandbox signs only what is for one of its nodes, and its keys open nothing anywhere else.
"""

import base64
from collections.abc import Mapping, Sequence
from importlib.resources import files
from typing import Annotated, Any, Literal
from urllib.parse import urlsplit

from google.protobuf.message import DecodeError
from pydantic import Field

from paydaemon.hooks.settings import Settings
from paydaemon_hedera.proto import basic_types_pb2 as wire
from paydaemon_hedera.proto.transaction_pb2 import TransactionBody
from paydaemon_hedera.sandbox.genesis import Holder
from paydaemon_hedera.sandbox.names import entity, number
from paydaemon_hedera.sandbox.wallet import signature_pair

LEDGER = "hedera:devnet:"
"""Before every account here (HIP-30)."""

LOOPBACK = ("127.0.0.1", "localhost", "::1")


class SigningOrder(Settings):
    """What is asked of the wallet, by HIP-820's names."""

    method: Literal["hedera_signTransaction"]
    signer: Annotated[str, Field(alias="signerAccountId", pattern=r"^hedera:devnet:0\.0\.\d{1,18}$")]
    body: Annotated[str, Field(alias="transactionBody", max_length=16_384)]


def script(url: str, account: int) -> str:
    """The adapter of the sandbox at `url`, whose payer is `account`."""
    text = files("paydaemon_hedera.sandbox").joinpath("adapter.js").read_text(encoding="utf-8")
    return text.replace("@URL@", url).replace("@ACCOUNT@", f"{LEDGER}{entity(account)}")


def page_of(origin: str | None) -> str | None:
    """The origin of a page that may use the wallet: one that is served on this machine."""
    return origin if origin is not None and urlsplit(origin).hostname in LOOPBACK else None


def sign(order: SigningOrder, holders: Mapping[int, Holder], nodes: Sequence[int]) -> dict[str, Any]:
    """The payer's signatures over a body as it is. Raises `ValueError` for what is not of this sandbox."""
    raw = base64.b64decode(order.body, validate=True)
    account = number(order.signer.removeprefix(LEDGER))
    if account not in holders:
        raise ValueError(f"signerAccountId: the keys of {entity(account)} are not known here")
    if _node_of(raw) not in nodes:
        raise ValueError("transactionBody: is for no node of this sandbox")
    pairs = [signature_pair(key, raw) for key in holders[account].signers]
    signed = wire.SignatureMap(sigPair=pairs).SerializeToString()
    return {"signatureMap": base64.b64encode(signed).decode("ascii")}


def _node_of(raw: bytes) -> int:
    try:
        return int(TransactionBody.FromString(raw).nodeAccountID.accountNum)
    except DecodeError as error:
        raise ValueError("transactionBody: is no body of a transaction") from error
