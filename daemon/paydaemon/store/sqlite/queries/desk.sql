-- What is looked up at the desk, what is exported, and who is logged in.
-- Invoices are listed between two numbers: `:after` and `:before` are where the asked time begins and ends.

-- name: listed_invoices
SELECT * FROM invoices WHERE number > :after AND number < :before ORDER BY number DESC LIMIT :limit

-- name: listed_invoices_of_seller
SELECT * FROM invoices WHERE seller_id = :seller_id AND number > :after AND number < :before
ORDER BY number DESC LIMIT :limit

-- name: listed_invoices_in_status
SELECT * FROM invoices WHERE status = :status AND number > :after AND number < :before
ORDER BY number DESC LIMIT :limit

-- name: listed_invoices_of_seller_in_status
SELECT * FROM invoices
WHERE seller_id = :seller_id AND status = :status AND number > :after AND number < :before
ORDER BY number DESC LIMIT :limit

-- `:flag` as it stands in the row: with its quotes, between per cent signs.
-- name: flagged_invoices
SELECT * FROM invoices INDEXED BY invoices_flagged
WHERE flags <> '[]' AND flags LIKE :flag AND (:status IS NULL OR status = :status)
    AND number > :after AND number < :before
ORDER BY number DESC LIMIT :limit

-- name: flagged_invoices_of_seller
SELECT * FROM invoices INDEXED BY invoices_flagged_of_seller
WHERE seller_id = :seller_id AND flags <> '[]' AND flags LIKE :flag AND (:status IS NULL OR status = :status)
    AND number > :after AND number < :before
ORDER BY number DESC LIMIT :limit

-- name: first_invoice_since
SELECT number FROM invoices INDEXED BY invoices_by_day
WHERE seller_id = :seller_id AND created_at_ms >= :since_ms ORDER BY created_at_ms LIMIT 1

-- name: last_invoice_until
SELECT number FROM invoices INDEXED BY invoices_by_day
WHERE seller_id = :seller_id AND created_at_ms < :until_ms ORDER BY created_at_ms DESC LIMIT 1

-- A seller's name is a word of the index too: others' invoices with the same words are not walked through. It
-- may be part of another one's name, so the row has the last word.
-- name: invoices_with_words
SELECT invoices.* FROM invoice_words CROSS JOIN invoices ON invoices.number = invoice_words.rowid
WHERE invoice_words MATCH :words AND invoice_words.rowid < :before
    AND (:seller_id IS NULL OR invoices.seller_id = :seller_id)
ORDER BY invoice_words.rowid DESC LIMIT :limit

-- name: add_invoice_words
INSERT INTO invoice_words (rowid, seller, note, metadata, buyer)
SELECT number, seller, note, metadata, buyer FROM invoice_texts
WHERE number = (SELECT number FROM invoices WHERE id = :id)

-- name: invoices_at_place
SELECT invoices.* FROM options CROSS JOIN invoices ON invoices.id = options.invoice_id
WHERE coalesce(options.memo, options.address) = :place LIMIT :limit

-- name: payments_of_transaction
SELECT * FROM payments WHERE transaction_id = :transaction_id LIMIT :limit

-- What was asked, by day of creation (UTC), status and currency. Amounts have up to 60 digits: they are added up
-- in pieces of 12, which do not overflow before there are nine million in a group. Most are one such piece.
-- name: day_sums
SELECT created_at_ms / 86400000 AS day, status, currency, currency_decimals, count(*) AS invoices,
    sum(CASE WHEN length(amount_minor) <= 12 THEN 0 ELSE CAST(substr(padded, 1, 12) AS INTEGER) END) AS sum_0,
    sum(CASE WHEN length(amount_minor) <= 12 THEN 0 ELSE CAST(substr(padded, 13, 12) AS INTEGER) END) AS sum_1,
    sum(CASE WHEN length(amount_minor) <= 12 THEN 0 ELSE CAST(substr(padded, 25, 12) AS INTEGER) END) AS sum_2,
    sum(CASE WHEN length(amount_minor) <= 12 THEN 0 ELSE CAST(substr(padded, 37, 12) AS INTEGER) END) AS sum_3,
    sum(CAST(CASE WHEN length(amount_minor) <= 12 THEN amount_minor ELSE substr(padded, 49, 12) END AS INTEGER)) AS sum_4
FROM (
    SELECT created_at_ms, status, currency, currency_decimals, amount_minor,
        substr('000000000000000000000000000000000000000000000000000000000000' || amount_minor, -60) AS padded
    FROM invoices INDEXED BY invoices_by_day
    WHERE seller_id = :seller_id AND created_at_ms >= :since_ms AND created_at_ms < :until_ms
)
GROUP BY day, status, currency, currency_decimals

-- name: count_invoices_of_seller_in_status
SELECT count(*) FROM invoices WHERE seller_id = :seller_id AND status = :status

-- name: told_of_type
SELECT * FROM events
WHERE type = :type AND invoice_id IS NOT NULL AND seq > :after AND seq <= :upto
    AND created_at_ms >= :since_ms AND created_at_ms < :until_ms
ORDER BY seq LIMIT :limit

-- name: told_of_seller
SELECT * FROM events
WHERE seller_id = :seller_id AND type IN (SELECT value FROM json_each(:types)) AND seq > :after AND seq <= :upto
    AND created_at_ms >= :since_ms AND created_at_ms < :until_ms
ORDER BY seq LIMIT :limit

-- name: key
SELECT * FROM keys WHERE id = :id

-- name: desk_session
SELECT * FROM desk_sessions WHERE digest = :digest

-- name: desk_sessions
SELECT * FROM desk_sessions WHERE key_id = :key_id ORDER BY created_at_ms, id

-- name: add_desk_session
INSERT INTO desk_sessions (id, digest, key_id, created_at_ms, seen_at_ms, address, agent)
VALUES (:id, :digest, :key_id, :created_at_ms, :seen_at_ms, :address, :agent)

-- name: see_desk_session
UPDATE desk_sessions SET seen_at_ms = :at_ms WHERE id = :id AND seen_at_ms < :at_ms

-- name: end_desk_session
DELETE FROM desk_sessions WHERE id = :id

-- name: end_desk_sessions
DELETE FROM desk_sessions WHERE created_at_ms < :created_before_ms OR seen_at_ms < :seen_before_ms
