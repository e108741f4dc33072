"""What whoever builds on the daemon tests with.

Suites that any store and any chain must pass, a chain with its network in memory, the daemon in a thread or
in a process of its own, clocks to turn, and samples. Needs pytest, and for stores pytest-trio, which the
daemon itself does not.
"""
