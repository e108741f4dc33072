-- What rates there were.

-- name: last_rates
SELECT rate_pairs.base, rate_pairs.quote, rate_history.*
FROM rate_pairs CROSS JOIN rate_history ON rate_history.pair = rate_pairs.number
WHERE rate_history.at_ms = (SELECT max(at_ms) FROM rate_history WHERE pair = rate_pairs.number)
ORDER BY rate_pairs.base, rate_pairs.quote

-- name: rate_history
SELECT rate_pairs.base, rate_pairs.quote, rate_history.*
FROM rate_pairs CROSS JOIN rate_history ON rate_history.pair = rate_pairs.number
WHERE rate_pairs.base = :base AND rate_pairs.quote = :quote
AND rate_history.at_ms >= :from_ms AND rate_history.at_ms < :before_ms
ORDER BY rate_history.at_ms DESC LIMIT :limit

-- name: add_rate_pair
INSERT INTO rate_pairs (base, quote) VALUES (:base, :quote) ON CONFLICT DO NOTHING

-- name: keep_rate
INSERT INTO rate_history (pair, at_ms, rate, method, source)
SELECT number, :at_ms, :rate, :method, :source FROM rate_pairs WHERE base = :base AND quote = :quote
ON CONFLICT DO NOTHING

-- name: rate_pairs
SELECT number FROM rate_pairs ORDER BY number

-- A pair at a time, and so by the primary key alone.
-- name: prune_rates
DELETE FROM rate_history WHERE pair = :pair AND at_ms IN (
    SELECT at_ms FROM rate_history WHERE pair = :pair AND at_ms < :before_ms ORDER BY at_ms LIMIT :limit
)
