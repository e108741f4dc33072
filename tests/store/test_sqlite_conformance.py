"""The SQLite store against the suite that any store must pass: with its threads, and without."""

from pathlib import Path
from typing import get_args

import pytest

from paydaemon.store.sqlite.store import Executor, open_store
from paydaemon.testing.store_conformance import StoreConformance, StoreFactory


class TestSqlite(StoreConformance):
    @pytest.fixture(params=get_args(Executor))
    def store_factory(self, tmp_path: Path, request: pytest.FixtureRequest) -> StoreFactory:
        return lambda: open_store(tmp_path / "ledger.sqlite", executor=request.param)
