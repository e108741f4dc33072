-- Transactions that clients have signed and handed in.
--
-- UNIQUE (chain, transaction_id) is what makes sure that one id stands for one transaction, which is handed to
-- the network once however often it comes. What was signed is kept until the outcome is final.

CREATE TABLE relays (
    number         INTEGER PRIMARY KEY,
    id             TEXT NOT NULL UNIQUE,
    chain          TEXT NOT NULL,
    transaction_id TEXT NOT NULL,
    digest         BLOB NOT NULL,
    status         TEXT NOT NULL,
    precheck       TEXT,
    receipt        TEXT,
    node           TEXT,
    invoice_id     TEXT REFERENCES invoices (id),       -- the open invoice that it was to pay
    seller_id      TEXT,
    transfers      TEXT NOT NULL,                       -- a JSON array
    error          TEXT,
    raw            BLOB,                                -- NULL once the outcome is final
    expires_at_ms  INTEGER NOT NULL,
    created_at_ms  INTEGER NOT NULL,
    updated_at_ms  INTEGER NOT NULL,
    UNIQUE (chain, transaction_id)
) STRICT;

CREATE INDEX relays_unresolved ON relays (chain) WHERE raw IS NOT NULL;
