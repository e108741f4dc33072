"""Hedera for paydaemon: relays what clients sign, and watches accounts through the mirror node."""
