"""The default store: one SQLite file, one thread that writes it, many functions to a commit.

Start reading at `store`; what happens to a batch of functions is in `committer`, what SQLite's errors mean in
`faults`, and what the tables hold in ``migrations/``.
"""

from paydaemon.store.sqlite.store import SqliteStore, open_store

__all__ = ["SqliteStore", "open_store"]
