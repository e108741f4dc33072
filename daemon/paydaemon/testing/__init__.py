"""What whoever builds on the daemon tests with: suites that any store or chain must pass, and samples.

Needs pytest and pytest-trio, which the daemon itself does not.
"""
