"""Output descriptors (BIP-380): where the addresses come from.

A seller gives public keys only, so a private one is refused before anything else looks at it, and no message
here repeats what it was given. Of all descriptors two forms are taken, each with one key and one wildcard:
``wpkh(KEY/…/*)`` (BIP-382) and ``tr(KEY/…/*)`` (BIP-386). ``<0;1>`` (BIP-389) stands for receiving and
change; only the receiving side is used. A bare account key is taken for ``wpkh(KEY/0/*)``, as wallets that
export one mean it (BIP-84, SLIP-132).
"""

import hashlib
import re
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from embit import script
from embit.base import EmbitError
from embit.bip32 import HDKey
from embit.descriptor import checksum as bip380
from embit.networks import NETWORKS

HARDENED = 0x8000_0000
"""BIP-32: indexes from here on need the private key."""


class Network(StrEnum):
    """The networks, as they are called in the configuration."""

    MAINNET = "mainnet"
    TESTNET4 = "testnet4"
    SIGNET = "signet"
    REGTEST = "regtest"


_EMBIT = {
    Network.MAINNET: NETWORKS["main"],
    Network.TESTNET4: NETWORKS["test"],
    Network.SIGNET: NETWORKS["signet"],
    Network.REGTEST: NETWORKS["regtest"],
}

_BASE58 = "[1-9A-HJ-NP-Za-km-z]"
_DESCRIPTOR = re.compile(
    rf"""(?P<kind>wpkh|tr)\(
         (?:\[(?P<origin>[0-9a-fA-F]{{8}}(?:/[0-9]{{1,10}}['hH]?)*)\])?
         (?P<key>{_BASE58}{{100,120}})
         (?P<path>(?:/(?:[0-9]{{1,10}}|<[0-9]{{1,10}};[0-9]{{1,10}}>))*)
         /\*\)""",
    re.ASCII | re.VERBOSE,
)
_KEY = re.compile(rf"{_BASE58}{{100,120}}", re.ASCII)
_PRIVATE = re.compile(
    rf"(?<!{_BASE58})(?:[a-zA-Z]prv|[5KL9c]{_BASE58}{{50,51}}(?!{_BASE58}))",  # BIP-32, and a WIF key
    re.ASCII,
)
_WORDS = re.compile(r"\s*[a-z]+(?:\s+[a-z]+){11,}\s*", re.ASCII)

_CHANGE = 1  # BIP-44: 0 is the receiving branch of an account, 1 the one for change
_NATIVE = {"zpub": "xpub", "vpub": "tpub"}  # SLIP-132: the same key, meant for wpkh
_NESTED = ("ypub", "upub", "Ypub", "Zpub", "Upub", "Vpub")


@dataclass(frozen=True, slots=True)
class Descriptor:
    """A checked descriptor with one wildcard; made by `parse`.

    `text` is the form that a node is given, without checksum. `fingerprint` tells what its addresses are, not
    how it is written: it is the same with and without the key's origin. `is_change`: its addresses are those
    that a wallet keeps for its change (BIP-44), and others may not show what comes in there.
    """

    text: str
    kind: str
    network: Network
    fingerprint: str
    is_change: bool
    _branch: Any = field(repr=False, compare=False)

    @property
    def canonical(self) -> str:
        """`text` with its checksum."""
        return f"{self.text}#{bip380.checksum(self.text)}"

    def script(self, index: int) -> bytes:
        """The output script of this index. Raises `ValueError` outside 0 … 2³¹-1."""
        return bytes(self._output(index).data)

    def address(self, index: int) -> str:
        """The address of this index. Raises `ValueError` outside 0 … 2³¹-1."""
        return str(self._output(index).address(_EMBIT[self.network]))

    def _output(self, index: int) -> Any:
        if not 0 <= index < HARDENED:
            raise ValueError(f"there is no address with the index {index}")
        key = self._branch.child(index)
        return script.p2tr(key) if self.kind == "tr" else script.p2wpkh(key)


def parse(text: str, network: Network) -> Descriptor:
    """A descriptor, or a bare account key, of that network.

    Raises `ValueError` with a message for the operator, which does not repeat `text`.
    """
    found, key = _read(text)
    _refuse_other_network(key, network)
    return _build(found["kind"], found["origin"], key, found["path"], network)


def refuse_on_any_network(text: str) -> None:
    """Raises what `parse` does, where that does not depend on the network."""
    found, key = _read(text)
    network = Network.MAINNET if _is_mainnet(key) else Network.REGTEST
    _build(found["kind"], found["origin"], key, found["path"], network)


