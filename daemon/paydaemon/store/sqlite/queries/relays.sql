-- Relays. `raw` is there for as long as the outcome is not final.

-- name: relay
SELECT * FROM relays WHERE chain = :chain AND transaction_id = :transaction_id

-- name: relay_number
SELECT number FROM relays WHERE id = :id

-- name: relays
SELECT * FROM relays WHERE number > :after ORDER BY number LIMIT :limit

-- name: unresolved_relays
SELECT * FROM relays WHERE chain = :chain AND raw IS NOT NULL AND number > :after ORDER BY number LIMIT :limit

-- The words of the index, so that it is used.
-- name: relays_towards
SELECT * FROM relays WHERE invoice_id = :invoice_id AND status <> 'failed' ORDER BY number

-- name: add_relay
INSERT INTO relays (
    id, chain, transaction_id, digest, status, precheck, receipt, node, invoice_id, seller_id, payer, memo,
    transfers, payees, error, raw, expires_at_ms, created_at_ms, updated_at_ms
) VALUES (
    :id, :chain, :transaction_id, :digest, :status, :precheck, :receipt, :node, :invoice_id, :seller_id, :payer,
    :memo, :transfers, :payees, :error, :raw, :expires_at_ms, :created_at_ms, :updated_at_ms
)

-- Which transaction a relay stands for never changes: its digest is part of the search.
-- name: set_relay
UPDATE relays SET
    status = :status, precheck = :precheck, receipt = :receipt, node = :node, invoice_id = :invoice_id,
    seller_id = :seller_id, error = :error, raw = :raw, updated_at_ms = :updated_at_ms
WHERE id = :id AND chain = :chain AND transaction_id = :transaction_id AND digest = :digest

-- What nobody has ever taken makes room for another transaction of its id.
-- name: replace_relay
UPDATE relays SET
    id = :id, digest = :digest, status = :status, precheck = :precheck, receipt = :receipt, node = :node,
    invoice_id = :invoice_id, seller_id = :seller_id, payer = :payer, memo = :memo, transfers = :transfers,
    payees = :payees, error = :error, raw = :raw, expires_at_ms = :expires_at_ms, created_at_ms = :created_at_ms, updated_at_ms = :updated_at_ms
WHERE id = :replaced AND chain = :chain AND transaction_id = :transaction_id
