"""The sandbox: a Hedera network to try things on, small but honest.

Nodes answer over gRPC as real ones do, in the order of their checks and with their codes; a mirror node tells
over HTTP what came of it; an admin route breaks either on purpose. docs/hedera-sandbox.md says what it does
not do.

From the bottom up:

- `names`, `keys`, `ledger`, `refusal`: how things are written, who can sign, who owns what, saying no;
- `envelope`, `fees`, `precheck`, `customfees`, `sheet`, `calls`, `handling`: what a transaction says, costs
  and does. Pure;
- `clock`, `faults`, `history`, `network`: one machine with one lock, which calls those;
- `addressbook`, `files`, `queries`, `nodes`: what a node answers, and its port;
- `mirror`, `mirrorview`, `mirrorshapes`: what a mirror node answers; `admin`, `orders`: what breaks things;
- `genesis`, `wallet`, `certificate`, `http`, `running`: how it begins, pays, and is one thing;
- `port`, `command`, `serving`: who runs it.

Nothing here is shared with what relays and watches: a mistake in reading a transaction, made on both sides,
would never be noticed.
"""
