"""Bitcoin for paydaemon."""
