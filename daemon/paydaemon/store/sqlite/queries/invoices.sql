-- Invoices with their options, and what a seller's idempotency keys stand for.
-- Lists run backwards by `number`, the order of recording; each filter has its own query, and so its own index.

-- name: invoice
SELECT * FROM invoices WHERE id = :id

-- name: options
SELECT * FROM options WHERE invoice_id IN (SELECT value FROM json_each(:invoice_ids)) ORDER BY invoice_id, place

-- name: invoice_number
SELECT number FROM invoices WHERE id = :id

-- name: invoices
SELECT * FROM invoices WHERE number < :before ORDER BY number DESC LIMIT :limit

-- name: invoices_of_seller
SELECT * FROM invoices WHERE seller_id = :seller_id AND number < :before ORDER BY number DESC LIMIT :limit

-- name: invoices_in_status
SELECT * FROM invoices WHERE status = :status AND number < :before ORDER BY number DESC LIMIT :limit

-- name: invoices_of_seller_in_status
SELECT * FROM invoices
WHERE seller_id = :seller_id AND status = :status AND number < :before
ORDER BY number DESC LIMIT :limit

-- One status at a time, and so by the index alone.
-- name: count_invoices_in_status
SELECT count(*) FROM invoices WHERE status = :status

-- name: add_invoice
INSERT INTO invoices (
    id, seller_id, amount_minor, currency, currency_decimals, created_at_ms, expires_at_ms, monitor_until_ms,
    note, metadata, buyer, return_url, tolerance_ppm, late, chains, status, flags, stage, mark
) VALUES (
    :id, :seller_id, :amount_minor, :currency, :currency_decimals, :created_at_ms, :expires_at_ms,
    :monitor_until_ms, :note, :metadata, :buyer, :return_url, :tolerance_ppm, :late, :chains, :status, :flags,
    :stage, :mark
)

-- name: add_option
INSERT INTO options (
    invoice_id, chain, asset_code, place, asset_symbol, asset_decimals, due_minor, rate, rate_source, rate_at_ms,
    rate_method, rate_spread_ppm, rate_sources, destination_key, destination_index, address, memo, uri,
    confirmations_required
) VALUES (
    :invoice_id, :chain, :asset_code, :place, :asset_symbol, :asset_decimals, :due_minor, :rate, :rate_source,
    :rate_at_ms, :rate_method, :rate_spread_ppm, :rate_sources, :destination_key, :destination_index, :address,
    :memo, :uri, :confirmations_required
)

-- name: add_chain_set
INSERT INTO chain_sets (chains) VALUES (:chains) ON CONFLICT DO NOTHING

-- name: set_standing
UPDATE invoices SET status = :status, flags = :flags, stage = :stage, mark = :mark WHERE id = :id

-- name: idempotency
SELECT * FROM idempotency_keys WHERE seller_id = :seller_id AND key = :key

-- name: add_idempotency
INSERT INTO idempotency_keys (seller_id, key, fingerprint, invoice_id)
VALUES (:seller_id, :key, :fingerprint, :invoice_id)

-- How far each set of chains has been seen complete by all of its chains; none that lacks one.
-- name: complete_chain_sets
SELECT chain_sets.chains, min(chains.as_of_ms) AS as_of_ms
FROM chain_sets, json_each(chain_sets.chains) AS member LEFT JOIN chains ON chains.id = member.value
GROUP BY chain_sets.chains
HAVING count(chains.as_of_ms) = count(*)

-- name: invoices_to_expire
SELECT id, number, expires_at_ms AS until_ms FROM invoices
WHERE stage = 'open' AND chains = :chains AND expires_at_ms < :as_of_ms
ORDER BY expires_at_ms, number LIMIT :limit

-- name: invoices_to_close
SELECT id, number, monitor_until_ms AS until_ms FROM invoices
WHERE stage = 'expired' AND chains = :chains AND monitor_until_ms < :as_of_ms
ORDER BY monitor_until_ms, number LIMIT :limit
