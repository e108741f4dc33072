-- What is done is forgotten in the order in which it was done, however long ago it was made.

CREATE INDEX deliveries_done ON deliveries (state, done_at_ms) WHERE done_at_ms IS NOT NULL;
