-- Payments. Lists run by `number`, the order of recording.

-- name: payment
SELECT * FROM payments WHERE id = :id

-- name: payment_by_ref
SELECT * FROM payments WHERE chain = :chain AND ref = :ref

-- name: payment_to
SELECT 1 FROM payments WHERE chain = :chain AND destination_key = :destination_key LIMIT 1

-- name: payments_of
SELECT * FROM payments WHERE invoice_id = :invoice_id ORDER BY number

-- name: payment_number
SELECT number FROM payments WHERE id = :id

-- name: payments
SELECT * FROM payments WHERE number < :before ORDER BY number DESC LIMIT :limit

-- name: payments_of_seller
SELECT * FROM payments WHERE seller_id = :seller_id AND number < :before ORDER BY number DESC LIMIT :limit

-- name: unmatched_payments
SELECT * FROM payments WHERE invoice_id IS NULL AND number < :before ORDER BY number DESC LIMIT :limit

-- name: count_unmatched_payments
SELECT count(*) FROM payments WHERE invoice_id IS NULL

-- Two searches of one index; joined by OR they would be a walk along all of it.
-- name: unfinal_payments
SELECT * FROM payments WHERE chain = :chain AND final = 0 AND height IS NULL
    AND (state IN ('pending', 'confirmed') OR recorded_at_ms >= :gone_since_ms)
UNION ALL
SELECT * FROM payments WHERE chain = :chain AND final = 0 AND height > :above_height
ORDER BY number

-- name: ripe_payments
SELECT * FROM payments
WHERE chain = :chain AND state = 'pending' AND height IS NOT NULL
    AND height + confirmations_required <= :tip + 1
ORDER BY height + confirmations_required, number LIMIT :limit

-- name: deepening_payments
SELECT * FROM payments
WHERE chain = :chain AND state = 'pending' AND height IS NOT NULL
ORDER BY height + confirmations_required, number LIMIT :limit

-- name: add_payment
INSERT INTO payments (
    id, chain, ref, transaction_id, asset_code, asset_symbol, asset_decimals, amount_minor, destination_key,
    invoice_id, seller_id, confirmations_required, state, seen_at_ms, recorded_at_ms, position, height, block,
    final, replaced_by
) VALUES (
    :id, :chain, :ref, :transaction_id, :asset_code, :asset_symbol, :asset_decimals, :amount_minor,
    :destination_key, :invoice_id, (SELECT seller_id FROM invoices WHERE id = :invoice_id),
    :confirmations_required, :state, :seen_at_ms, :recorded_at_ms, :position, :height, :block, :final, :replaced_by
)

-- What a payment is never changes: its credit, and so its amount, are part of the search.
-- name: set_payment
UPDATE payments SET
    invoice_id = :invoice_id, seller_id = (SELECT seller_id FROM invoices WHERE id = :invoice_id),
    confirmations_required = :confirmations_required, state = :state, seen_at_ms = :seen_at_ms,
    position = :position, height = :height, block = :block, final = :final, replaced_by = :replaced_by
WHERE id = :id AND chain = :chain AND ref = :ref AND amount_minor = :amount_minor
