"""A configuration that needs no node: its only chain is away, which stops no daemon."""

from typing import Any

from paydaemon_bitcoin.sandbox import seller_descriptor

NOBODY: dict[str, Any] = {
    "chains": {
        "bitcoin": {
            "plugin": "bitcoin",
            "network": "regtest",
            "descriptor": seller_descriptor("wpkh"),
            "rpc_url": "http://127.0.0.1:1",
            "cookie_file": "/nowhere/.cookie",
        }
    }
}
