"""What Hedera's own SDKs hand over, in every shape: read as what they were told to make.

The fixtures are written by `tests/sdks/fixtures.py`, which also says what each of them is.
"""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from paydaemon.core.errors import Refusal
from paydaemon_hedera import envelope, text
from paydaemon_hedera.inspection import Inspected, inspect, verified
from paydaemon_hedera.keys import Key, KeyList, KeyType, PublicKey
from tests.hedera.reasons import reason

FOLDER = Path(__file__).parent / "fixtures"
SDKS: Mapping[str, Any] = {path.stem: json.loads(path.read_text()) for path in sorted(FOLDER.glob("*.json"))}
NODES = {"0.0.3", "0.0.4", "0.0.5"}
NOW_MS = 1_700_000_005_000
HBAR = {("0.0.1001", "HBAR", 12_345), ("0.0.1002", "HBAR", -12_345)}
MOVED = {
    "ecdsa": {("0.0.1001", "HBAR", 12_345), ("0.0.1003", "HBAR", -12_345)},
    "token": {("0.0.1001", "0.0.5001", 2_500_000), ("0.0.1002", "0.0.5001", -2_500_000)},
    "two signers": {
        ("0.0.1001", "HBAR", 300),
        ("0.0.1002", "HBAR", -100),
        ("0.0.1003", "HBAR", -200),
    },
    "threshold": {("0.0.1001", "HBAR", 700), ("0.0.1004", "HBAR", -700)},
}
"""What each of them moves, where it is not `HBAR`."""
SIGNED = [(sdk, name) for sdk, made in SDKS.items() for name in made["transactions"] if name != "unsigned"]


def given(sdk: str, name: str) -> str:
    encoded: str = SDKS[sdk]["transactions"][name]["base64"]
    return encoded


def inspected(sdk: str, name: str) -> Inspected:
    return inspect(given(sdk, name), NODES, NOW_MS)


def keys(sdk: str) -> dict[str, Key]:
    """The accounts' keys, as the fixtures tell them."""
    public = {
        name: PublicKey(
            KeyType.ECDSA if key["type"] == "ecdsa" else KeyType.ED25519, bytes.fromhex(key["public_hex"])
        )
        for name, key in SDKS[sdk]["keys"].items()
    }
    board = KeyList((public["chair"], public["treasurer"], public["clerk"]), 2)
    return {"0.0.1002": public["alice"], "0.0.1003": public["bob"], "0.0.1004": board}


def test_both_sdks_are_there() -> None:
    assert set(SDKS) == {"javascript", "python"}


@pytest.mark.parametrize(("sdk", "name"), SIGNED)
def test_it_moves_what_the_sdk_was_told(sdk: str, name: str) -> None:
    found = inspected(sdk, name)
    transfers = found.transfer.transfers
    assert {(one.account, one.asset_code, one.amount_minor) for one in transfers} == MOVED.get(name, HBAR)
    assert found.transfer.transaction_id == f"{found.transfer.payer}@1700000000.000000001"
    assert found.transfer.memo == "inv 1"
    assert found.transfer.expires_at_ms == 1_700_000_120_000
    assert [moved.expected_decimals for moved in found.body.assets] == [6 if name == "token" else None]


@pytest.mark.parametrize(("sdk", "name"), SIGNED)
def test_the_accounts_keys_have_signed_it(sdk: str, name: str) -> None:
    found = inspected(sdk, name)
    wanted = {account: keys(sdk)[account] for account in found.debited}
    nodes = [choice.node for choice in verified(found, wanted)]
    assert nodes == (["0.0.3", "0.0.4", "0.0.5"] if name == "three nodes" else ["0.0.3"])
    with pytest.raises(Refusal, match=r"account 0\.0\."):
        next(verified(found, dict.fromkeys(wanted, keys(sdk)["0.0.1002"] if name == "ecdsa" else BOBS)))


BOBS = PublicKey(KeyType.ECDSA, b"\x02" + bytes(32))


@pytest.mark.parametrize("sdk", SDKS)
def test_its_envelopes_are_kept_byte_for_byte(sdk: str) -> None:
    raw = text.decode(given(sdk, "three nodes"))
    entries = envelope.read(raw)
    assert len(entries) == 3
    assert envelope.read(text.decode(given(sdk, "bare")))[0].envelope == text.decode(given(sdk, "bare"))
    at = 0
    for entry in entries:
        at = raw.index(entry.envelope, at) + len(entry.envelope)
    assert at == len(raw)


@pytest.mark.parametrize("sdk", SDKS)
def test_all_shapes_of_one_transaction_are_submitted_alike(sdk: str) -> None:
    names = ("ed25519", "three nodes", "bare", "signed transaction", "body bytes", "inline", "merged")
    found = [inspected(sdk, name) for name in names]
    assert len({one.transfer.digest for one in found}) == 1
    assert len({one.choices[0].body for one in found}) == 1
    alike = {one.choices[0].envelope for one, name in zip(found, names, strict=True) if name != "inline"}
    assert len(alike) == 1


@pytest.mark.parametrize("sdk", SDKS)
def test_without_signatures_it_is_refused(sdk: str) -> None:
    with pytest.raises(Refusal) as refused:
        inspected(sdk, "unsigned")
    assert (refused.value.param, reason(refused.value)) == ("signatures", "unsigned")
