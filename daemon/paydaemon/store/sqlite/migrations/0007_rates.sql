-- How the rate of an option was come by, and what rates there were.
--
-- Until here one source's word was the rate: it is the option's only source. Where asset and currency are the
-- same nobody was asked.

ALTER TABLE options ADD COLUMN rate_method TEXT NOT NULL DEFAULT 'set';
ALTER TABLE options ADD COLUMN rate_spread_ppm INTEGER NOT NULL DEFAULT 0;
ALTER TABLE options ADD COLUMN rate_sources TEXT NOT NULL DEFAULT '[]';  -- JSON, as below

UPDATE options SET rate_method = 'same_asset' WHERE rate_source = 'same asset';
UPDATE options SET rate_sources = (
    SELECT json_array(json_array(rate_source, asset_symbol || '/' || currency, rate, rate_at_ms, json('false')))
    FROM invoices WHERE invoices.id = options.invoice_id
) WHERE rate_method = 'set';

CREATE TABLE rate_pairs (
    number INTEGER PRIMARY KEY,
    base   TEXT NOT NULL,
    quote  TEXT NOT NULL,
    UNIQUE (base, quote)
) STRICT;

-- By far the most rows there are, so the short number of the pair stands in them; those of long ago are deleted.
CREATE TABLE rate_history (
    pair   INTEGER NOT NULL REFERENCES rate_pairs (number),
    at_ms  INTEGER NOT NULL,
    rate   TEXT NOT NULL,
    method TEXT NOT NULL,
    source TEXT NOT NULL,
    PRIMARY KEY (pair, at_ms)
) STRICT, WITHOUT ROWID;
