-- Chains, and the destinations issued on them.

-- name: chain
SELECT * FROM chains WHERE id = :id

-- name: chain_known_as
SELECT id FROM chains WHERE identity = :identity

-- Indexes once given out stay so, whatever an older row says.
-- name: set_chain
INSERT INTO chains (id, identity, cursor, as_of_ms, height, next_index, stale_since_ms)
VALUES (
    :id, :identity, :cursor, :as_of_ms, :height, max(:next_index, (SELECT first_index FROM journal)),
    :stale_since_ms
)
ON CONFLICT (id) DO UPDATE SET
    identity = excluded.identity, cursor = excluded.cursor, as_of_ms = excluded.as_of_ms,
    height = excluded.height, next_index = max(next_index, excluded.next_index),
    stale_since_ms = excluded.stale_since_ms

-- name: reserve_indexes
INSERT INTO chains (id, next_index) VALUES (:chain, (SELECT first_index FROM journal) + :count)
ON CONFLICT (id) DO UPDATE SET next_index = next_index + :count
RETURNING next_index - :count AS first

-- name: leap
UPDATE chains SET next_index = next_index + :leap

-- By the indexes of what is open or monitored: one set of chains after the other.
-- name: waiting_by_chain
SELECT member.value AS chain, sum(
    (SELECT count(*) FROM invoices WHERE stage = 'open' AND chains = chain_sets.chains)
    + (SELECT count(*) FROM invoices WHERE stage = 'expired' AND chains = chain_sets.chains)
) AS waiting
FROM chain_sets, json_each(chain_sets.chains) AS member
GROUP BY member.value

-- name: issued
SELECT invoice_id, chain, asset_code FROM options WHERE chain = :chain AND destination_key = :destination_key

-- name: destinations
SELECT destination_key, destination_index, address, memo, uri FROM options
WHERE chain = :chain AND destination_index > :after_index
ORDER BY destination_index LIMIT :limit
