-- The journal. `:types` is a JSON array of the types wanted, or NULL for any.

-- name: journal
SELECT epoch, last_seq, first_index FROM journal

-- It never goes back, and a transaction that appended nothing writes nothing.
-- name: set_last_seq
UPDATE journal SET last_seq = :last_seq WHERE last_seq < :last_seq

-- name: next_epoch
UPDATE journal SET epoch = lower(hex(randomblob(4))), first_index = first_index + :leap

-- name: add_event
INSERT INTO events (seq, epoch, type, created_at_ms, invoice_id, seller_id, data)
VALUES (:seq, :epoch, :type, :created_at_ms, :invoice_id, :seller_id, :data)

-- name: event
SELECT * FROM events WHERE seq = :seq

-- name: events
SELECT * FROM events WHERE seq > :after ORDER BY seq LIMIT :limit

-- name: events_of_type
SELECT * FROM events WHERE type = :type AND seq > :after ORDER BY seq LIMIT :limit

-- name: events_of_seller
SELECT * FROM events
WHERE seller_id = :seller_id AND seq > :after
    AND (:types IS NULL OR type IN (SELECT value FROM json_each(:types)))
ORDER BY seq LIMIT :limit

-- name: events_of_invoice
SELECT * FROM events
WHERE invoice_id = :invoice_id AND seq > :after
    AND (:seller_id IS NULL OR seller_id = :seller_id)
    AND (:types IS NULL OR type IN (SELECT value FROM json_each(:types)))
ORDER BY seq LIMIT :limit
