"""What whoever builds on the daemon tests with.

Suites that any store must pass, a chain with its network in memory, clocks to turn, and samples. Needs pytest
and pytest-trio, which the daemon itself does not.
"""