def _read(text: str) -> tuple[re.Match[str], Any]:
    text = text.strip()
    _refuse_private(text)
    if _KEY.fullmatch(text):
        text = f"wpkh({_account_key(text)}/0/*)"
    found = _DESCRIPTOR.fullmatch(_without_checksum(text))
    if found is None:
        raise ValueError(
            "must be wpkh(KEY/0/*) or tr(KEY/0/*) with one extended public key, or that key alone; "
            "the path after the key must not be hardened"
        )
    return found, _public_key(found["key"])


def script_of(address: str) -> bytes:
    """The output script of one of our own addresses (BIP-173, BIP-350). Its checksum is not looked at again.

    Reads a v0 key hash or a v1 key, which is all that `parse` lets through. Raises `ValueError` otherwise.
    """
    data = address[address.rindex("1") + 1 : -6]
    program = int(data[1:].translate(_TO_BASE32), 32)
    match data[0], len(data):
        case "q", 33:
            return b"\x00\x14" + program.to_bytes(20)
        case "p", 53:
            return b"\x51\x20" + (program >> 4).to_bytes(32)  # 52 characters hold 4 bits too many
        case _:
            raise ValueError("neither a wpkh nor a tr address")


_TO_BASE32 = str.maketrans("qpzry9x8gf2tvdw0s3jn54khce6mua7l", "0123456789abcdefghijklmnopqrstuv")


def _refuse_private(text: str) -> None:
    if _PRIVATE.search(text) or _WORDS.fullmatch(text):
        raise ValueError(
            "holds a private key: give the public one (xpub or tpub). This daemon never spends, and a "
            "private key that was written into a configuration file should be considered known to others"
        )


def _without_checksum(text: str) -> str:
    body, mark, given = text.partition("#")
    if mark and given != _checksum(body):
        raise ValueError("its checksum (the part after #) is wrong: is it copied whole?")
    return body


def _checksum(body: str) -> str:
    try:
        return str(bip380.checksum(body))
    except EmbitError:
        raise ValueError("holds a character that no descriptor has") from None


def _account_key(text: str) -> str:
    """The key as descriptors write it: SLIP-132's zpub and vpub are xpub and tpub under another name."""
    prefix = text[:4]
    if prefix in _NESTED:
        raise ValueError(f"{prefix} means addresses that are not supported here; use wpkh or tr (zpub, xpub)")
    if prefix not in _NATIVE:
        return text
    network = "main" if prefix == "zpub" else "test"
    return str(_hd_key(text).to_base58(NETWORKS[network]["xpub"]))


def _public_key(text: str) -> Any:
    key = _hd_key(text)
    if not _is_mainnet(key) and key.version != NETWORKS["test"]["xpub"]:
        raise ValueError("its key must begin with xpub or tpub")
    return key


def _is_mainnet(key: Any) -> bool:
    return bool(key.version == NETWORKS["main"]["xpub"])


def _refuse_other_network(key: Any, network: Network) -> None:
    mainnet = _is_mainnet(key)
    if mainnet is not (network is Network.MAINNET):
        has, wants = ("an xpub", "a tpub") if mainnet else ("a tpub", "an xpub")
        raise ValueError(f"its key is {has}, and {network} needs {wants}")


def _hd_key(text: str) -> Any:
    try:
        key = HDKey.from_base58(text)
    except (EmbitError, ValueError, IndexError, OverflowError):
        raise ValueError("its key is damaged: is it copied whole?") from None
    if key.is_private:
        raise ValueError("holds a private key: give the public one")
    return key


def _build(kind: str, origin: str | None, key: Any, path: str, network: Network) -> Descriptor:
    steps = [_receiving(step) for step in path.split("/")[1:]]
    if any(step >= HARDENED for step in steps):
        raise ValueError(f"the path after its key has a step beyond {HARDENED - 1}")
    tail = "".join(f"/{step}" for step in steps)
    prefix = f"[{origin.replace(chr(39), 'h').replace('H', 'h').lower()}]" if origin else ""
    what = f"{kind}({key.to_base58()}{tail}/*)"
    return Descriptor(
        text=f"{kind}({prefix}{key.to_base58()}{tail}/*)",
        kind=kind,
        network=network,
        fingerprint=hashlib.sha256(what.encode()).hexdigest()[:16],
        is_change=steps[-1:] == [_CHANGE],
        _branch=key.derive(steps),
    )


def _receiving(step: str) -> int:
    """BIP-389: of ``<receiving;change>`` the first."""
    return int(step.strip("<>").split(";")[0])
