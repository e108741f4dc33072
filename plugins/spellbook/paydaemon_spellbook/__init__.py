"""The older payment processor's routes for paydaemon."""
