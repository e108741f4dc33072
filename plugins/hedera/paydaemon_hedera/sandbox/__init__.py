"""The sandbox: a Hedera network to try things on, small but honest.

Nodes answer over gRPC as real ones do, in the order of their checks and with their codes; a mirror node tells
over HTTP what came of it; an admin route breaks either on purpose. docs/hedera-sandbox.md says what it does
not do.

From the bottom up:

- `names`, `keys`, `ledger`: how things are written, who can sign, who owns what;
- `envelope`, `precheck`, `customfees`, `handling`: what a transaction says and does. Pure: no clock, no lock;
- `clock`, `faults`, `history`, `network`: one machine with one lock, which calls those;
- `nodes`, `mirror`, `admin`, `http`, `running`: what a socket is needed for;
- `wallet`, `genesis`, `port`, `command`: who uses it, and how.

Nothing here is shared with what relays and watches: a mistake in reading a transaction, made on both sides,
would never be noticed.
"""
