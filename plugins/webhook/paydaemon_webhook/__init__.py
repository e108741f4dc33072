"""Webhooks for paydaemon."""
