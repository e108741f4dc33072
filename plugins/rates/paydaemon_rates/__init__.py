"""Exchange rates for paydaemon."""
