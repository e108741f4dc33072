"""Telling a publisher what was paid, as the older payment server did."""
