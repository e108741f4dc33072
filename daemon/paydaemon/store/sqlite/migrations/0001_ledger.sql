-- Sellers, invoices, payments, chains and the journal.
--
-- Amounts are TEXT: SQLite's integers end at 2**63, which is less than ten ether in wei. Times are INTEGER
-- milliseconds since the Unix epoch, UTC. Nothing here is ever deleted, so the numbers that SQLite gives to
-- rows only grow, and order them as they were recorded.

CREATE TABLE sellers (
    id            TEXT PRIMARY KEY,
    name          TEXT NOT NULL,
    created_at_ms INTEGER NOT NULL,
    disabled      INTEGER NOT NULL CHECK (disabled IN (0, 1))
) STRICT, WITHOUT ROWID;

CREATE TABLE keys (
    id            TEXT PRIMARY KEY,
    digest        BLOB NOT NULL UNIQUE,
    seller_id     TEXT REFERENCES sellers (id),         -- NULL: an operator's
    created_at_ms INTEGER NOT NULL,
    revoked_at_ms INTEGER
) STRICT, WITHOUT ROWID;

CREATE INDEX keys_by_seller ON keys (seller_id);

CREATE TABLE invoices (
    number            INTEGER PRIMARY KEY,
    id                TEXT NOT NULL UNIQUE,
    seller_id         TEXT NOT NULL REFERENCES sellers (id),
    amount_minor      TEXT NOT NULL,
    currency          TEXT NOT NULL,
    currency_decimals INTEGER NOT NULL,
    created_at_ms     INTEGER NOT NULL,
    expires_at_ms     INTEGER NOT NULL,
    monitor_until_ms  INTEGER NOT NULL,
    note              TEXT,
    metadata          TEXT NOT NULL,
    buyer             TEXT NOT NULL,
    return_url        TEXT,
    tolerance_ppm     INTEGER NOT NULL,
    late              TEXT NOT NULL,
    chains            TEXT NOT NULL,                    -- those of its options: a row of chain_sets
    status            TEXT NOT NULL,
    flags             TEXT NOT NULL,
    stage             TEXT NOT NULL,
    mark              TEXT
) STRICT;

CREATE INDEX invoices_by_seller ON invoices (seller_id);
CREATE INDEX invoices_by_status ON invoices (status);
CREATE INDEX invoices_by_seller_and_status ON invoices (seller_id, status);

-- An invoice's clock runs by the slowest of its chains. There are few different sets of chains, so asking each
-- set how far it has come and then this index finds what is due without looking at what is not.
CREATE TABLE chain_sets (
    chains TEXT PRIMARY KEY                             -- a JSON array of ids, sorted
) STRICT, WITHOUT ROWID;

CREATE INDEX invoices_open ON invoices (chains, expires_at_ms) WHERE stage = 'open';
CREATE INDEX invoices_expired ON invoices (chains, monitor_until_ms) WHERE stage = 'expired';

-- The two UNIQUE constraints are what makes sure that no destination is issued twice.
CREATE TABLE options (
    invoice_id             TEXT NOT NULL REFERENCES invoices (id),
    chain                  TEXT NOT NULL,
    asset_code             TEXT NOT NULL,
    place                  INTEGER NOT NULL,            -- among the invoice's options
    asset_symbol           TEXT NOT NULL,
    asset_decimals         INTEGER NOT NULL,
    due_minor              TEXT NOT NULL,
    rate                   TEXT NOT NULL,
    rate_source            TEXT NOT NULL,
    rate_at_ms             INTEGER NOT NULL,
    destination_key        TEXT NOT NULL,
    destination_index      INTEGER NOT NULL,
    address                TEXT NOT NULL,
    memo                   TEXT,
    uri                    TEXT NOT NULL,
    confirmations_required INTEGER NOT NULL,
    PRIMARY KEY (invoice_id, chain, asset_code),
    UNIQUE (chain, destination_key),
    UNIQUE (chain, destination_index)
) STRICT, WITHOUT ROWID;

-- The primary key is what makes sure that one idempotency key stands for one invoice, forever.
CREATE TABLE idempotency_keys (
    seller_id   TEXT NOT NULL,
    key         TEXT NOT NULL,
    fingerprint BLOB NOT NULL,
    invoice_id  TEXT NOT NULL,
    PRIMARY KEY (seller_id, key)
) STRICT, WITHOUT ROWID;

-- UNIQUE (chain, ref) is what makes sure that each on-chain credit counts at most once.
CREATE TABLE payments (
    number                 INTEGER PRIMARY KEY,
    id                     TEXT NOT NULL UNIQUE,
    chain                  TEXT NOT NULL,
    ref                    TEXT NOT NULL,
    transaction_id         TEXT NOT NULL,
    asset_code             TEXT NOT NULL,
    asset_symbol           TEXT NOT NULL,
    asset_decimals         INTEGER NOT NULL,
    amount_minor           TEXT NOT NULL,
    destination_key        TEXT NOT NULL,
    invoice_id             TEXT REFERENCES invoices (id),   -- NULL while unmatched
    seller_id              TEXT,                            -- the invoice's, kept here to list by
    confirmations_required INTEGER NOT NULL,
    state                  TEXT NOT NULL,
    seen_at_ms             INTEGER NOT NULL,
    recorded_at_ms         INTEGER NOT NULL,
    position               INTEGER NOT NULL,
    height                 INTEGER,
    block                  TEXT,
    final                  INTEGER NOT NULL CHECK (final IN (0, 1)),
    replaced_by            TEXT,
    UNIQUE (chain, ref)
) STRICT;

CREATE INDEX payments_by_destination ON payments (chain, destination_key);
CREATE INDEX payments_by_invoice ON payments (invoice_id);
CREATE INDEX payments_by_seller ON payments (seller_id) WHERE seller_id IS NOT NULL;
CREATE INDEX payments_unfinal ON payments (chain, height) WHERE final = 0;

-- A payment is ripe once the newest block's number has reached height + confirmations_required - 1.
CREATE INDEX payments_ripening ON payments (chain, height + confirmations_required)
    WHERE state = 'pending' AND height IS NOT NULL;

CREATE TABLE chains (
    id             TEXT PRIMARY KEY,
    identity       TEXT,
    cursor         TEXT,
    as_of_ms       INTEGER,
    height         INTEGER,
    next_index     INTEGER NOT NULL,
    stale_since_ms INTEGER
) STRICT, WITHOUT ROWID;

-- One row. Its counter is part of each transaction that appends, so `seq` is gapless and in commit order.
CREATE TABLE journal (
    only     INTEGER PRIMARY KEY CHECK (only = 1),
    epoch    TEXT NOT NULL,
    last_seq INTEGER NOT NULL
) STRICT;

INSERT INTO journal VALUES (1, lower(hex(randomblob(4))), 0);

CREATE TABLE events (
    seq           INTEGER PRIMARY KEY,
    epoch         TEXT NOT NULL,
    type          TEXT NOT NULL,
    created_at_ms INTEGER NOT NULL,
    invoice_id    TEXT,
    seller_id     TEXT,
    data          TEXT NOT NULL
) STRICT;

CREATE INDEX events_by_type ON events (type);
CREATE INDEX events_by_invoice ON events (invoice_id) WHERE invoice_id IS NOT NULL;
-- With the type in it, a seller's events of one type are found without reading the others' data.
CREATE INDEX events_by_seller ON events (seller_id, seq, type) WHERE seller_id IS NOT NULL;
