-- What people look things up by at the desk, and who is logged in there.

-- A session's secret is not kept, only its SHA-256. These rows are deleted: what was done is in the journal.
CREATE TABLE desk_sessions (
    id            TEXT PRIMARY KEY,
    digest        BLOB NOT NULL UNIQUE,
    key_id        TEXT NOT NULL REFERENCES keys (id),
    created_at_ms INTEGER NOT NULL,
    seen_at_ms    INTEGER NOT NULL,
    address       TEXT NOT NULL,
    agent         TEXT NOT NULL
) STRICT, WITHOUT ROWID;

CREATE INDEX desk_sessions_by_key ON desk_sessions (key_id, created_at_ms);

-- A seller's invoices of some days: the sums of what was asked are read from here alone.
CREATE INDEX invoices_by_day
    ON invoices (seller_id, created_at_ms, status, currency, currency_decimals, amount_minor);

-- Few invoices have a flag, and it is those that somebody looks for.
CREATE INDEX invoices_flagged ON invoices (number) WHERE flags <> '[]';
CREATE INDEX invoices_flagged_of_seller ON invoices (seller_id) WHERE flags <> '[]';

-- Where there is a memo, many options share an address, and it is the memo that tells them apart.
CREATE INDEX options_by_place ON options (coalesce(memo, address));
CREATE INDEX payments_by_transaction ON payments (transaction_id);

-- The words of the sellers' texts. The text itself stays where it is.
CREATE VIEW invoice_texts AS SELECT number, seller_id AS seller, note, metadata, buyer FROM invoices;
CREATE VIRTUAL TABLE invoice_words USING fts5 (
    seller, note, metadata, buyer, content = 'invoice_texts', content_rowid = 'number', columnsize = 0
);
INSERT INTO invoice_words (invoice_words) VALUES ('rebuild');
