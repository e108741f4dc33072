"""How monerod and monero-wallet-rpc are told to be a regtest network of their own. Pure."""

from collections.abc import Sequence
from pathlib import Path

HOST = "127.0.0.1"

# Without TLS, since the key for it takes a processor up to half a minute at each start.
_QUIET = (
    "--rpc-ssl=disabled",
    "--non-interactive",
    "--log-level=0",
    "--max-log-file-size=1000000",
    "--max-log-files=1",
)


def node_arguments(folder: Path, p2p: int) -> Sequence[str]:
    """Those of a node that knows no other one, and mines when it is told to."""
    return (
        *("--regtest", "--keep-fakechain", "--offline", "--fixed-difficulty=1", "--no-igd", "--no-zmq"),
        *(f"--data-dir={folder}", f"--p2p-bind-ip={HOST}", f"--p2p-bind-port={p2p}"),
        *("--check-updates=disabled", "--disable-dns-checkpoints", *_QUIET),
    )


def wallet_arguments(folder: Path, node: int) -> Sequence[str]:
    """Those of a server with one wallet open, called as its folder is; `node` is the node's port."""
    return (f"--wallet-file={folder / folder.name}", "--password", "", *_server_arguments(folder, node))


def maker_arguments(folder: Path, node: int) -> Sequence[str]:
    """Those of a server that makes wallets in its folder, and opens any of them."""
    return (f"--wallet-dir={folder}", *_server_arguments(folder, node))


def _server_arguments(folder: Path, node: int) -> Sequence[str]:
    return (
        *(f"--daemon-address={HOST}:{node}", "--trusted-daemon", "--daemon-ssl=disabled"),
        # By default there is one for all of the user's wallets, with rings that only another network has.
        f"--shared-ringdb-dir={folder / 'rings'}",
        "--disable-rpc-login",
        *(f"--log-file={folder / 'wallet.log'}", *_QUIET),
    )
