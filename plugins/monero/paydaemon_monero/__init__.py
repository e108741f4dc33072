"""Monero for paydaemon."""
