"""Email for paydaemon."""
