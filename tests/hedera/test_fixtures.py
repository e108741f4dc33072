"""What Hedera's own SDKs make, in every shape: read as what they were told to make."""

import json
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).parent / "fixtures"
SDKS: dict[str, dict[str, Any]] = {path.stem: json.loads(path.read_text()) for path in FOLDER.glob("*.json")}
NOW_MS = 1_700_000_005_000
NODES = {"0.0.3", "0.0.4", "0.0.5"}
EACH = [(sdk, name) for sdk, made in sorted(SDKS.items()) for name in made["transactions"]]
