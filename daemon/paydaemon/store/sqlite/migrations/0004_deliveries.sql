-- Whom to tell, and every event on its way to them.
--
-- Unlike all before, these rows are deleted in time: what was delivered is of no use to anybody. The events are
-- in the journal for good.

CREATE TABLE targets (
    number          INTEGER PRIMARY KEY,
    id              TEXT NOT NULL UNIQUE,
    notifier        TEXT NOT NULL,
    name            TEXT,                               -- NULL: an endpoint
    seller_id       TEXT REFERENCES sellers (id),       -- NULL: the operator
    types           TEXT NOT NULL,                      -- a JSON array; empty for any
    settings        TEXT NOT NULL,                      -- JSON
    secrets         TEXT NOT NULL,                      -- a JSON array of [secret, until when in ms or null]
    description     TEXT,
    disabled        INTEGER NOT NULL CHECK (disabled IN (0, 1)),
    cursor          INTEGER NOT NULL,
    created_at_ms   INTEGER NOT NULL,
    removed_at_ms   INTEGER,
    down_since_ms   INTEGER,
    failures        INTEGER NOT NULL,
    next_at_ms      INTEGER NOT NULL,
    parked_since_ms INTEGER
) STRICT;

CREATE INDEX targets_by_seller ON targets (seller_id);

-- UNIQUE (seq, target) is what makes sure that an event becomes one delivery to each target.
CREATE TABLE deliveries (
    number        INTEGER PRIMARY KEY,
    id            TEXT NOT NULL UNIQUE,
    target        INTEGER NOT NULL REFERENCES targets (number),
    seq           INTEGER NOT NULL REFERENCES events (seq),
    order_key     TEXT NOT NULL,
    state         TEXT NOT NULL,
    attempts      INTEGER NOT NULL,
    failures      INTEGER NOT NULL,
    created_at_ms INTEGER NOT NULL,
    first_at_ms   INTEGER,
    last_at_ms    INTEGER,
    next_at_ms    INTEGER,                              -- NULL unless it is the next of its order key
    done_at_ms    INTEGER,
    status        INTEGER,
    reason        TEXT NOT NULL,
    UNIQUE (seq, target)
) STRICT;

CREATE INDEX deliveries_by_state ON deliveries (state);
CREATE INDEX deliveries_by_target ON deliveries (target, state);

-- What waits is found by these alone, however much of it there is: the next one that is due, and whichever comes
-- after it. One of each order key is the next.
CREATE INDEX deliveries_due ON deliveries (target, next_at_ms) WHERE next_at_ms IS NOT NULL;
CREATE UNIQUE INDEX deliveries_next ON deliveries (target, order_key) WHERE next_at_ms IS NOT NULL;
CREATE INDEX deliveries_waiting ON deliveries (target, order_key, seq) WHERE state = 'pending';

CREATE TABLE attempts (
    delivery INTEGER NOT NULL REFERENCES deliveries (number) ON DELETE CASCADE,
    number   INTEGER NOT NULL,
    at_ms    INTEGER NOT NULL,
    took_ms  INTEGER NOT NULL,
    taken    INTEGER NOT NULL CHECK (taken IN (0, 1)),
    status   INTEGER,
    reason   TEXT NOT NULL,
    PRIMARY KEY (delivery, number)
) STRICT, WITHOUT ROWID;
