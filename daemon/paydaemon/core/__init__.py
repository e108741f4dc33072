"""Decisions about money and state, and nothing else.

Everything in this room is pure: no clock, no input or output, no logging. Whoever needs the time passes it
in as milliseconds since the Unix epoch.
"""
